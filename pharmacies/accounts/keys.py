"""Secrets that need no storing: they follow from a random seed in the database and the installation's SECRET_KEY.

A copy of the database alone tells none of them; with another SECRET_KEY every slip and every phone is void.
"""

import unicodedata
from secrets import choice

from django.utils.crypto import get_random_string, salted_hmac

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's 32 signs: no i, l, o, u, so that a printed code can be typed; five bits each."""
_ALIKE = str.maketrans("ilo", "110")


def new_seed() -> str:
    return get_random_string(32)


def derived(purpose: str, seed: str) -> bytes:
    """32 bytes that only this installation can work out."""
    return salted_hmac(f"pharmacies.accounts.{purpose}", seed, algorithm="sha256").digest()


def spelled(raw: bytes, length: int) -> str:
    """`length` signs of ALPHABET, from the first bits of `raw`."""
    number = int.from_bytes(raw, "big")
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(length))


def random_code(length: int) -> str:
    return "".join(choice(ALPHABET) for _ in range(length))


def grouped(code: str, size: int = 4) -> str:
    """abcdefgh -> abcd-efgh: as it is printed."""
    return "-".join(code[start : start + size] for start in range(0, len(code), size))


def read(typed: str) -> str:
    """What somebody typed from paper: case, blanks, hyphens and look-alike letters do not matter."""
    text = unicodedata.normalize("NFKC", typed).lower().translate(_ALIKE)
    return "".join(sign for sign in text if sign in ALPHABET)
