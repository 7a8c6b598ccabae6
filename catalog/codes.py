"""Codes that name a drug: 国家医保药品代码, 批准文号, 本位码, 商品条码, 追溯码.

Shapes and check digits only, a first gate: whether a code exists is for the tables to say. Every reader takes text as
typed (full-width forms, blanks, lower case), returns the canonical form, and raises `CodeError` with a reason code.
"""

import re
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from pharmacies.codes import CodeError, normal_code

_WESTERN = re.compile(r"(X)([A-Z]\d{2}[A-Z]{2})([A-Z]\d{3})([A-Z]\d{3})(\d{4})(\d{5})", re.ASCII)
_PATENT = re.compile(r"(Z)([A-Z]\d{2}[A-Z]{2})([A-Z]\d{4})()(\d{4})(\d{5})", re.ASCII)
_HERB = re.compile(r"T\d{9}", re.ASCII)
_APPROVAL = re.compile(r"国药准字(?:[HZSBTFJ]|[HZS][CJ])\d{8}", re.ASCII)
_STANDARD = re.compile(r"86[0-9][0-9A-Z]{10}\d", re.ASCII)
_BARCODE = re.compile(r"69\d{11}", re.ASCII)
_TRACE = re.compile(r"(\d{7})(?:\d{13})?", re.ASCII)
_SPREADSHEET_NUMBER = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.ASCII)

__all__ = [
    "CodeError",
    "DrugCode",
    "MangledBySpreadsheet",
    "clean_approval_no",
    "clean_barcode",
    "clean_standard_code",
    "parse_drug_code",
    "standard_code_warning",
    "trace_prefix",
]


class MangledBySpreadsheet(CodeError):
    """A long code that a spreadsheet turned into 8.69E+13: its last digits are gone and cannot be guessed."""

    def __init__(self, text: str) -> None:
        super().__init__(
            "spreadsheet_number",
            _(
                "编码“%(text)s”被电子表格改成了科学计数法，后几位已丢失：请把该列设为“文本”格式，"
                "从原系统重新导出；不要在表格里改回数字"
            )
            % {"text": text.strip()[:40]},
        )


def _code(text: str) -> str:
    code = normal_code(text)
    if _SPREADSHEET_NUMBER.fullmatch(code):
        raise MangledBySpreadsheet(text)
    return code


@dataclass(frozen=True, slots=True)
class DrugCode:
    """国家医保药品代码, split. It has no check digit.

    western `X` (23 characters): classification (ATC level 4), name, form, spec and pack, company;
    Chinese patent medicine `Z` (20): the same without a form, which its name includes;
    herbal piece `T` (10): its nine digits are in `name`, everything else is empty.
    `spec` is a running number of the company: never compare it across companies.
    """

    kind: Literal["X", "Z", "T"]
    classification: str
    name: str
    form: str
    spec: str
    company: str

    def __str__(self) -> str:
        return f"{self.kind}{self.classification}{self.name}{self.form}{self.spec}{self.company}"

    @property
    def class_key(self) -> str:
        """药品分类代码 of the insured drug catalogue (`XC08CA`); empty for a herbal piece."""
        return self.kind + self.classification if self.classification else ""


def parse_drug_code(text: str) -> DrugCode:
    """`XC08CAB037A001020180517`, `ZA04CAE0023010100166` or `T001700368`. Raises `CodeError` (`drug_code`)."""
    code = _code(text)
    if match := _WESTERN.fullmatch(code):
        return DrugCode("X", *match.groups()[1:])
    if match := _PATENT.fullmatch(code):
        return DrugCode("Z", *match.groups()[1:])
    if _HERB.fullmatch(code):
        return DrugCode("T", "", code[1:], "", "", "")
    raise CodeError(
        "drug_code",
        _(
            "国家医保药品代码“%(code)s”不对（%(n)d 位）：西药为 X 开头 23 位，中成药为 Z 开头 20 位，"
            "中药饮片为 T 开头 10 位；请从国家医保信息业务编码标准数据库查对"
        )
        % {"code": code[:40], "n": len(code)},
    )


def clean_approval_no(text: str) -> str:
    """批准文号: `国药准字 H20184010` -> `国药准字H20184010`. Raises `CodeError` (`approval_no`)."""
    number = _code(text)
    if not _APPROVAL.fullmatch(number):
        raise CodeError(
            "approval_no",
            _("批准文号“%(number)s”不对：应为“国药准字”加字母加 8 位数字，例如 国药准字H20184010")
            % {"number": number[:40]},
        )
    return number


def clean_standard_code(text: str) -> str:
    """药品本位码, 14 characters starting with 86. Raises `CodeError` (`standard_code`) for another shape only."""
    code = _code(text)
    if not _STANDARD.fullmatch(code):
        raise CodeError("standard_code", _("药品本位码“%(code)s”不对：应为 86 开头的 14 位编码") % {"code": code[:40]})
    return code


def standard_code_warning(code: str) -> str:
    """What is odd about the check digit of a clean 本位码, or "". The check rule is inferred, so it never refuses.

    A code that holds letters (some overseas products) has no check digit that could be computed.
    """
    if not code.isdigit() or code[-1] == (expected := _mod10(code[:-1])):
        return ""
    return _("药品本位码“%(code)s”的校验位与常见算法不符（应为 %(expected)s）：请核对是否抄错") % {
        "code": code,
        "expected": expected,
    }


def clean_barcode(text: str) -> str:
    """商品条码, EAN-13 of China (690–699). Raises `CodeError` (`barcode`, `barcode_check`)."""
    code = _code(text)
    if not _BARCODE.fullmatch(code):
        raise CodeError("barcode", _("商品条码“%(code)s”不对：应为 69 开头的 13 位数字") % {"code": code[:40]})
    if code[-1] != _mod10(code[:-1]):
        raise CodeError("barcode_check", _("商品条码“%(code)s”的校验位不对：请对照包装重新扫描") % {"code": code})
    return code


def trace_prefix(text: str) -> str:
    """药品标识码: the first 7 of the 20 digits of a 追溯码, or the 7 digits themselves.

    The other 13 digits name one box, hence one buyer: they are dropped here and stored nowhere.
    Raises `CodeError` (`trace_code`).
    """
    match = _TRACE.fullmatch(_code(text))
    if match is None:
        raise CodeError("trace_code", _("追溯码不对：应为 20 位数字，或只填前 7 位药品标识码"))
    return match[1]


def _mod10(body: str) -> str:
    """GS1 check digit: weights 3, 1, 3, … from the right."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)
