"""The stored rows of an edition, as matching reads them."""

from datetime import date

from django.utils.translation import gettext as _

from catalog.matching.rules import Catalogue, Entry
from catalog.models import Edition, Listing
from catalog.nrdl.names import names as names_in

COLUMNS = ("pk", "section", "number", "names", "generic_name", "dosage_form", "category_code")


def entries(edition: Edition) -> list[Entry]:
    """Every row in the document's order; one that was stored without its names gets them from the printed name."""
    stored = Listing.objects.filter(edition=edition).order_by("pk").values_list(*COLUMNS)
    return [
        Entry(pk, section, number, tuple(names) or names_in(printed), form, category)
        for pk, section, number, names, printed, form, category in stored
    ]


def catalogue_of(edition: Edition) -> Catalogue:
    return Catalogue(entries(edition))


def edition_of(year: int | None, on: date) -> Edition:
    """The ready edition of `year`, or that in force on the day `on`. Raises `LookupError` with what to do."""
    ready = Edition.objects.filter(state=Edition.State.READY)
    found = (ready.filter(year=year) if year else ready.valid(on)).order_by("-valid").first()
    if found is None:
        missing = _("没有 %(year)d 年版的目录") % {"year": year} if year else _("没有现行的目录")
        raise LookupError(_("%(missing)s：请先用 import_edition 导入，或用 --year 指定年版") % {"missing": missing})
    return found


def locked(edition_id: int) -> Edition:
    """The edition, held until the transaction ends: whoever writes matches of an edition waits for the others."""
    return Edition.objects.select_for_update(no_key=True).get(pk=edition_id)
