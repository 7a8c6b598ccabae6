import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from prices import consistency


class Command(BaseCommand):
    help = _("核对零售价、变动与批次是否一致")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help=_("在标准输出打印一行 JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        found = consistency.problems()
        if options["json"]:
            self.stdout.write(json.dumps({"problems": [str(problem) for problem in found]}, ensure_ascii=False))
        elif not found:
            self.stdout.write(_("一致：核对了 %(n)d 项") % {"n": len(consistency.promises())})
        if found:
            raise CommandError("\n".join(str(problem) for problem in found))
