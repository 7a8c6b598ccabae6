"""One pharmacy's shelf among six neighbours in 武昌区, and how its editor sends a form: judged, handed in, processed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.models import Drug
from pharmacies.models import Pharmacy, User
from prices.desk import edits
from prices.desk.edits import Edit
from prices.ingest.runs import process
from prices.models import FeedRun, Offer, Stock
from tests import factories as f
from tests.factories import AT


@dataclass
class Desk:
    shop: Pharmacy
    drug: Drug
    editor: User
    nonces: int = 0

    def submit(self, *rows: Edit, reason: str = "", at: datetime = AT, nonce: str = "") -> Any:
        """The `Outcome` of sending the form; what was handed in is published before this returns."""
        outcome = self.hand_in(*rows, reason=reason, at=at, nonce=nonce)
        if outcome.run:
            process(outcome.run.pk)
            outcome.run.refresh_from_db()
        return outcome

    def hand_in(self, *rows: Edit, reason: str = "", at: datetime = AT, nonce: str = "") -> Any:
        self.nonces += 1
        nonce = nonce or f"form-{self.nonces}"
        return edits.submit(self.shop, rows, nonce=nonce, by=self.editor, at=at, reason=reason)

    def undo(self, run: FeedRun, *, at: datetime = AT) -> Any:
        self.nonces += 1
        outcome = edits.undo(run, self.shop, nonce=f"form-{self.nonces}", by=self.editor, at=at)
        if outcome.run:
            process(outcome.run.pk)
            outcome.run.refresh_from_db()
        return outcome

    def edit(self, price: str, stock: str = "in", *, of: Drug | None = None, **fields: Any) -> Edit:
        """The editor sees what stands there now, unless `seen` says otherwise."""
        drug = of or self.drug
        fields.setdefault("seen", shown(drug, self.shop))
        return Edit(drug.code, price=price, stock=stock, **fields)


def shown(drug: Drug, shop: Pharmacy) -> str:
    """`12.60/in`, empty where it is not on the shelf."""
    offer = Offer.objects.filter(drug_id=drug.pk, pharmacy_id=shop.pk, state=1).first()
    words = {Stock.UNKNOWN: "", Stock.IN: "in", Stock.LOW: "low", Stock.OUT: "out", Stock.ORDER: "order"}
    return f"{offer.price_fen / 100:.2f}/{words[Stock(offer.stock)]}" if offer else ""


def desk(price: str = "18.90", *, neighbours: tuple[str, ...] = ()) -> Desk:
    """A shop that sells one drug (14 tablets) at `price`, and neighbours that sell it too."""
    made = Desk(f.pharmacy("窗口大药房"), f.drug(pack_count=14), User.objects.create_user("li", first_name="李药师"))
    till = f.feed("till", name="收银系统")
    by_till = f.run(till)
    f.offer(made.drug, made.shop, price, by=till, run_id=by_till.pk, confirmed=AT.replace(hour=8))
    for n, asked in enumerate(neighbours):
        f.offer(made.drug, f.pharmacy(f"邻居{n}号"), asked, by=till, run_id=by_till.pk)
    f.rebuild_today()
    return made
