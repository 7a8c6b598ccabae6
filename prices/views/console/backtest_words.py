"""What a back-test found, in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from prices.models import BackTest
from prices.monitoring.backtests import Answer
from prices.views import words


@dataclass(frozen=True, slots=True)
class Verdict:
    """`found` first; the others are empty where there is nothing to say."""

    found: str
    overlap: str
    precision: str
    missing: str

    def __iter__(self) -> Iterator[str]:
        return iter([each for each in (self.found, self.overlap, self.precision, self.missing) if each])


def verdict(back_test: BackTest, answer: Answer) -> Verdict:
    total = answer.total
    days = {"first": words.day(back_test.first), "last": words.day(back_test.last), "n": f"{total.found:,}"}
    found = (
        ngettext("%(first)s至%(last)s会给出 %(n)s 条线索", "%(first)s至%(last)s会给出 %(n)s 条线索", total.found) % days
    )
    if total.a_day is not None:
        found += gettext("，平均每天 %(n)s 条") % {"n": f"{total.a_day:,.1f}"}
    return Verdict(found + gettext("。"), _overlap(answer), _precision(answer), _missing(answer))


def _overlap(answer: Answer) -> str:
    total = answer.total
    if not total.were:
        return gettext("那段时间还没有线索可以对照。")
    values = {"known": f"{total.known:,}", "new": f"{total.new:,}", "were": f"{total.were:,}"}
    return gettext("其中 %(known)s 条当时已是线索，%(new)s 条当时没有发现；当时一共有 %(were)s 条线索。") % values


def _precision(answer: Answer) -> str:
    total = answer.total
    if total.precision is None:
        return gettext("还没有办结的核查事项可以用来判断对错。")
    values = {"labelled": total.labelled, "confirmed": total.confirmed, "share": f"{total.precision:.0%}"}
    said = gettext("有核查结论的 %(labelled)s 条里，%(confirmed)s 条属实（查实率 %(share)s）。") % values
    if total.recall is not None and total.confirmed_were > total.confirmed:
        missed = total.confirmed_were - total.confirmed
        said += gettext("当时查实的另有 %(n)s 条，按这个草案不会发现。") % {"n": missed}
    return said


def _missing(answer: Answer) -> str:
    missed = answer.days - answer.total.covered
    if not missed:
        return ""
    return gettext("有 %(n)s 天没有药价汇总，无从与其他药店相比，没有计入。") % {"n": missed}
