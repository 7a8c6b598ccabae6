from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from prices.monitoring import night


class Command(BaseCommand):
    help = _("重做今晚的统计：汇总、复检、报送合规、缺口、落地、指标、指数（每晚自动运行；可以重复运行）")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            answers = night.work(timezone.now())
        except night.NightProblem as problem:
            raise CommandError(
                _("这些部分没有完成：%(names)s。其余部分已完成；原因见日志，改正后可以再运行一次") % {"names": problem}
            ) from problem
        if not answers:
            raise CommandError(_("今晚的统计正在由另一个进程进行：请等它完成"))
        for name, answer in answers.items():
            self.stdout.write(f"{name}：{answer}")
