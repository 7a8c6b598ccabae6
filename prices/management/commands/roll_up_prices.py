import json
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from prices.statistics import nights
from prices.statistics.roll_up import Counts, NotADay, backfill, roll_up

LOOKED_BACK = timedelta(days=30)


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(_("日期“%(text)s”无法识别：请写成 2026-01-01") % {"text": text[:40]}) from error


class Command(BaseCommand):
    help = _("汇总各地区的多数药店价和四分位数（每晚自动运行；漏掉的日子用 --since 补）")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=day, metavar="DATE", help=_("先按变动记录补上从这天到昨天漏掉的日子"))
        parser.add_argument("--json", action="store_true", help=_("在标准输出打印一行 JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        try:
            done = backfill(options["since"], at) if options["since"] else []
            done.append(roll_up(at))
        except NotADay as problem:
            raise CommandError(str(problem)) from problem
        today = timezone.localdate(at)
        missed = nights.gaps(max(nights.first_day() or today, today - LOOKED_BACK), today)
        if options["json"]:
            self.stdout.write(json.dumps(_summary(done, missed), default=str))
            return
        for counts in done:
            self.stdout.write(
                _("%(first)s 至 %(last)s：%(drugs)d 种药品，写入 %(written)d 行，用时 %(seconds).1f 秒")
                % asdict(counts)
            )
        for gap in missed:
            self.stdout.write(_("漏了 %(first)s 至 %(last)s：用 --since %(first)s 补上") % asdict(gap))


def _summary(done: list[Counts], missed: list[nights.Gap]) -> dict[str, Any]:
    """`day` is today; the rest adds up all that was worked out; `missed` are days as [first, last]."""
    return {
        "day": done[-1].last,
        "days": sum((counts.last - counts.first).days + 1 for counts in done),
        "drugs": done[-1].drugs,
        "written": sum(counts.written for counts in done),
        "missed": [[gap.first, gap.last] for gap in missed],
        "seconds": round(sum(counts.seconds for counts in done), 3),
    }
