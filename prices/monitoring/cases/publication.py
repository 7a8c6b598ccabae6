"""What becomes public of a case: written by one official, published by another, withdrawn when it is looked at again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from pharmacies.access import Action
from pharmacies.models import Region, User
from prices.models import Case, CaseStep
from prices.monitoring.cases.moving import CaseProblem, cleaned, move, roles_for

PUBLIC_LONGEST = 1000
YEAR = timedelta(days=365)
CLOSED = (Case.State.CLOSED,)


def propose(case: Case, *, text: str, named: bool, by: User, at: datetime, seen: int) -> CaseStep:
    """Propose what the public may read of a closed case; `named`: with the pharmacy's name. Replaces an earlier proposal.

    Raises PermissionDenied and `CaseProblem`.
    """
    role = roles_for(by, Action.DECIDE_CASE, case, at=at)
    text = cleaned(text)
    if len(text) > PUBLIC_LONGEST:
        raise CaseProblem(_("公开内容最多 %(n)d 字") % {"n": PUBLIC_LONGEST})
    if not named and case.pharmacy.name in text:
        raise CaseProblem(_("内容里有药店名称：请改写，或选择公开药店名称"))
    if case.published_at is not None:
        raise CaseProblem(_("结果已经发布"))
    with transaction.atomic():
        return move(
            case, name="propose", seen=seen, start=CLOSED, at=at, by=by, role=role, reason=text,
            public_text=text, public_name=named, proposed_by=by, proposed_at=at,
        )  # fmt: skip


def send_back(case: Case, *, reason: str, by: User, at: datetime, seen: int) -> CaseStep:
    """The publisher does not agree: the proposal is put away, with why."""
    role = roles_for(by, Action.PUBLISH_CASE, case, at=at)
    _waiting(case)
    with transaction.atomic():
        return move(
            case, name="send_back", seen=seen, start=CLOSED, at=at, by=by, role=role, reason=cleaned(reason),
            public_text="", public_name=False, proposed_by=None, proposed_at=None,
        )  # fmt: skip


def publish(case: Case, *, by: User, at: datetime, seen: int) -> CaseStep:
    """Publish what another proposed. Raises PermissionDenied, and `CaseProblem` for one's own proposal."""
    role = roles_for(by, Action.PUBLISH_CASE, case, at=at)
    _waiting(case)
    if case.proposed_by_id == by.pk:
        raise CaseProblem(_("公开稿是您自己拟的：须由另一位发布人发布"))
    with transaction.atomic():
        return move(
            case, name="publish", seen=seen, start=CLOSED, at=at, by=by, role=role, reason=case.public_text,
            published_by=by, published_at=at,
        )  # fmt: skip


def _waiting(case: Case) -> None:
    if case.proposed_at is None or case.published_at is not None:
        raise CaseProblem(_("没有待发布的公开稿"))


@dataclass(frozen=True, slots=True)
class Public:
    """What anybody may know of a case: `text` is empty until two people agreed on it, `pharmacy` until they said so."""

    closed: bool
    text: str
    pharmacy: str
    published_at: datetime | None


def public_word(case: Case) -> Public:
    """For the citizen who reported it and for public pages; nothing of the case besides."""
    published = case.published_at is not None
    return Public(
        closed=case.state == Case.State.CLOSED,
        text=case.public_text if published else "",
        pharmacy=case.pharmacy.name if published and case.public_name else "",
        published_at=case.published_at,
    )


@dataclass(frozen=True, slots=True)
class Precision:
    """Of the cases opened in a year: how many, how many are closed, in how many of these something was found."""

    opened: int
    closed: int
    confirmed: int

    @property
    def share(self) -> float | None:
        """Confirmed / opened (domain.md 6.3), None where nothing was opened."""
        return self.confirmed / self.opened if self.opened else None

    @property
    def percent(self) -> int | None:
        return None if self.share is None else round(100 * self.share)


def precision(area: Region, *, at: datetime) -> Precision:
    """Of the area and those below it, over the 365 days before `at`."""
    opened = Case.objects.within(area).filter(opened_at__gt=at - YEAR, opened_at__lte=at)
    found = opened.aggregate(
        opened=Count("pk"),
        closed=Count("pk", filter=Q(state=Case.State.CLOSED)),
        confirmed=Count("pk", filter=Q(outcome__in=Case.CONFIRMED)),
    )
    return Precision(**found)
