"""Codes as people type or scan them: product code, approval number with or without 国药准字, barcode, trace code."""

import re

from catalog.search.asking import ask
from pharmacies.codes import normal_code

_PRODUCT = re.compile(r"[XZ][A-Z]\d{2}[A-Z0-9]{0,19}|T\d{3,9}", re.ASCII)
_APPROVAL = re.compile(r"国药准字(?:[HZSBTFJ]|[HZS][CJ])\d{0,8}|(?:[HZS][CJ]|[HZSBTFJ])\d{4,8}", re.ASCII)
_BARCODE = re.compile(r"69\d{4,11}", re.ASCII)
_TRACE = re.compile(r"(\d{7})(?:\d{13})?", re.ASCII)


def by_code(text: str, many: int) -> list[int]:
    """Ids of `many` drugs at least, where there are so many, that the text names by a code or by its beginning, best first; none where it is no code.

    Of a trace code only the first seven digits are used: the rest names one box, hence one buyer.
    """
    typed = normal_code(text)
    product, approval = _PRODUCT.fullmatch(typed), _APPROVAL.fullmatch(typed)
    barcode, trace = _BARCODE.fullmatch(typed), _TRACE.fullmatch(typed)
    if not (product or approval or barcode or trace):
        return []
    rows = ask(
        "by_code",
        {
            "code": f"{typed}%" if product else None,
            "approval": f"国药准字{typed.removeprefix('国药准字')}%" if approval else None,
            "barcode": f"{typed}%" if barcode else None,
            "trace": trace[1] if trace else None,
            "many": many,
        },
    )
    return [row[0] for row in rows]
