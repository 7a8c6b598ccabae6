"""Passwords: what is asked of them, and changing one's own."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from pharmacies import audit
from pharmacies.accounts import people
from pharmacies.models import User

LEAST_DIFFERENT = 5


class LengthValidator:
    """Django's own has no Chinese words for it."""

    def __init__(self, least: int = 10) -> None:
        self.least = least

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) < self.least:
            raise ValidationError(self.get_help_text(), code="password_too_short")

    def get_help_text(self) -> str:
        return gettext("密码太短，至少要 %(n)d 个字符。") % {"n": self.least}


class VarietyValidator:
    """Refuses aaaaaaaaaa and 1212121212: a password has at least five different signs."""

    def validate(self, password: str, user: User | None = None) -> None:
        if len(set(password)) < LEAST_DIFFERENT:
            raise ValidationError(self.get_help_text(), code="password_no_variety")

    def get_help_text(self) -> str:
        return gettext("密码里至少要有 %(n)d 个不同的字符。") % {"n": LEAST_DIFFERENT}


def check(password: str, user: User) -> None:
    """Raises ValidationError in words."""
    validate_password(password, user)


@transaction.atomic
def change(*, user: User, password: str, at: datetime, by: User | None = None) -> None:
    """A new password, checked; it ends every session of this person. Raises ValidationError in words for the form."""
    check(password, user)
    if user.has_usable_password() and user.check_password(password):
        raise ValidationError(gettext("新密码和现在的一样。"), code="password_same")
    user.set_password(password)
    user.password_changed_at = at
    user.save(update_fields=["password", "password_changed_at"])
    people.end_sessions(user=user)
    audit.record(at=at, by=by or user, action="account.password", subject="pharmacies.User", subject_id=user.pk)
