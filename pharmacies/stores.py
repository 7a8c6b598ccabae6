"""A chain's own store numbers (门店编号): what its sheets and tills call its shops."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from pharmacies import audit
from pharmacies.codes import normal_code
from pharmacies.models import Chain, Pharmacy, PharmacyAlias, User

LONGEST = 40


class StoresProblem(ValueError):
    """The list cannot be taken; one sentence for each row that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("；".join(problems[:5]))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Renumbered:
    """Shops whose numbers are other ones now, and those that were listed as they are."""

    changed: int
    unchanged: int


def numbers(chain: Chain) -> dict[int, list[str]]:
    """Pharmacy id → its store numbers in this chain."""
    found: dict[int, list[str]] = {}
    for pharmacy_id, number in chain.aliases.order_by("store_no").values_list("pharmacy_id", "store_no"):
        found.setdefault(pharmacy_id, []).append(number)
    return found


def renumber(chain: Chain, rows: Iterable[tuple[int, str, str]], *, by: User, at: datetime) -> Renumbered:
    """(line, pharmacy code, store number): the listed shops have exactly these numbers from now on; a shop may have
    several rows, one with an empty number loses its own. All or nothing: raises `StoresProblem`."""
    listed = [(line, normal_code(code), number.strip()) for line, code, number in rows]
    shops = {
        shop.code: shop for shop in Pharmacy.objects.filter(chain=chain, code__in={code for _l, code, _n in listed})
    }
    before = numbers(chain)
    others = {number for pk, held in before.items() for number in held if pk not in {s.pk for s in shops.values()}}
    if problems := _problems(listed, set(shops), others):
        raise StoresProblem(problems)
    wanted: dict[int, set[str]] = {shop.pk: set() for shop in shops.values()}
    for _line, code, number in listed:
        wanted[shops[code].pk] |= {number} - {""}
    changes = {pk: held for pk, held in wanted.items() if held != set(before.get(pk, ()))}
    with transaction.atomic():
        Chain.objects.select_for_update(no_key=True).get(pk=chain.pk)
        PharmacyAlias.objects.filter(chain=chain, pharmacy_id__in=changes).delete()
        PharmacyAlias.objects.bulk_create(
            PharmacyAlias(chain=chain, pharmacy_id=pk, store_no=number)
            for pk, held in changes.items()
            for number in sorted(held)
        )
        codes = {shop.pk: shop.code for shop in shops.values()}
        if changes:
            audit.record(
                at=at,
                by=by,
                action="chain.renumber",
                subject="pharmacies.Chain",
                subject_id=chain.pk,
                place=chain,
                before={codes[pk]: before.get(pk, []) for pk in changes},
                after={codes[pk]: sorted(held) for pk, held in changes.items()},
            )
    return Renumbered(len(changes), len(wanted) - len(changes))


def _problems(listed: list[tuple[int, str, str]], known: set[str], others: set[str]) -> list[str]:
    """What is wrong, row by row. `others`: numbers of shops that the list does not name."""
    shops_of = {(code, number) for _line, code, number in listed if number}
    twice = {number for number, n in Counter(number for _code, number in shops_of).items() if n > 1}
    problems = []
    for line, code, number in listed:
        said = {"line": line, "code": code[:40], "number": number[:40]}
        if code not in known:
            problems.append(_("第 %(line)d 行：%(code)s 不是本连锁的门店") % said)
        elif len(number) > LONGEST:
            problems.append(_("第 %(line)d 行：门店编号太长") % said)
        elif number in twice:
            problems.append(_("第 %(line)d 行：门店编号 %(number)s 写给了几家门店") % said)
        elif number in others:
            problems.append(_("第 %(line)d 行：门店编号 %(number)s 已是另一家门店的") % said)
    return problems
