from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from prices.generated import load
from prices.generated.size import Size


class Command(BaseCommand):
    help = _("生成一个省的药店、药品和零售价（全部虚构，供测量），只能装进空库")

    def add_arguments(self, parser: CommandParser) -> None:
        usual = Size()
        parser.add_argument("--pharmacies", type=int, default=usual.pharmacies)
        parser.add_argument("--drugs", type=int, default=usual.drugs)
        parser.add_argument("--offers-per-pharmacy", type=int, default=usual.offers_per_pharmacy)
        parser.add_argument("--seed", type=int, default=usual.seed)

    def handle(self, *args: Any, **options: Any) -> None:
        begun = monotonic()
        names = ("pharmacies", "drugs", "offers_per_pharmacy", "seed")

        def tell(what: str) -> None:
            self.stdout.write(f"{monotonic() - begun:6.1f} s  {what}")

        try:
            size = Size(**{name: options[name] for name in names})
            load.generate(size, at=timezone.now(), tell=tell)
        except ValueError as problem:
            raise CommandError(str(problem)) from problem
