"""The code with which a citizen follows a report: shown to them, kept by nobody else.

It is made from the form's own mark and what was written in it, so that a form sent twice (a double click, a reload) is
the same report with the same code, and nothing has to be stored to show it again.
"""

import base64
import hashlib
import secrets

from django.conf import settings
from django.utils.crypto import salted_hmac

LENGTH = 10
"""Characters of 5 bits: 2^50 codes, of which a province uses a few millions."""
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
_TO_OURS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _ALPHABET)  # from RFC 4648
_READ_AS = str.maketrans("OIL", "011")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def fresh_mark() -> str:
    """The mark of a form that nobody has sent yet."""
    return secrets.token_urlsafe(16)


def code_of(mark: str, content: bytes) -> str:
    """The code of the report that says `content` in the form with that mark: ten letters and figures."""
    said = f"{mark}\n{hashlib.sha256(content).hexdigest()}"
    digest = salted_hmac("prices.reports.code", said, algorithm="sha256").digest()
    return base64.b32encode(digest).decode()[:LENGTH].translate(_TO_OURS)


def spaced(code: str) -> str:
    """As it is shown and read out: `7K3M9 QXD2A`."""
    return f"{code[:5]} {code[5:]}"


def read(typed: str) -> str | None:
    """The code that somebody typed, in whatever case, width and groups; None where it cannot be one."""
    plain = "".join(each for each in typed.translate(_FULL_WIDTH).upper() if each.isalnum()).translate(_READ_AS)
    return plain if len(plain) == LENGTH and set(plain) <= set(_ALPHABET) else None


def digest_of(code: str) -> str:
    """What is stored of a code."""
    return _digest(code, settings.SECRET_KEY)


def digests_of(code: str) -> list[str]:
    """What may be stored of a code: under this secret key and those before it."""
    return [_digest(code, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _digest(code: str, key: str | bytes) -> str:
    return salted_hmac("prices.reports.digest", code, secret=key, algorithm="sha256").hexdigest()
