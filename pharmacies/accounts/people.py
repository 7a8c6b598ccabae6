"""Accounts: their names, making one, ending its sessions."""

import unicodedata
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from pharmacies import audit
from pharmacies.models import User
from pharmacies.models.people import new_salt


def normal(username: str) -> str:
    """A user name as it is stored and compared: no case, no full-width letters, no blanks around."""
    return unicodedata.normalize("NFKC", username).strip().lower()


def stored_name(typed: str) -> str:
    """The name of the account meant by what was typed; what was typed, where there is none."""
    found = User.objects.filter(username__iexact=normal(typed)).values_list("username", flat=True).first()
    return found or normal(typed)


@transaction.atomic
def create(*, username: str, name: str, password: str, at: datetime) -> User:
    """A person's account, without any place yet. Raises ValidationError by field."""
    user = User(username=normal(username), first_name=name.strip(), password_changed_at=at, date_joined=at)
    if User.objects.filter(username__iexact=user.username).exists():
        raise ValidationError({"username": gettext("这个用户名已有人用，请换一个。")})
    user.set_password(password)
    user.full_clean()
    user.save()
    audit.record(
        at=at,
        by=user,
        action="account.create",
        subject="pharmacies.User",
        subject_id=user.pk,
        after={"username": user.username, "name": user.first_name},
    )
    return user


def end_sessions(*, user: User) -> None:
    """Every session of this person ends with its next request."""
    user.session_salt = new_salt()
    User.objects.filter(pk=user.pk).update(session_salt=user.session_salt)


@transaction.atomic
def log_out_everywhere(*, user: User, by: User | str, at: datetime) -> None:
    end_sessions(user=user)
    audit.record(at=at, by=by, action="account.log_out_everywhere", subject="pharmacies.User", subject_id=user.pk)
