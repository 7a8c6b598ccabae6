"""Six digits from a phone app (TOTP, RFC 6238: SHA-1, 30 s), as every authenticator reads them."""

import unicodedata
from base64 import b32encode
from datetime import datetime
from urllib.parse import quote, urlencode

from django.db import transaction
from django.utils.translation import gettext
from django_otp.oath import hotp

from pharmacies import audit
from pharmacies.accounts import keys
from pharmacies.accounts.factors import Verdict
from pharmacies.models import Authenticator, User

STEP_S, DIGITS = 30, 6
TOLERANCE = 1
"""Steps before and after this one that are accepted: half a minute of a slow hand or clock."""
NEARLY = 20
"""Steps (10 minutes) within which a code is recognised as late, to be told so; it is refused all the same."""
ISSUER = "药比三家"


def key(seed: str) -> bytes:
    """The 20 bytes that the phone and the server share; not in the database."""
    return keys.derived("totp", seed)[:20]


def spelled(seed: str) -> str:
    """The key as somebody without a camera types it: base32 in groups of four."""
    text = b32encode(key(seed)).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def uri(seed: str, username: str) -> str:
    """What the QR code says."""
    query = {"secret": b32encode(key(seed)).decode(), "issuer": ISSUER, "algorithm": "SHA1", "digits": DIGITS}
    return f"otpauth://totp/{quote(f'{ISSUER}:{username}')}?{urlencode(query | {'period': STEP_S}, quote_via=quote)}"


def step_of(at: datetime) -> int:
    return int(at.timestamp()) // STEP_S


def code_at(seed: str, step: int) -> str:
    return f"{hotp(key(seed), step, DIGITS):0{DIGITS}d}"


def digits(typed: str) -> str:
    """Full-width digits and blanks are no mistake."""
    return "".join(unicodedata.normalize("NFKC", typed).split())


def match(seed: str, typed: str, *, at: datetime, used: int = -1) -> tuple[Verdict, int]:
    """The verdict on a code, and the step it belongs to (0: to none); steps up to `used` are spent."""
    code, now = digits(typed), step_of(at)
    for distance in range(NEARLY + 1):
        for step in {now - distance, now + distance}:
            if code_at(seed, step) != code:
                continue
            if step <= used:
                return Verdict.REUSED, step
            return (Verdict.RIGHT if distance <= TOLERANCE else Verdict.LATE), step
    return Verdict.WRONG, 0


class Totp:
    name = "totp"
    enrol_page = "staff:enrol"

    def prompt(self, user: User) -> str:
        return gettext(
            "%(name)s，请打开手机上的验证器（腾讯身份验证器、数盾OTP 等），输入“药比三家”下面的 6 位数字。"
        ) % {"name": user.display_name}

    def enrolled(self, user: User) -> bool:
        return Authenticator.objects.filter(user=user).exists()

    def challenge(self, user: User, *, at: datetime) -> None:
        return

    def verify(self, user: User, code: str, *, at: datetime) -> Verdict:
        row = Authenticator.objects.filter(user=user).first()
        if row is None:
            return Verdict.WRONG
        verdict, step = match(row.seed, code, at=at, used=row.last_step)
        if verdict is not Verdict.RIGHT:
            return verdict
        # Of two requests with one code, one moves the step on.
        moved = Authenticator.objects.filter(user=user, seed=row.seed, last_step__lt=step).update(last_step=step)
        return Verdict.RIGHT if moved else Verdict.REUSED


@transaction.atomic
def enrol(*, user: User, seed: str, code: str, at: datetime) -> Verdict:
    """The phone shows a right code for `seed`: from now on it is this person's, and the one before is not."""
    verdict, step = match(seed, code, at=at)
    if verdict is not Verdict.RIGHT:
        return verdict
    replaced = Authenticator.objects.filter(user=user).exists()
    Authenticator.objects.update_or_create(user=user, defaults={"seed": seed, "last_step": step, "enrolled_at": at})
    audit.record(
        at=at,
        by=user,
        action="account.enrol",
        subject="pharmacies.User",
        subject_id=user.pk,
        after={"factor": Totp.name, "replaced": replaced},
    )
    return verdict
