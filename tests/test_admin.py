"""The admin site shows every kind of row and changes none."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import CompositePrimaryKey, Model
from django.test import Client

from catalog.models import Alias, Category, DailyDose, Drug, Herb, PaymentStandard, ReferencePrice, Scheme, SearchName
from pharmacies import access, audit
from pharmacies.accounts import invitations, locks, recovery, totp
from pharmacies.audit import seals
from pharmacies.models import (
    Authenticator,
    Invitation,
    Membership,
    Pharmacy,
    PharmacyAlias,
    PlaceProposal,
    RecoveryCode,
    SpecialHours,
    User,
)
from prices.models import (
    AccessGap,
    BackTest,
    BackTestDay,
    DeskChange,
    FeedRun,
    Inquiry,
    InquiryReply,
    Landing,
    MemberChange,
    Rejection,
    Report,
    ReportGroup,
    ReportQuota,
    RollUp,
    RunPharmacy,
    ScheduledPrice,
    SheetLayout,
    Upload,
)

from . import factories as f
from .console import leads_world, tables_world
from .factories import AT, since
from .monitoring import impossible_freezings, impossible_leads, impossible_rules
from .monitoring.cases_world import asked_in_writing
from .staff.signing import sign_in

pytestmark = pytest.mark.django_db

OURS = [model for label in ("pharmacies", "catalog", "prices") for model in apps.get_app_config(label).get_models()]
SHOWN = [model for model in OURS if not isinstance(model._meta.pk, CompositePrimaryKey)]


def one_of_everything() -> None:
    """At least one row of every model that the admin shows."""
    user = User.objects.get()
    shop, drug = f.pharmacy(hours="24/7"), f.drug()
    f.outlined(shop.division, f.square(114, 30, 115, 31))
    f.rebuild_today()
    people_and_their_log(user, shop)
    the_catalogue(drug)
    what_is_said(user, shop, drug)
    what_is_watched(user, shop)
    what_is_worked_out(user, shop, drug)


def people_and_their_log(user: User, shop: Pharmacy) -> None:
    chain = f.chain()
    PharmacyAlias.objects.create(chain=chain, store_no="1", pharmacy=shop)
    Membership.objects.create(user=user, role="viewer", chain=chain, valid=since())
    for _ in range(2):  # one is sealed, one waits
        seals.seal(at=AT)
        audit.record(at=AT, by=user, action="look", subject="x", subject_id=1)
    invitations.invite(place=shop, role=access.Role.VIEWER, name="王", by=user, at=AT)
    totp.enrol(user=user, seed="s", code=totp.code_at("s", totp.step_of(AT)), at=AT)
    recovery.renew(user=user, at=AT)
    locks.attempt(account="wang", address="127.0.0.1", at=AT)


def the_catalogue(drug: Drug) -> None:
    listing = f.listing()
    f.match(drug, listing)
    f.drug_list("dual_channel", f.region(), drug)
    PaymentStandard.objects.create(listing=listing, confidential=True)
    Category.objects.create(edition=listing.edition, code="XC", name="x")
    Herb.objects.create(edition=listing.edition, number=1, name="x")
    SearchName.objects.get_or_create(kind="generic", text="x", lines="x", grams=["x"], length=1, products=1)
    DailyDose.objects.create(generic_name="x", amount=5, unit="mg", source="WHO", reviewed_by="x")
    Alias.objects.create(source="till", their_code="A", drug=drug, reviewed_by="x", valid=since())
    Scheme.objects.create(code="S", name="批", level="国家", area=f.region(), valid=since())
    ReferencePrice.objects.create(
        drug=drug, area=f.region(), kind="listed", amount=1, unit="pack", valid=since(), document="x"
    )


def what_is_said(user: User, shop: Pharmacy, drug: Drug) -> None:
    feed = f.feed("till")
    run = FeedRun.objects.create(
        feed=feed, mode="delta", channel="command", delivery_key="k", sha256="0" * 64, size=1, received_at=AT
    )
    RunPharmacy.objects.create(run=run, pharmacy=shop, as_of=AT)
    Rejection.objects.create(run=run, line=2, raw={"price": "<script>"}, reasons=["price_unreadable"])
    ScheduledPrice.objects.create(
        drug_id=drug.pk, pharmacy_id=shop.pk, feed_id=feed.pk, run_id=run.pk, effective_at=AT, price_fen=1
    )
    DeskChange.objects.create(run=run, drug_id=drug.pk, pharmacy_id=shop.pk, new_fen=1, new_stock=0)
    MemberChange.objects.create(run=run, drug_id=drug.pk, pharmacy_id=shop.pk, new_total=1)
    SpecialHours.objects.create(pharmacy=shop, valid=since(AT.date(), AT.date() + timedelta(days=1)), hours="off")
    PlaceProposal.objects.create(
        pharmacy=shop, location=shop.location, source_lng=114, source_lat=30, source_datum="wgs84",
        proposed_by=user, proposed_at=AT,
    )  # fmt: skip
    SheetLayout.objects.create(feed=feed, signature="x", mapping={}, confirmed_by="x", confirmed_at=AT)
    Upload.objects.create(feed=feed, by=user, at=AT, name="x.csv", sha256="0" * 64, size=1)


def what_is_watched(user: User, shop: Pharmacy) -> None:
    impossible_freezings.freezing(by=user)
    impossible_leads.finding()
    impossible_leads.event()
    impossible_leads.screening()
    impossible_leads.cursor()
    impossible_rules.rule()
    impossible_rules.threshold()
    group = ReportGroup.objects.create(pharmacy=shop, kind="closed", first_at=AT, last_at=AT)
    Report.objects.create(group=group, at=AT, code_digest="0" * 64)
    ReportQuota.objects.create(hour=AT, count=1)
    inquiry = Inquiry.objects.create(pharmacy=shop, kind="report", title="x", text="x", opened_at=AT)
    InquiryReply.objects.create(inquiry=inquiry, by=user, at=AT, text="x")
    Membership.objects.create(user=user, role="officer", area=shop.insurance_area, valid=since())
    asked_in_writing(shop, by=user, at=AT)


def what_is_worked_out(user: User, shop: Pharmacy, drug: Drug) -> None:
    RollUp.objects.create(first=AT.date(), last=AT.date(), at=AT, drugs=1, written=1, seconds=0.5)
    leads_world.figure(shop.insurance_area)
    leads_world.index(shop.insurance_area, date(2026, 9, 1), 101)
    days: dict[str, Any] = {"first": AT.date(), "last": AT.date()}
    test = BackTest.objects.create(
        area=shop.insurance_area, detector="history", version=1, parameters={}, by=user, at=AT, **days
    )
    counts = (
        *("tests", "slips", "events", "found", "known", "were", "were_same", "seconds"),
        *("labelled", "confirmed", "labelled_were", "confirmed_were"),
    )
    BackTestDay.objects.create(back_test=test, on=AT.date(), covered=True, **dict.fromkeys(counts, 0))
    tables_world.frozen(shop.insurance_area, by=user)
    of = {"preparation": drug.preparation, "region": f.wuchang(), "since": AT.date(), "seen": AT.date(), "listed": 0}
    AccessGap.objects.create(**of)
    vbp = f.reference_price(drug, "9.00", kind="vbp")
    Landing.objects.create(
        reference=vbp, region=f.region(), drug_id=drug.pk, on=AT.date(), shops=1, landed=0, late=0, above=1, matched=0
    )


@pytest.fixture
def official(client: Client) -> Client:
    sign_in(client, User.objects.create_superuser("root", password="x"))
    one_of_everything()
    return client


def address(model: type[Model], page: str) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{page}"


def test_every_model_without_a_composite_key_is_shown() -> None:
    assert {model for model in OURS if admin.site.is_registered(model)} == set(SHOWN)


def test_lists_and_rows_can_be_looked_at(official: Client) -> None:
    for model in SHOWN:
        row: Any = model._default_manager.first()
        assert row is not None, model
        assert official.get(address(model, "?q=1")).status_code in (200, 302), model
        assert official.get(address(model, "")).status_code == 200, model
        page = official.get(address(model, f"{row.pk}/change/"))
        assert page.status_code == 200, model
        assert b'<script>"' not in page.content
        assert b'name="_save"' not in page.content


def test_nothing_can_be_added_changed_or_deleted_even_by_a_superuser(official: Client) -> None:
    for model in SHOWN:
        row: Any = model._default_manager.first()
        count = model._default_manager.count()
        for page in ("add/", f"{row.pk}/change/", f"{row.pk}/delete/"):
            assert official.post(address(model, page), {"post": "yes"}).status_code == 403, (model, page)
        assert model._default_manager.count() == count, model


def test_no_secret_is_on_a_page(official: Client) -> None:
    user = User.objects.get()
    secret = {
        User: (user.password, "pbkdf2", user.session_salt),
        Authenticator: (Authenticator.objects.get().seed + "<",),
        Invitation: (Invitation.objects.get().seed, Invitation.objects.get().digest),
    }
    for model, secrets in secret.items():
        page = official.get(address(model, f"{model._default_manager.get().pk}/change/"))
        assert page.status_code == 200
        assert [each for each in secrets if each in page.content.decode()] == []
    code = RecoveryCode.objects.first()
    assert code is not None
    assert code.digest not in official.get(address(RecoveryCode, f"{code.pk}/change/")).content.decode()


def test_a_password_alone_does_not_open_the_admin_site(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", password="x"))
    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/login/?next=/admin/").headers["Location"] == "/staff/login?next=/admin/"


def test_somebody_without_rights_is_told_so_and_not_asked_again(client: Client) -> None:
    sign_in(client, User.objects.create_user("li", password="x"))
    assert client.get("/admin/login/?next=/admin/").status_code == 403


def test_the_admin_site_changes_no_password(official: Client) -> None:
    assert official.get("/admin/password_change/").headers["Location"] == "/staff/password"


def test_strangers_are_asked_to_log_in(client: Client) -> None:
    assert client.get("/admin/pharmacies/pharmacy/").status_code == 302
