"""Why a preparation stands among the results when its own name does not say so: the trade name, maker or code."""

from collections.abc import Callable

from django.utils.translation import gettext

from catalog.models import Drug, Preparation
from catalog.pinyin import normal_text, readings
from catalog.search import words_of

Why = Callable[[Preparation, list[Drug]], str]


def reason(query: str) -> Why:
    """A function that says what matched: `商品名 络活喜`, `厂家 辉瑞制药有限公司`, or nothing for the name itself."""
    words = words_of(query)

    def why(preparation: Preparation, drugs: list[Drug]) -> str:
        own = f"{preparation.generic_name} {preparation.dosage_form} {preparation.strength}"
        said = (_of_word(word, drugs) for word in words if not _names(word, own, preparation.generic_name))
        return " · ".join(dict.fromkeys(text for text in said if text))

    return why


def _of_word(word: str, drugs: list[Drug]) -> str:
    for drug in drugs:
        if drug.trade_name and _names(word, drug.trade_name, drug.trade_name):
            return gettext("商品名 %(text)s") % {"text": drug.trade_name}
    for drug in drugs:
        if word == normal_text(drug.approval_no):
            return gettext("批准文号 %(text)s") % {"text": drug.approval_no}
        if drug.barcode and word == drug.barcode:
            return gettext("条形码 %(text)s") % {"text": drug.barcode}
        if len(word) > 5 and drug.code.startswith(word.upper()):
            return gettext("药品代码 %(text)s") % {"text": drug.code}
    for drug in drugs:
        if word in normal_text(drug.manufacturer):
            return gettext("厂家 %(text)s") % {"text": drug.manufacturer}
    return ""


def _names(word: str, text: str, spoken: str) -> bool:
    """The word stands in the text, or begins a reading of it."""
    if word in normal_text(text):
        return True
    if not (word.isascii() and word.isalpha()):
        return False
    said = readings(spoken)
    return any(reading.startswith(word) for reading in (*said.full, *said.initials))
