"""Logging somebody in without the forms, for tests of what comes after them."""

from django.test import Client
from django.utils import timezone

from pharmacies.models import User
from prices.views.staff import sessions


def sign_in(client: Client, user: User, *, factor: str = "totp") -> Client:
    """The client as it is once `user` has given password and second factor."""
    client.force_login(user, backend=sessions.BACKEND)
    session = client.session
    session[sessions.FACTOR] = factor
    session[sessions.SINCE] = session[sessions.SEEN] = timezone.now().timestamp()
    session.save()
    return client
