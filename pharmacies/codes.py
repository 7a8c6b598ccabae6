"""Codes of institutions: the insurance code of a pharmacy (`P`) or medical institution (`H`), and the 统一社会信用代码.

These are shape and check-digit gates only; whether a code exists is for the tables to say.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

_INSTITUTION = re.compile(r"(?P<kind>[PH])(?P<adcode>[0-9]{6})(?P<serial>[0-9]{5})")
_USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


class CodeError(ValueError):
    """A code that cannot be taken. `reason` is stable; the message says what is wrong and what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def normal_code(text: str) -> str:
    """A code as typed, without the accidents of typing: full-width forms, blanks, lower case."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper()


@dataclass(frozen=True, slots=True)
class InstitutionCode:
    """定点零售药店代码 / 定点医疗机构代码.

    `adcode` is the division of *registration*; where the institution stands today is a column of its own.
    """

    kind: Literal["P", "H"]
    adcode: str
    serial: str

    def __str__(self) -> str:
        return f"{self.kind}{self.adcode}{self.serial}"


def parse_institution_code(text: str) -> InstitutionCode:
    """`P31010100003` -> kind P, adcode 310101, serial 00003. Raises `CodeError` (`institution_code`)."""
    code = normal_code(text)
    match = _INSTITUTION.fullmatch(code)
    if match is None:
        raise CodeError(
            "institution_code",
            _("机构代码“%(code)s”不对：应为 P（药店）或 H（医疗机构）加 6 位区划代码加 5 位顺序号，共 12 位")
            % {"code": code[:40]},
        )
    return InstitutionCode("P" if match["kind"] == "P" else "H", match["adcode"], match["serial"])


def uscc_check_character(body: str) -> str:
    """Check character of the first 17 characters (GB 32100-2015): (31 - weighted sum mod 31) mod 31.

    The last mod matters: without it a sum divisible by 31 gives index 31, which is no character.
    """
    total = sum(_USCC_ALPHABET.index(c) * weight for c, weight in zip(body, _USCC_WEIGHTS, strict=True))
    return _USCC_ALPHABET[(31 - total % 31) % 31]


def clean_uscc(text: str) -> str:
    """统一社会信用代码, normalised and checked. Raises `CodeError` (`uscc_form`, `uscc_check`)."""
    code = normal_code(text)
    if not _USCC.fullmatch(code):
        raise CodeError(
            "uscc_form",
            _("统一社会信用代码“%(code)s”不对：应为 18 位数字和大写字母（不含 I、O、S、V、Z）") % {"code": code[:40]},
        )
    if code[17] != uscc_check_character(code[:17]):
        raise CodeError(
            "uscc_check",
            _("统一社会信用代码“%(code)s”的校验位不对：请对照营业执照重新抄录") % {"code": code},
        )
    return code


def is_valid_uscc(text: str) -> bool:
    """Whether `clean_uscc` would take it."""
    try:
        clean_uscc(text)
    except CodeError:
        return False
    return True
