"""本期定稿: a month of an area declared final. Its tables are kept as they are; later corrections change only the live ones."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from pharmacies import audit
from pharmacies.models import Region, User
from prices.models import Freeze, FrozenTable, ReporterMonth
from prices.monitoring import brief, passthrough, reporters, tabled, tabled_months, tabled_prices, written
from prices.monitoring.compliance import midnight, next_month
from prices.monitoring.tables import Table, restored, stored

OFFERED = 12
LONGEST_NOTE = 200


class NotFrozen(ValueError):
    """The month cannot be frozen; the message says why and what to do."""


class Tampered(ValueError):
    """A frozen table is no longer what was frozen."""


def of(area: Region) -> QuerySet[Freeze]:
    """The frozen months of the area, under whatever name it had."""
    return Freeze.objects.filter(area__code=area.code)


def open_months(area: Region, on: date) -> list[date]:
    """Months that are over and can be frozen, newest first."""
    done = set(of(area).values_list("month", flat=True))
    known = set(ReporterMonth.objects.order_by().values_list("month", flat=True).distinct())
    found: list[date] = []
    month = on.replace(day=1)
    for _number in range(OFFERED):
        month = (month - timedelta(days=1)).replace(day=1)
        if month in known and month not in done:
            found.append(month)
    return found


def tables(area: Region, month: date, at: datetime) -> list[Table]:
    """Everything that is frozen of a month, in its order, as it was when the month ended."""
    end = midnight(next_month(month)) - timedelta(seconds=1)
    last = timezone.localdate(end)
    late = reporters.survey_past(area, at=end, states=set(reporters.STATES) - {reporters.ON_TIME}).shops
    landed = passthrough.landings_then(area, last)
    return [
        brief.table(area, month, landed=landed),
        brief.worst(area, last),
        tabled_months.figures(area, month),
        tabled_months.index(area, month),
        tabled_months.work(area, month, at),
        tabled.compliance_by_area(area, month),
        tabled.compliance_by_shop(area, month),
        tabled.late(late, at=end, past=True),
        tabled.access(area, last, kept=True),
        tabled_prices.landings(area, landed, last),
    ]


def freeze(area: Region, month: date, *, by: User, at: datetime, note: str = "") -> Freeze:
    """Keep the month's tables for ever. Raises `NotFrozen` for a month that is not over, has no figures, or is frozen."""
    note = written.line(note)
    if len(note) > LONGEST_NOTE:
        raise NotFrozen(_("说明最多 {n} 个字").format(n=LONGEST_NOTE))
    if of(area).filter(month=month).exists():
        raise NotFrozen(_("这个月已经定稿，不能再改"))
    if month.day != 1 or month >= timezone.localdate(at).replace(day=1):
        raise NotFrozen(_("这个月还没有结束：月底以后才能定稿"))
    through = ReporterMonth.objects.filter(month=month).order_by("-through").values_list("through", flat=True).first()
    if through is None or through + timedelta(days=1) != next_month(month):
        raise NotFrozen(_("这个月的统计不完整：请等每晚的统计完成，或请运维补算"))
    with translation.override("zh-hans"):
        texts = [(table, _text(table)) for table in tables(area, month, at)]
    digests = [_digest(text) for _table, text in texts]
    try:
        with transaction.atomic():
            made = Freeze.objects.create(area=area, month=month, at=at, by=by, note=note, sha256=_whole(digests))
            FrozenTable.objects.bulk_create(
                FrozenTable(
                    freeze=made, position=n, name=table.name, title=str(table.title), rows=len(table.rows),
                    content=text, sha256=digest,
                )
                for n, ((table, text), digest) in enumerate(zip(texts, digests, strict=True))
            )  # fmt: skip
            audit.record(
                at=at, by=by, action="freeze.make", subject="prices.Freeze", subject_id=made.pk, place=area,
                after={"month": f"{month:%Y-%m}", "tables": len(texts), "sha256": made.sha256}, reason=note,
            )  # fmt: skip
    except IntegrityError as error:
        raise NotFrozen(_("这个月已经定稿，不能再改")) from error
    return made


def _text(table: Table) -> str:
    return json.dumps(stored(table), ensure_ascii=False, separators=(",", ":"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _whole(digests: Iterable[str]) -> str:
    return _digest("\n".join(digests))


def read(kept: FrozenTable) -> Table:
    """The table as it was frozen. Raises `Tampered`."""
    if _digest(kept.content) != kept.sha256:
        raise Tampered(kept.name)
    return restored(json.loads(kept.content))


def is_whole(made: Freeze) -> bool:
    """Whether its tables still say, letter for letter, what was frozen."""
    contents = made.tables.order_by("position").values_list("content", flat=True)
    return _whole(_digest(content) for content in contents.iterator()) == made.sha256
