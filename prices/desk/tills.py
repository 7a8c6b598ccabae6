"""Tokens for tills: a feed of its own for each till, made, renewed and ended by whoever runs the shop or the chain."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from pharmacies import audit
from pharmacies.models import Chain, Pharmacy, User
from prices.ingest import tokens
from prices.models import Feed
from prices.models.feeds import Mode
from prices.monitoring import written

LONGEST_NAME = 40
MOST = 20
CADENCES = (1, 7, 30)
"""Days between two reports that may be declared."""


class TillProblem(ValueError):
    """The till cannot be set up as asked; the message says what to change."""


def tills(place: Pharmacy | Chain) -> QuerySet[Feed]:
    """The feeds that speak for this place alone and are its people's to manage, oldest first."""
    feeds = Feed.objects.filter(desk=False, generated=False)
    if isinstance(place, Chain):
        return feeds.filter(scope=Feed.Scope.CHAIN, chain=place).order_by("pk")
    named = feeds.filter(scope=Feed.Scope.PHARMACIES).annotate(shops=Count("pharmacies")).filter(shops=1)
    return named.filter(pk__in=Feed.objects.filter(pharmacies=place)).order_by("pk")


def till_for(place: Pharmacy | Chain, slug: str) -> Feed:
    """The till of that slug, if it is this place's own. Raises Http404."""
    found = tills(place).filter(slug=slug).first()
    if found is None:
        raise Http404
    return found


def create(
    place: Pharmacy | Chain, *, name: str, mode: str, cadence_days: int, by: User, at: datetime
) -> tuple[Feed, str]:
    """A till of that name with its token, which is shown this once. Raises `TillProblem`."""
    name = written.line(name)[:LONGEST_NAME]
    if not name:
        raise TillProblem(_("请写收银系统的名称，例如：一号收银台"))
    if mode not in Mode.values or cadence_days not in CADENCES:
        raise TillProblem(_("请选择报送方式和周期"))
    with transaction.atomic():
        type(place).objects.select_for_update(no_key=True).get(pk=place.pk)  # numbers are given out one at a time
        known: Sequence[Feed] = list(tills(place))
        if len(known) >= MOST:
            raise TillProblem(_("最多 %(n)d 个令牌：请先作废不用的") % {"n": MOST})
        if any(feed.name == name and feed.active for feed in known):
            raise TillProblem(_("已有名为“%(name)s”的收银系统：请换一个名称") % {"name": name})
        feed = Feed.objects.create(
            slug=_free_slug(place),
            name=name,
            scope=Feed.Scope.CHAIN if isinstance(place, Chain) else Feed.Scope.PHARMACIES,
            chain=place if isinstance(place, Chain) else None,
            mode=mode,
            cadence=timedelta(days=cadence_days),
        )
        if isinstance(place, Pharmacy):
            feed.pharmacies.add(place)
        issued = tokens.issue(feed, at=at)
        said = {"name": name, "mode": mode, "cadence_days": cadence_days}
        audit.record(action="till.create", by=by, at=at, after=said, **_about(place, feed))
    return feed, issued


def _free_slug(place: Pharmacy | Chain) -> str:
    stem = f"till-{place.code.lower()}" if isinstance(place, Pharmacy) else f"till-chain-{place.pk}"
    taken = set(Feed.objects.filter(slug__startswith=f"{stem}-").values_list("slug", flat=True))
    return next(slug for n in range(1, len(taken) + 2) if (slug := f"{stem}-{n}") not in taken)


def rotate(place: Pharmacy | Chain, feed: Feed, *, by: User, at: datetime) -> str:
    """A new token; the old one stops working at once. A till that was ended is back in use."""
    with transaction.atomic():
        Feed.objects.filter(pk=feed.pk).update(active=True)
        issued = tokens.issue(feed, at=at)
        audit.record(action="till.rotate", by=by, at=at, **_about(place, feed))
    return issued


def revoke(place: Pharmacy | Chain, feed: Feed, *, by: User, at: datetime) -> None:
    """The token stops working and the till may no longer report; what it has reported stays, and ages."""
    with transaction.atomic():
        tokens.revoke(feed)
        Feed.objects.filter(pk=feed.pk).update(active=False)
        audit.record(action="till.revoke", by=by, at=at, **_about(place, feed))


def _about(place: Pharmacy | Chain, feed: Feed) -> audit.About:
    return {"subject": "prices.Feed", "subject_id": feed.slug, "place": place}
