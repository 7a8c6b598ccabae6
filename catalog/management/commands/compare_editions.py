import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from catalog.editions import KINDS, Change, Difference, Kind, difference
from catalog.models import Edition, Listing


class Command(BaseCommand):
    help = _("比较两个年版的医保药品目录：新增、不再列入、所在部分变化、甲乙类或限定支付范围变化")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("before", type=int, metavar="YEAR", help=_("较早的年版，如 2024"))
        parser.add_argument("after", type=int, metavar="YEAR", help=_("较晚的年版，如 2025"))
        parser.add_argument("--json", action="store_true", help=_("在标准输出打印一行 JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        found = difference(_edition(options["before"]), _edition(options["after"]))
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(found), ensure_ascii=False))
            return
        words = _words()
        self.stdout.write(f"{found.before} → {found.after}")
        for kind in KINDS:
            self.stdout.write(f"{words[kind]}\t{found.counts[kind]}")
        for change in found.changes:
            self.stdout.write("\t".join((words[change.kind], change.name, change.form, *_sides(change))))


def _edition(year: int) -> Edition:
    found = Edition.objects.filter(year=year, state=Edition.State.READY).first()
    if found is None:
        years = "、".join(map(str, Edition.objects.filter(state=Edition.State.READY).values_list("year", flat=True)))
        raise CommandError(
            _("没有 %(year)d 年版：请先用 import_edition 导入（已有：%(years)s）")
            % {"year": year, "years": years or _("无")}
        )
    return found


def _words() -> dict[Kind, str]:
    return {
        "new": _("新增"),
        "gone": _("不再列入"),
        "moved": _("所在部分变化"),
        "class": _("甲乙类变化"),
        "restriction": _("限定支付范围变化"),
    }


def _sides(change: Change) -> tuple[str, str]:
    """The two cells that differ."""
    if change.kind == "restriction":
        return _restriction(change.before), _restriction(change.after)
    return _cell(change.before), _cell(change.after)


def _restriction(row: Listing | None) -> str:
    return row.restriction if row else ""


def _cell(row: Listing | None) -> str:
    if row is None:
        return ""
    place = f"{row.section} {row.number}" + (f"({row.row})" if row.row > 1 else "")
    return f"{place} {row.ins_class}"


def _as_json(found: Difference) -> dict[str, Any]:
    return {
        "before": found.before.year,
        "after": found.after.year,
        "counts": found.counts,
        "changes": [
            {
                "kind": change.kind,
                "name": change.name,
                "form": change.form,
                "before": _row(change.before),
                "after": _row(change.after),
            }
            for change in found.changes
        ],
    }


def _row(row: Listing | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "section": row.section,
        "number": row.number,
        "row": row.row,
        "class": row.ins_class,
        "kind": row.kind,
        "restriction": row.restriction,
    }
