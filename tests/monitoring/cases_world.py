"""A shop in 武昌区 with a lead about one drug, officials of every role who may look into it, and a step at a time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from catalog.models import Drug
from pharmacies.models import Membership, Pharmacy, Region, User
from prices.desk import inquiries
from prices.models import Case, Finding, Lead
from prices.money import fen_of
from prices.monitoring import cases
from tests import factories as f
from tests.factories import AT, since

ROLES = ("viewer", "analyst", "officer", "reviewer", "publisher", "auditor")
LATER = AT + timedelta(hours=2)


def official(name: str, role: str, area: Region | None = None) -> User:
    """Somebody who speaks for the area (武昌区), named by their role."""
    user = User.objects.create_user(name, first_name=f"{role}-{name}")
    Membership.objects.create(user=user, role=role, area=area or f.wuchang(), valid=since())
    return user


def lead(of: Drug, at: Pharmacy, price: str = "26.90", previous: str = "18.90", **fields: Any) -> Lead:
    """A lead about that price, found by change and by peers."""
    base = {
        "area": at.insurance_area,
        "city": at.insurance_area.parent or at.insurance_area,
        "price_fen": fen_of(price),
        "previous_fen": fen_of(previous),
        "since": AT - timedelta(hours=3),
        "on": AT.date(),
        "found_at": AT - timedelta(hours=2),
        "excess": 0.42,
        "score": 0.42,
    }
    row = Lead.objects.create(drug_id=of.pk, pharmacy_id=at.pk, **base | fields)
    seen = {"day": "2026-11-21", "price_fen": row.price_fen, "old_fen": row.previous_fen}
    Finding.objects.create(
        lead=row, detector="change", version=1, parameters={"min_share": 0.15}, inputs=seen, excess=0.42
    )
    peers = {"count": 56, "median_fen": 1890, "mad_ln": 0.03, "region": row.city_id, "peers": [[1890, 40], [2690, 1]]}
    Finding.objects.create(
        lead=row,
        detector="peers",
        version=1,
        parameters={"k": 5.0},
        inputs=seen | peers,
        excess=0.42,
        p=1e-7,
        score=9.1,
    )
    return row


@dataclass
class Cases:
    """`people` by role; a case that was just opened by the officer."""

    shop: Pharmacy
    drug: Drug
    people: dict[str, User]
    case: Case
    at: datetime = field(default=LATER)

    def take(self, name: str, *, by: str = "reviewer", **said: Any) -> Any:
        """A step with everything that a step may need, at the revision of now."""
        self.case.refresh_from_db()
        whole: dict[str, Any] = {"reason": "理由", "document_number": "武医保函〔2026〕1号", "seen": self.case.revision}
        row = cases.take(self.case, name, by=self.people[by], at=self.at, **whole | said)
        self.case.refresh_from_db()
        return row

    def bring_to(self, state: str) -> Case:
        """Through the steps that lead there."""
        for name in PATHS[state]:
            if name == "reply":
                self.reply()
            elif name == "overdue":
                cases.mark_overdue(at=AT + timedelta(days=30))
            else:
                self.take(name)
        self.case.refresh_from_db()
        assert self.case.state == state
        return self.case

    def reply(self, text: str = "进价上涨") -> None:
        """The shop's editor answers at the desk."""
        self.case.refresh_from_db()
        editor = User.objects.filter(username="editor").first() or User.objects.create_user("editor", first_name="李店")
        Membership.objects.get_or_create(user=editor, role="editor", pharmacy=self.shop, defaults={"valid": since()})
        assert self.case.inquiry is not None
        inquiries.reply(self.case.inquiry, text=text, document=None, by=editor, at=self.at)
        self.case.refresh_from_db()


ASKED = ("verify", "notice")
PATHS = {
    "triage": (),
    "verify": ("verify",),
    "notice": ASKED,
    "replied": (*ASKED, "reply"),
    "overdue": (*ASKED, "overdue"),
    "interview": (*ASKED, "reply", "interview"),
    "rectify": (*ASKED, "reply", "interview", "rectify"),
    "recheck": (*ASKED, "reply", "interview", "rectify", "recheck"),
    "closed": ("slip",),
}


def world() -> Cases:
    shop, drug = f.pharmacy("向阳大药房"), f.drug(pack_count=14)
    people = {role: official(role, role) for role in ROLES}
    found = lead(drug, shop)
    case = cases.open_case(shop, (found,), by=people["officer"], at=AT)
    return Cases(shop, drug, people, case)


def asked_in_writing(shop: Pharmacy, *, by: User, at: datetime) -> Case:
    """A case about the shop that has got as far as its first letter."""
    case = cases.open_case(shop, (lead(f.drug(), shop),), by=by, at=at)
    cases.take(case, "verify", by=by, at=at, seen=1)
    cases.take(case, "notice", by=by, at=at, seen=2, reason="请说明", document_number="武医保函〔2026〕1号")
    return case
