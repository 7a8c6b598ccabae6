import json
import re
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies.importers.command import operator
from prices import feeds
from prices.models.feeds import Mode

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def interval(text: str) -> timedelta:
    """`30m`, `6h`, `1d`, `2w`."""
    match = re.fullmatch(r"(\d{1,4})([mhdw])", text)
    if not match or not int(match[1]):
        raise ArgumentTypeError(_("“%(text)s”应写成 30m、6h、1d 或 2w") % {"text": text})
    return timedelta(**{UNITS[match[2]]: int(match[1])})


class Command(BaseCommand):
    help = _("新建一个数据报送，并打印一次它的令牌")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help=_("标识，如 lbx-wuhan"))
        scope = parser.add_mutually_exclusive_group(required=True)
        scope.add_argument("--all", action="store_true", help=_("可为全部药店报价"))
        scope.add_argument("--chain", metavar="NAME", default="", help=_("连锁企业名称"))
        scope.add_argument("--pharmacy", metavar="CODE", nargs="+", default=[], help=_("药店代码，可写多个"))
        parser.add_argument("--url", default="", help=_("定时拉取的地址"))
        parser.add_argument("--every", type=interval, help=_("拉取间隔，如 1d"))
        parser.add_argument("--cadence", type=interval, default=timedelta(days=7), help=_("报送周期，如 7d"))
        parser.add_argument("--snapshot", action="store_true", help=_("默认按全量报送（缺少的视为下架）"))
        parser.add_argument("--json", action="store_true", help=_("在标准输出打印一行 JSON"))
        parser.add_argument("--by", metavar="NAME", default=operator(), help=_("操作人（默认为登录名）"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            feed, token = feeds.add(
                options["slug"],
                by=options["by"],
                at=timezone.now(),
                chain=options["chain"],
                pharmacies=options["pharmacy"],
                url=options["url"],
                every=options["every"],
                cadence=options["cadence"],
                mode=Mode.SNAPSHOT if options["snapshot"] else Mode.DELTA,
            )
        except feeds.FeedProblem as problem:
            raise CommandError(str(problem)) from problem
        if options["json"]:
            self.stdout.write(json.dumps({"feed": feed.slug, "token": token}))
        else:
            self.stdout.write(f"token: {token}")
