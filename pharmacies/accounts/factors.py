"""The second factor (第二因素): what every way of proving it has in common, and which one this installation uses.

TOTP is built in. An adapter for text messages (SMS) is a class of this shape, named in `SECOND_FACTOR_CLASS`. OIDC and
client certificates replace the password too: their views end in `prices.views.staff.sessions.complete`. docs/accounts.md.
"""

import enum
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from pharmacies.models import User


class Verdict(enum.Enum):
    RIGHT = "right"
    WRONG = "wrong"
    REUSED = "reused"  # was right, and has been used
    LATE = "late"  # was right some minutes ago, or will be: a slow hand or a wrong clock


class SecondFactor(Protocol):
    name: str
    """Kept in the session and in the log."""
    enrol_page: str
    """Name of the address where somebody enrols who is not yet."""

    def prompt(self, user: User) -> str:
        """What the code page asks `user` to do, in the language of the page."""

    def enrolled(self, user: User) -> bool:
        """Whether `user` can be asked; who cannot is sent to enrol."""

    def challenge(self, user: User, *, at: datetime) -> None:
        """Called when the code page opens: a text message goes out. TOTP has nothing to do."""

    def verify(self, user: User, code: str, *, at: datetime) -> Verdict:
        """Judge what was typed. A code that was right must be `REUSED` from then on, for two requests at once too."""


def second_factor() -> SecondFactor:
    factor: SecondFactor = import_string(settings.SECOND_FACTOR_CLASS)()
    return factor
