"""The shop's own facts: hours with holidays reach the search, a place counts once an official has confirmed it."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from pharmacies import shop as shops
from pharmacies import today
from pharmacies.geo import Gcj02, wgs84_of
from pharmacies.hours import HoursError, by_day, is_open, of_days, parse
from pharmacies.models import (
    AuditEvent,
    Membership,
    Pharmacy,
    PharmacyToday,
    PlaceProposal,
    Service,
    SpecialHours,
    User,
)
from prices.views import words
from tests import factories as f
from tests.factories import AT, since
from tests.staff.signing import sign_in

pytestmark = pytest.mark.django_db
WEEK = ["08:00-21:30"] * 5 + ["09:00-21:00", ""]
SATURDAY = AT.date()


@pytest.fixture
def manager() -> User:
    return User.objects.create_user("dian", first_name="陈店长")


@pytest.fixture
def official() -> User:
    return User.objects.create_user("jing", first_name="周经办")


@pytest.fixture
def place() -> Pharmacy:
    made = f.pharmacy("中山路店", hours="Mo-Su 08:00-21:00")
    f.rebuild_today()
    return made


def is_open_today(place: Pharmacy, hour: int, *, day: int = 0) -> bool:
    minutes: Any = PharmacyToday.objects.get(pharmacy=place).open_minutes
    return is_open(minutes, AT.replace(hour=hour) + timedelta(days=day))


# -- hours as a form --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["Mo-Fr 08:00-21:30;Sa-Su 09:00-21:00", "24/7", "08:00-12:00,14:00-18:00;We off", "Fr,Sa 20:00-02:00", "Mo 00:00-24:00"],
)  # fmt: skip
def test_hours_filled_in_day_by_day_are_the_same_hours(text: str) -> None:
    assert parse(of_days(by_day(text))) == parse(text)


def test_days_with_equal_hours_are_written_together() -> None:
    assert of_days(WEEK) == "Mo-Fr 08:00-21:30;Sa 09:00-21:00;Su off"


@pytest.mark.parametrize("day", ["Mo 08:00-09:00", "08:00-09:00;Tu off", "8点", "25:00-26:00"])
def test_a_day_holds_its_own_hours_and_nothing_else(day: str) -> None:
    with pytest.raises(HoursError):
        of_days([day] * 7)


# -- changes ----------------------------------------------------------------------------------------------------------


def test_a_change_is_seen_by_searches_at_once_and_recorded(place: Pharmacy, manager: User) -> None:
    shops.change(place, phone="027-88886666", days=WEEK, services=["pressure"], by=manager, at=AT)
    place.refresh_from_db()
    assert (place.phone, place.services) == ("027-88886666", ["pressure"])
    assert not is_open_today(place, 8)
    assert is_open_today(place, 9)
    event = AuditEvent.objects.get(action="shop.change")
    assert event.before == {"phone": "027-88880000", "hours": "Mo-Su 08:00-21:00", "services": []}
    assert (event.pharmacy, event.actor) == (place, manager)


def test_saving_what_is_there_already_leaves_no_trace(place: Pharmacy, manager: User) -> None:
    shops.change(place, phone=place.phone, days=["08:00-21:00"] * 7, services=[], by=manager, at=AT)
    assert not AuditEvent.objects.exists()


def test_hours_may_become_unknown(place: Pharmacy, manager: User) -> None:
    shops.change(place, phone="", days=[""] * 7, services=[], by=manager, at=AT)
    assert PharmacyToday.objects.get(pharmacy=place).open_minutes is None


@pytest.mark.parametrize("wrong", [{"phone": "call me"}, {"days": ["8点"] * 7}, {"services": ["casino"]}])
def test_what_makes_no_sense_is_refused_with_words(place: Pharmacy, manager: User, wrong: dict[str, list[str]]) -> None:
    said = {"phone": "", "days": WEEK, "services": []} | wrong
    with pytest.raises(shops.ShopProblem):
        shops.change(place, **said, by=manager, at=AT)  # type: ignore[arg-type]  # wrong types are what is tried


def test_an_unknown_service_is_refused_by_the_database(place: Pharmacy) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Pharmacy.objects.filter(pk=place.pk).update(services=["casino"])


# -- holidays ---------------------------------------------------------------------------------------------------------


def special(place: Pharmacy, by: User, first: date, last: date, hours: str = "10:00-16:00") -> SpecialHours:
    return shops.add_special(place, first=first, last=last, hours=hours, note="国庆", by=by, at=AT)


def test_on_a_holiday_other_hours_hold_and_afterwards_the_weeks(place: Pharmacy, manager: User) -> None:
    special(place, manager, SATURDAY, SATURDAY + timedelta(days=1))
    assert not is_open_today(place, 8)
    assert is_open_today(place, 10)
    assert not is_open_today(place, 8, day=1)
    assert is_open_today(place, 8, day=2)
    today.rebuild(AT + timedelta(days=2))
    assert is_open_today(place, 8)


def test_midnight_brings_a_holiday_in_without_anybody_doing_anything(place: Pharmacy, manager: User) -> None:
    special(place, manager, SATURDAY + timedelta(days=9), SATURDAY + timedelta(days=9), hours="")
    assert is_open_today(place, 12)
    assert today.rebuild(AT) == 0
    today.rebuild(AT + timedelta(days=9))
    minutes: Any = PharmacyToday.objects.get(pharmacy=place).open_minutes
    assert not is_open(minutes, AT + timedelta(days=9))


def test_a_holiday_taken_back_leaves_the_weeks_hours(place: Pharmacy, manager: User) -> None:
    row = special(place, manager, SATURDAY, SATURDAY)
    shops.remove_special(place, row.pk, by=manager, at=AT)
    assert is_open_today(place, 8)
    assert [event.action for event in AuditEvent.objects.order_by("pk")] == ["shop.special", "shop.special_removed"]


def test_another_shops_holiday_is_not_mine_to_remove(place: Pharmacy, manager: User) -> None:
    row = special(f.pharmacy(hours="24/7"), manager, SATURDAY, SATURDAY)
    shops.remove_special(place, row.pk, by=manager, at=AT)
    assert SpecialHours.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("first", "last", "hours"),
    [(0, -1, ""), (-3, -2, ""), (0, 60, ""), (0, 0, "noon"), (0, 0, "Mo 08:00-09:00"), (500, 500, "")],
)
def test_days_and_hours_that_make_no_sense_are_refused(
    place: Pharmacy, manager: User, first: int, last: int, hours: str
) -> None:
    with pytest.raises(shops.ShopProblem):
        special(place, manager, SATURDAY + timedelta(days=first), SATURDAY + timedelta(days=last), hours)


def test_two_rules_for_one_day_are_refused(place: Pharmacy, manager: User) -> None:
    special(place, manager, SATURDAY, SATURDAY + timedelta(days=3))
    with pytest.raises(shops.ShopProblem, match="已有登记"):
        special(place, manager, SATURDAY + timedelta(days=3), SATURDAY + timedelta(days=5))
    with pytest.raises(IntegrityError), transaction.atomic():
        SpecialHours.objects.create(pharmacy=place, valid=since(SATURDAY, SATURDAY + timedelta(days=1)), hours="off")
    with pytest.raises(IntegrityError), transaction.atomic():
        SpecialHours.objects.create(pharmacy=place, valid=since(SATURDAY + timedelta(days=30)), hours="off")


# -- the place --------------------------------------------------------------------------------------------------------


def propose(
    place: Pharmacy, by: User, lng: str = "114.310", lat: str = "30.550", datum: str = "gcj02"
) -> PlaceProposal:
    return shops.propose_place(place, lng=lng, lat=lat, datum=datum, note="搬到路对面", by=by, at=AT)


def test_a_place_counts_once_an_official_has_confirmed_it(place: Pharmacy, manager: User, official: User) -> None:
    before = place.location.coords
    propose(place, manager)
    place.refresh_from_db()
    assert place.location.coords == before
    shops.decide_place(place, accept=True, reason="", by=official, at=AT)
    place.refresh_from_db()
    there = wgs84_of(Gcj02(114.310, 30.550))
    assert place.location.coords == pytest.approx((there.lng, there.lat))
    assert (place.source_lng, place.source_datum) == (114.310, "gcj02")
    assert PharmacyToday.objects.get(pharmacy=place).location.coords == pytest.approx(place.location.coords)
    assert [event.action for event in AuditEvent.objects.order_by("pk")] == ["place.propose", "place.decide"]


def test_a_refused_place_changes_nothing_and_says_why(place: Pharmacy, manager: User, official: User) -> None:
    before = place.location.coords
    propose(place, manager)
    with pytest.raises(shops.ShopProblem, match="理由"):
        shops.decide_place(place, accept=False, reason=" ", by=official, at=AT)
    row = shops.decide_place(place, accept=False, reason="现场不符", by=official, at=AT)
    place.refresh_from_db()
    assert (place.location.coords, row.reason) == (before, "现场不符")
    with pytest.raises(shops.ShopProblem, match="没有待核实"):
        shops.decide_place(place, accept=True, reason="", by=official, at=AT)


def test_nobody_confirms_what_they_proposed_themselves(place: Pharmacy, manager: User) -> None:
    propose(place, manager)
    with pytest.raises(shops.ShopProblem, match="另一个人"):
        shops.decide_place(place, accept=True, reason="", by=manager, at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        PlaceProposal.objects.update(state="accepted", decided_by=manager, decided_at=AT)


def test_a_newer_proposal_takes_the_place_of_one_that_waits(place: Pharmacy, manager: User) -> None:
    propose(place, manager)
    propose(place, manager, lng="114.320")
    assert PlaceProposal.objects.get().source_lng == 114.320


@pytest.mark.parametrize(("lng", "lat", "datum"), [("30.5", "114.3", "wgs84"), ("x", "30", "wgs84"), ("114", "30", "mars"), ("121.5", "31.2", "wgs84")])  # fmt: skip
def test_coordinates_that_cannot_be_are_refused(place: Pharmacy, manager: User, lng: str, lat: str, datum: str) -> None:
    with pytest.raises(shops.ShopProblem):
        propose(place, manager, lng, lat, datum)


# -- the pages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: AT)


def post(client: Client, place: Pharmacy, **fields: object) -> int:
    return client.post(f"/desk/{place.code}/shop", fields).status_code


def test_the_manager_changes_the_shop_and_the_official_confirms_the_place(
    clock: None, place: Pharmacy, manager: User, official: User
) -> None:
    Membership.objects.create(user=manager, pharmacy=place, role="manager", valid=since())
    Membership.objects.create(user=official, area=place.insurance_area, role="officer", valid=since())
    shop, office = sign_in(Client(), manager), sign_in(Client(), official)
    week = {f"day{n}": hours for n, hours in enumerate(WEEK)}
    assert post(shop, place, do="change", phone="027-88886666", service="pressure", **week) == 302
    assert post(shop, place, do="special", first="2026-12-31", last="2027-01-01", hours="") == 302
    assert post(shop, place, do="special", first="2026-13-41") == 422
    assert post(shop, place, do="place", lng="114.31", lat="30.55", datum="wgs84") == 302
    assert post(shop, place, do="place-accept") == 403
    assert "位置变更待核实" in office.get(f"/desk/{place.code}/shop").content.decode()
    assert post(office, place, do="change", phone="1") == 403
    assert post(office, place, do="place-accept") == 302
    place.refresh_from_db()
    assert place.location.coords == pytest.approx((114.31, 30.55))
    assert place.hours == "Mo-Fr 08:00-21:30;Sa 09:00-21:00;Su off"


def test_what_was_typed_stays_when_it_is_refused(clock: None, place: Pharmacy, manager: User) -> None:
    Membership.objects.create(user=manager, pharmacy=place, role="manager", valid=since())
    answer = sign_in(Client(), manager).post(
        f"/desk/{place.code}/shop", {"do": "place", "lng": "30.5", "lat": "114.3", "datum": "wgs84"}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "写反了" in page
    assert 'value="114.3"' in page


def test_the_sticker_leads_to_the_shops_public_page(clock: None, place: Pharmacy, manager: User) -> None:
    Membership.objects.create(user=manager, pharmacy=place, role="viewer", valid=since())
    page = sign_in(Client(), manager).get(f"/en/desk/{place.code}/sticker").content.decode()
    assert f"http://testserver/pharmacies/{place.code}<" in page
    assert "<svg" in page


def test_citizens_see_holidays_and_services_on_the_shops_page(clock: None, place: Pharmacy, manager: User) -> None:
    shops.change(place, phone="", days=["08:00-21:00"] * 7, services=["pressure"], by=manager, at=AT)
    special(place, manager, SATURDAY, SATURDAY + timedelta(days=1))
    page = Client().get(f"/pharmacies/{place.code}").content.decode()
    assert "免费测血压" in page
    assert "2026年11月21日至2026年11月22日 10:00-16:00" in page
    assert "至16:00" in page


def test_every_service_has_words() -> None:
    assert list(words.SERVICES) == Service.values
