"""The letters of a case, 提醒函 and 约谈记录: filled from the frozen evidence, made once, kept with their digest.

A letter is Chinese whoever makes it. It speaks of a lead and of prices, never of a breach.
"""

import hashlib
import uuid
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from prices.models import Case, CaseDocument, CaseStep
from prices.money import yuan
from prices.monitoring import documents
from prices.monitoring.cases import evidence
from prices.monitoring.documents import Grid, Heading, Part, Space

Kind = CaseDocument.Kind
TITLES = {Kind.NOTICE: "提醒函", Kind.INTERVIEW: "约谈记录"}
HEADER = ("药品", "规格 / 生产企业", "标价（元）", "原价（元）", "同城参照（元）", "此价起始")
WIDTHS = (3.0, 3.4, 1.9, 1.9, 2.6, 2.8)
NOT_A_BREACH = "以上为价格异动线索，供核实之用，不等于违规。"
NOT_A_BREACH_EITHER = "以上为市民反馈，供核实之用，不等于违规。"
NOTICED = "我们在药品价格监测中注意到，你店以下药品的标价与同城药店或你店以往的价格差别较大："
REPORTED = "我们收到市民对你店的反馈，情况如下："
KINDS = {"price": "价格不符", "closed": "已关门", "hours": "营业时间", "place": "位置"}


def write(case: Case, step: CaseStep, *, kind: Kind, at: datetime) -> CaseDocument:
    """Make the letter of a step, once, in the caller's transaction."""
    data = _notice(case, step, at) if kind == Kind.NOTICE else _interview(case, step, at)
    name = default_storage.save(f"cases/{case.pk}/{uuid.uuid4().hex}", ContentFile(data))
    return CaseDocument.objects.create(
        case=case,
        step=step,
        kind=kind,
        number=step.document_number,
        stored=name,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        made_at=at,
    )


def read(document: CaseDocument) -> bytes | None:
    """The stored bytes; None where they are gone or are not what was stored."""
    if not default_storage.exists(document.stored):
        return None
    with default_storage.open(document.stored) as file:
        data: bytes = file.read()
    return data if hashlib.sha256(data).hexdigest() == document.sha256 else None


def question(case: Case, text: str, *, longest: int) -> str:
    """What the pharmacy reads at its desk: what we ask, and the prices it is about, as many as `longest` letters hold."""
    said = evidence.content(case.evidence)
    rows, ending = _rows(said), _not_a_breach(said)
    lines = [text]
    for n, row in enumerate(rows):
        name, spec, price, previous, middle, since = row
        line = f"{name} {spec}：标价 {price} 元（原价 {previous}，同城参照 {middle}，{since} 起）"
        rest = f"还有 {len(rows) - n} 种药品，见提醒函。"
        if len("\n".join((*lines, line, rest, ending))) > longest:
            lines.append(rest)
            break
        lines.append(line)
    return "\n".join((*lines, ending))


def only_drug(case: Case) -> int | None:
    """The one product that the case is about, if it is one."""
    drugs = set(case.leads.values_list("lead__drug_id", flat=True))
    return drugs.pop() if len(drugs) == 1 else None


def _notice(case: Case, step: CaseStep, at: datetime) -> bytes:
    said = evidence.content(case.evidence)
    until = f"{timezone.localtime(step.due_at):%Y年%-m月%-d日}" if step.due_at else "【日期】"
    parts: list[Part] = [
        NOTICED if said["leads"] else REPORTED,
        *_facts(said),
        _not_a_breach(said),
        step.reason,
        "根据《零售药店医疗保障定点管理暂行办法》（国家医疗保障局令第3号）和医保服务协议，请核对标价和上传数据；如属录入错误，"
        f"请更正；如有进价变动等原因，请说明并附材料。请在{until}前登录“药比三家”工作台，在“反馈与问询”中回复，也可书面回复。",
        "你店有权说明情况、提交材料。联系人：【姓名】，电话：【电话】。",
    ]
    return documents.letter(
        title=TITLES[Kind.NOTICE], number=step.document_number, to=case.pharmacy.name, parts=parts,
        sender=_sender(case), on=timezone.localdate(at), note=_note(case),
    )  # fmt: skip


def _interview(case: Case, step: CaseStep, at: datetime) -> bytes:
    said = evidence.content(case.evidence)
    when = f"{timezone.localtime(step.due_at):%Y年%-m月%-d日}前" if step.due_at else ""
    parts: list[Part] = [
        f"约谈时间：【年 月 日 时】（请在{when}进行）",
        "约谈地点：【地点】",
        f"约谈单位：{_sender(case)}",
        f"被约谈单位：{case.pharmacy.name}（{case.pharmacy.code}）",
        "到场人员及职务：【姓名、职务】",
        "约谈人：【姓名】　记录人：【姓名】",
        Heading("一、约谈事由"),
        step.reason,
        *_facts(said),
        _not_a_breach(said),
        Heading("二、药店说明"),
        *(f"此前回复：{each.reason}" for each in case.steps.filter(name="reply").order_by("revision")),
        Space("当面说明：", 4),
        Heading("三、约谈意见"),
        Space("", 4),
        Heading("四、签字"),
        "被约谈人：【签字】　日期：【日期】",
        "约谈人：【签字】　日期：【日期】",
    ]
    # No signature with a day below it: it is filled in and signed on the day of the interview.
    return documents.letter(
        title=TITLES[Kind.INTERVIEW],
        number=step.document_number,
        parts=parts,
        on=timezone.localdate(at),
        note=_note(case),
    )


def _not_a_breach(said: dict[str, Any]) -> str:
    return NOT_A_BREACH if said["leads"] else NOT_A_BREACH_EITHER


def _sender(case: Case) -> str:
    return f"{case.pharmacy.insurance_area.name}医疗保障部门（盖章）"


def _note(case: Case) -> str:
    return f"核查事项 {case.number} · 证据摘要 {case.evidence.sha256[:16]}"


def _facts(said: dict[str, Any]) -> list[Part]:
    rows = _rows(said)
    parts: list[Part] = [Grid(HEADER, rows, WIDTHS, (2, 3, 4))] if rows else []
    for report in said["reports"]:
        drug, price = report["drug"], report["price_fen"]
        words = [KINDS.get(report["kind"], report["kind"]), drug["name"] if drug else ""]
        words.append(f"市民所见价 {yuan(price)} 元" if price is not None else "")
        parts.append(f"市民反馈 {len(report['texts'])} 件：{'，'.join(filter(None, words))}。")
    return parts


def _rows(said: dict[str, Any]) -> list[tuple[str, ...]]:
    """The prices that the case is about, as the letter's table has them."""
    return [
        (
            lead["drug"]["name"] if lead["drug"] else "—",
            f"{lead['drug']['spec']} {lead['drug']['maker']}" if lead["drug"] else "—",
            _money(lead["price_fen"]),
            _money(lead["previous_fen"]),
            _money(_middle(lead["findings"])),
            _day(lead["since"]),
        )
        for lead in said["leads"]
    ]


def _middle(findings: list[dict[str, Any]]) -> int | None:
    """多数药店价, or else the middle of the city's shops, as the detectors saw it."""
    for name in ("mode_fen", "median_fen"):
        for finding in findings:
            if finding["inputs"].get(name):
                return int(finding["inputs"][name])
    return None


def _day(moment: str) -> str:
    """Shanghai's day of a moment of the evidence, with whatever offset it was written."""
    return timezone.localdate(datetime.fromisoformat(moment), timezone.get_default_timezone()).isoformat()


def _money(fen: int | None) -> str:
    return "—" if fen is None else f"{yuan(fen):,.2f}"
