import json
from argparse import ArgumentParser
from dataclasses import asdict
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from prices.generated import load
from prices.generated.size import Impossible, Size


class Command(BaseCommand):
    help = _("生成一个省的药店、药品和零售价（全部虚构，供测量），只能装进空库")

    def add_arguments(self, parser: ArgumentParser) -> None:
        usual = Size()
        parser.add_argument("--pharmacies", type=int, default=usual.pharmacies, help=_("药店和医疗机构数"))
        parser.add_argument("--drugs", type=int, default=usual.drugs, help=_("药品数"))
        parser.add_argument(
            "--offers-per-pharmacy", type=int, default=usual.offers_per_pharmacy, help=_("平均每家的零售价数")
        )
        parser.add_argument("--seed", type=int, default=usual.seed, help=_("种子：相同的参数得到相同的全省"))
        parser.add_argument("--json", action="store_true", help=_("在标准输出打印一行 JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        begun = monotonic()
        steps = self.stderr if options["json"] else self.stdout

        def tell(what: str) -> None:
            steps.write(f"{monotonic() - begun:6.1f} s  {what}", style_func=str)

        try:
            size = Size(**{name: options[name] for name in ("pharmacies", "drugs", "offers_per_pharmacy", "seed")})
            generated = load.generate(size, at=timezone.now(), tell=tell)
        except (Impossible, load.NotEmpty) as problem:
            raise CommandError(str(problem)) from problem
        if options["json"]:
            self.stdout.write(json.dumps(asdict(generated) | {"seconds": round(monotonic() - begun, 1)}))
