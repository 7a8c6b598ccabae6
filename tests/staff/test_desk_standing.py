"""Where a pharmacy stands: in bands, among five others at least, never beside the lowest price; and how fresh it is."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from pharmacies.models import Membership
from prices.desk import shelf, standing
from prices.models import AreaPrice, Rejection, RollUp, RunPharmacy
from tests import factories as f
from tests.factories import AT, since
from tests.staff.desk_world import Desk, desk
from tests.staff.signing import sign_in

pytestmark = pytest.mark.django_db


def night(here: Desk, region: object, count: int, *, mode: int | None = 1850) -> None:
    """Last night's statistics: the least is 11.11 yuan, the quarters are 18.00, 18.50 and 19.00."""
    if not RollUp.objects.exists():
        RollUp.objects.create(first=AT.date(), last=AT.date(), at=AT, drugs=1, written=1, seconds=0.1)
    AreaPrice.objects.create(
        drug_id=here.drug.pk, region_id=region.pk, on=AT.date(), count=count,  # type: ignore[attr-defined]  # the fixture's own world
        min_fen=1111, q1_fen=1800, median_fen=1850, q3_fen=1900, max_fen=9999, mode_fen=mode,
    )  # fmt: skip


def stood(here: Desk) -> list[standing.Stand]:
    return standing.stands(here.shop, shelf.shelf(here.shop, at=AT), at=AT)


@pytest.mark.parametrize(
    ("price", "band"), [("17.00", "low"), ("18.00", "low"), ("18.20", "below"), ("18.50", "usual"), ("18.90", "above"), ("19.10", "high")]
)  # fmt: skip
def test_a_price_lies_in_a_band(price: str, band: str) -> None:
    here = desk(price)
    night(here, here.shop.division, 6)
    (found,) = stood(here)
    assert (found.band, found.others) == (band, 5)


def test_with_fewer_than_five_others_the_wider_region_is_asked() -> None:
    here = desk()
    night(here, here.shop.division, 5)
    assert stood(here) == []
    night(here, here.shop.division.parent, 40)
    assert [(found.region, found.others) for found in stood(here)] == [(here.shop.division.parent, 39)]


def test_where_every_price_is_different_the_usual_one_would_be_the_lowest_and_is_not_told() -> None:
    here = desk()
    night(here, here.shop.division, 6, mode=1111)
    (found,) = stood(here)
    assert (found.usual, found.band) == ("", "above")


def test_what_citizens_do_not_see_is_not_compared() -> None:
    here = desk()
    night(here, here.shop.division, 6)
    assert standing.stands(here.shop, shelf.shelf(here.shop, at=AT + timedelta(days=40)), at=AT) == []


def test_the_page_tells_neither_the_lowest_nor_the_highest_price_nor_a_neighbour(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: AT)
    here = desk(neighbours=("11.11",) * 5)
    night(here, here.shop.division, 6)
    Membership.objects.create(user=here.editor, pharmacy=here.shop, role="viewer", valid=since())
    page = sign_in(client, here.editor).get(f"/desk/{here.shop.code}/standing").content.decode()
    assert "中间偏高" in page
    assert "18.50" in page
    for secret in ("11.11", "99.99", "邻居"):
        assert secret not in page


def test_freshness_and_quality_say_what_to_raise() -> None:
    here = desk()
    for days, stock in ((12, 1), (40, 0)):
        f.offer(f.drug(), here.shop, "5.00", confirmed=AT - timedelta(days=days), stock=stock)
    run = f.run(f.feed("other"))
    RunPharmacy.objects.create(run=run, pharmacy=here.shop, as_of=AT)
    Rejection.objects.create(run=run, line=2, raw={}, reasons=["drug_unknown"], pharmacy_id=here.shop.pk)
    Rejection.objects.create(
        run=run, line=3, raw={}, reasons=["drug_unknown"], pharmacy_id=here.shop.pk, state="settled", settled_by="x"
    )
    found = standing.quality(here.shop, shelf.shelf(here.shop, at=AT), at=AT)
    assert [(str(point.label), point.count, point.of) for point in found] == [
        ("久未更新，排在新价格之后", 1, 3),
        ("太久未更新，市民已看不到", 1, 3),
        ("未报库存", 1, 3),
        ("退回：药品代码不在产品库里", 1, 1),
    ]


def test_a_reporter_is_late_after_one_and_a_half_times_its_cadence() -> None:
    here = desk()
    f.report(f.feed("till"), here.shop, AT - timedelta(days=10))
    (report,) = standing.reports(here.shop, at=AT)
    assert not report.late
    (report,) = standing.reports(here.shop, at=AT + timedelta(days=1))
    assert report.late
