import sys
from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pharmacies.files import FileProblem, read_bytes
from pharmacies.importers.command import operator
from prices.ingest import outcome, runs
from prices.ingest.receive import Refused, receive
from prices.models import Feed, FeedRun
from prices.models.feeds import Mode

FORMATS = {".jsonl": "jsonl", ".ndjson": "jsonl"}


class Command(BaseCommand):
    help = _("报送一个价格文件：接收、读取、核对、发布，都在前台完成")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help=_("报送标识（见 add_feed）"))
        parser.add_argument("file", metavar="FILE", type=Path, help=_("CSV 或 JSON Lines 文件"))
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--snapshot", dest="mode", action="store_const", const=Mode.SNAPSHOT, help=_("全量"))
        mode.add_argument("--delta", dest="mode", action="store_const", const=Mode.DELTA, help=_("增量"))
        parser.add_argument("--dry-run", action="store_true", help=_("走完全部步骤，但不留下任何东西"))
        parser.add_argument("--errors", metavar="FILE", type=Path, help=_("退回的行写到此文件（默认在输入文件旁）"))
        parser.add_argument("--json", action="store_true", help=_("在标准输出打印一行 JSON"))
        parser.add_argument("--by", metavar="NAME", default=operator(), help=_("操作人（默认为登录名）"))

    def handle(self, *args: Any, **options: Any) -> None:
        feed = Feed.objects.filter(slug=options["slug"]).first()
        if feed is None:
            raise CommandError(_("没有报送 %(slug)s：先用 add_feed 新建") % {"slug": options["slug"]})
        with transaction.atomic() if options["dry_run"] else nullcontext():
            run = self._ingest(feed, options)
            outcome.tell(self, run, as_json=options["json"], errors=options["errors"], beside=options["file"])
            if options["dry_run"]:
                transaction.set_rollback(True)
        sys.exit(outcome.exit_status(run))

    def _ingest(self, feed: Feed, options: dict[str, Any]) -> FeedRun:
        try:
            run = receive(
                feed=feed,
                data=read_bytes(options["file"], limit=settings.FEED_MAX_BYTES),
                at=timezone.now(),
                channel=FeedRun.Channel.COMMAND,
                format=FORMATS.get(options["file"].suffix.lower(), "csv"),
                mode=options["mode"],
                queued=False,
            )
        except (FileProblem, Refused) as problem:
            raise CommandError(str(problem)) from problem
        return runs.process_now(run.pk)
