from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from prices.demo import load, outlines, people, watching
from prices.ingest.receive import Refused


class Command(BaseCommand):
    help = _("装入演示省份（湖北；药店和价格都是虚构的）")

    def handle(self, *args: Any, **options: Any) -> None:
        if load.is_there():
            self.stdout.write(_("演示数据已在，不再装入"))
            _staff()
            return
        try:
            path = outlines.hubei_geojson(settings.VAR / "cache")
            loaded = load.load(outlines=path, at=timezone.now(), tell=self.stdout.write)
        except (load.NotEmpty, outlines.OutlinesUnavailable) as problem:
            raise CommandError(str(problem)) from problem
        except Refused as problem:
            raise CommandError(
                _("上次没有装完，而演示数据的内容已有变化（%(why)s）：请换一个空库再装") % {"why": problem}
            ) from problem
        load.analyze()
        _staff()
        self.stdout.write(
            _("演示数据：%(pharmacies)d 家药店和医疗机构，%(drugs)d 种药品，%(offers)d 个价格，%(runs)d 批报送")
            % {name: getattr(loaded, name) for name in ("pharmacies", "drugs", "offers", "runs")}
        )


def _staff() -> None:
    """Log-ins for staff and officials, and the work they find and have done."""
    people.open_accounts(at=timezone.now(), notes=settings.VAR / "demo-logins.txt")
    watching.work(at=timezone.now())
