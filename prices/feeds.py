"""Setting up feeds: who may report for whom, and the token their till uses."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from pharmacies import audit
from pharmacies.models import Chain, Pharmacy
from prices.ingest import tokens
from prices.models import Feed
from prices.models.feeds import Mode


class FeedProblem(ValueError):
    """The feed cannot be set up as asked; the message says what to change."""


def add(
    slug: str,
    *,
    by: str,
    at: datetime,
    chain: str = "",
    pharmacies: Sequence[str] = (),
    url: str = "",
    every: timedelta | None = None,
    cadence: timedelta = timedelta(days=7),
    mode: Mode = Mode.DELTA,
    generated: bool = False,
    name: str = "",
) -> tuple[Feed, str]:
    """Create a feed for a chain, for named pharmacies, or (neither given) for all; returns it with its token."""
    if Feed.objects.filter(slug=slug).exists():
        raise FeedProblem(_("标识 %(slug)s 已被使用：请换一个") % {"slug": slug})
    if bool(url) != (every is not None):
        raise FeedProblem(_("--url 与 --every 要一起写"))
    shops = list(Pharmacy.objects.filter(code__in=pharmacies))
    if unknown := sorted(set(pharmacies) - {shop.code for shop in shops}):
        raise FeedProblem(_("查不到药店 %(codes)s：请先导入药店") % {"codes": "、".join(unknown)})
    owner = Chain.objects.filter(name=chain).first() if chain else None
    if chain and owner is None:
        raise FeedProblem(_("查不到连锁企业 %(name)s：请核对全称，或先导入它的门店") % {"name": chain})
    scope = Feed.Scope.CHAIN if owner else Feed.Scope.PHARMACIES if shops else Feed.Scope.ALL
    with transaction.atomic():
        feed = Feed.objects.create(
            slug=slug,
            name=name or slug,
            scope=scope,
            chain=owner,
            mode=mode,
            url=url,
            every=every,
            cadence=cadence,
            generated=generated,
        )
        feed.pharmacies.set(shops)
        token = tokens.issue(feed, at=at)
        audit.record(at=at, by=by, action="feed.add", subject="prices.Feed", subject_id=slug, after={"scope": scope})
    return feed, token
