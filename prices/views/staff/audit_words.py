"""The log of what people did, in words: which action, about what, what changed."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from catalog.models import Drug
from pharmacies.access import Place, Role
from pharmacies.models import AuditEvent, PlaceProposal
from prices.models import Case, FeedRun, Inquiry, ReportGroup
from prices.models.feeds import Mode
from prices.money import yuan
from prices.monitoring.cases.table import NAMES as STEP_NAMES
from prices.views import words

ACTIONS = {
    "account.create": gettext_lazy("建立账号"),
    "account.enrol": gettext_lazy("绑定手机"),
    "account.locked": gettext_lazy("账号在一个网络地址暂时锁定"),
    "account.log_in": gettext_lazy("登录"),
    "account.log_out": gettext_lazy("退出登录"),
    "account.log_out_everywhere": gettext_lazy("退出所有设备"),
    "account.password": gettext_lazy("修改密码"),
    "account.recovery_renew": gettext_lazy("换一批恢复码"),
    "account.recovery_use": gettext_lazy("用恢复码登录"),
    "audit.export": gettext_lazy("导出操作日志"),
    **{f"case.{name}": name_of for name, name_of in STEP_NAMES.items()},
    "case.download": gettext_lazy("下载核查事项的文件"),
    "backtest.start": gettext_lazy("开始历史回测"),
    "backtest.stop": gettext_lazy("停止历史回测"),
    "chain.announce": gettext_lazy("安排定时调价"),
    "chain.price": gettext_lazy("统一改价"),
    "chain.renumber": gettext_lazy("更新门店编号"),
    "chain.withdraw": gettext_lazy("取消定时调价"),
    "console.brief": gettext_lazy("导出专报"),
    "console.export": gettext_lazy("导出监测表格"),
    "decide_match": gettext_lazy("审核目录匹配"),
    "demo.begin": gettext_lazy("开始装入演示数据"),
    "demo.load": gettext_lazy("装入演示数据"),
    "desk.confirm": gettext_lazy("确认价格无变化"),
    "desk.edit": gettext_lazy("改价格"),
    "desk.undo": gettext_lazy("撤销改价"),
    "drug.pack_corrected": gettext_lazy("更正药品包装数量"),
    "feed.add": gettext_lazy("新建数据报送"),
    "freeze.make": gettext_lazy("本期定稿"),
    "freeze.start": gettext_lazy("发起本期定稿"),
    "import_aliases": gettext_lazy("导入编码对照"),
    "import_daily_doses": gettext_lazy("导入每日用量"),
    "import_drugs": gettext_lazy("导入药品"),
    "import_edition": gettext_lazy("导入医保目录"),
    "import_list": gettext_lazy("导入名单"),
    "import_pharmacies": gettext_lazy("导入药店"),
    "import_reference_prices": gettext_lazy("导入参考价"),
    "import_regions": gettext_lazy("导入地区"),
    "import_schemes": gettext_lazy("导入集采批次"),
    "import_thresholds": gettext_lazy("导入阈值方案"),
    "lead.dismiss": gettext_lazy("排除线索"),
    "inquiry.close": gettext_lazy("办结反馈或问询"),
    "inquiry.open": gettext_lazy("转来反馈或问询"),
    "inquiry.reply": gettext_lazy("回复反馈或问询"),
    "invitation.accept": gettext_lazy("用邀请单加入"),
    "invitation.create": gettext_lazy("开邀请单"),
    "invitation.reset": gettext_lazy("开重置单"),
    "invitation.revoke": gettext_lazy("撤回邀请单"),
    "match_drugs": gettext_lazy("计算目录匹配"),
    "membership.begin": gettext_lazy("给予角色"),
    "membership.end": gettext_lazy("结束角色"),
    "place.decide": gettext_lazy("核实药店位置"),
    "place.propose": gettext_lazy("申请移动药店位置"),
    "prices.generate": gettext_lazy("生成测试数据"),
    "rejection.settle": gettext_lazy("处理退回行"),
    "report.answer": gettext_lazy("答复市民反馈"),
    "report.ask": gettext_lazy("请药店说明市民反馈"),
    "report.case": gettext_lazy("把市民反馈并入核查事项"),
    "rule.change": gettext_lazy("修改规则"),
    "run.refuse": gettext_lazy("退回整批"),
    "run.release": gettext_lazy("放行整批"),
    "sheet.apply": gettext_lazy("公示上传的表格"),
    "sheet.columns": gettext_lazy("确认表格的列"),
    "sheet.discard": gettext_lazy("放弃上传的表格"),
    "sheet.match": gettext_lazy("配对表格中的药品"),
    "sheet.take_back": gettext_lazy("撤回已公示的表格"),
    "sheet.upload": gettext_lazy("上传表格"),
    "shop.change": gettext_lazy("改药店信息"),
    "shop.special": gettext_lazy("登记节假日营业时间"),
    "shop.special_removed": gettext_lazy("删除节假日营业时间"),
    "till.create": gettext_lazy("新建接口令牌"),
    "till.revoke": gettext_lazy("作废接口令牌"),
    "till.rotate": gettext_lazy("更换接口令牌"),
}
SUBJECTS = {
    "catalog.Alias": gettext_lazy("编码对照"),
    "catalog.Drug": gettext_lazy("药品"),
    "catalog.Edition": gettext_lazy("医保目录"),
    "catalog.ListingMatch": gettext_lazy("目录匹配"),
    "pharmacies.AuditEvent": gettext_lazy("操作日志"),
    "pharmacies.Chain": gettext_lazy("连锁总部"),
    "pharmacies.Invitation": gettext_lazy("邀请单"),
    "pharmacies.Membership": gettext_lazy("角色"),
    "pharmacies.Pharmacy": gettext_lazy("药店"),
    "pharmacies.User": gettext_lazy("账号"),
    "prices.Case": pgettext_lazy("one", "核查事项"),
    "prices.BackTest": pgettext_lazy("one", "历史回测"),
    "prices.Feed": gettext_lazy("数据报送"),
    "prices.FeedRun": pgettext_lazy("one", "报送批次"),
    "prices.Freeze": gettext_lazy("本期定稿"),
    "prices.Freezing": gettext_lazy("本期定稿"),
    "prices.Inquiry": pgettext_lazy("one", "反馈与问询"),
    "prices.Offer": gettext_lazy("零售价"),
    "prices.Rejection": gettext_lazy("退回行"),
    "prices.ReportGroup": gettext_lazy("市民反馈"),
    "prices.Rule": gettext_lazy("监测规则"),
    "prices.Upload": gettext_lazy("表格"),
}
KEYS = {
    "address": gettext_lazy("网络地址"),
    "cadence_days": gettext_lazy("几天报一次"),
    "case": pgettext_lazy("one", "核查事项"),
    "changed": gettext_lazy("改价"),
    "changes": gettext_lazy("改动数"),
    "created": gettext_lazy("新增"),
    "detector": pgettext_lazy("one", "规则"),
    "parameters": gettext_lazy("参数"),
    "active": gettext_lazy("启用"),
    "rule": gettext_lazy("原规则"),
    "days": gettext_lazy("天数"),
    "document": pgettext_lazy("paper", "文件"),
    "drug": gettext_lazy("药品"),
    "factor": gettext_lazy("第二因素"),
    "failures": gettext_lazy("失败次数"),
    "first": gettext_lazy("第一天"),
    "from": gettext_lazy("从"),
    "file": gettext_lazy("文件名"),
    "hours": gettext_lazy("营业时间"),
    "last": gettext_lazy("最后一天"),
    "kind": gettext_lazy("类别"),
    "lat": gettext_lazy("纬度"),
    "leads": gettext_lazy("线索"),
    "left": gettext_lazy("剩余"),
    "lng": gettext_lazy("经度"),
    "member": gettext_lazy("会员价"),
    "mode": gettext_lazy("报送方式"),
    "moved_m": gettext_lazy("移动（米）"),
    "n": gettext_lazy("数量"),
    "name": gettext_lazy("名字"),
    "new": gettext_lazy("新增"),
    "outcome": gettext_lazy("结果"),
    "phone": gettext_lazy("电话"),
    "price": gettext_lazy("价格"),
    "price_fen": gettext_lazy("价格"),
    "prices": gettext_lazy("价格"),
    "refused": gettext_lazy("退回"),
    "removed": gettext_lazy("移除"),
    "report": gettext_lazy("反馈"),
    "reports": pgettext_lazy("several", "市民反馈"),
    "returned": gettext_lazy("已撤回"),
    "role": gettext_lazy("角色"),
    "rows": gettext_lazy("行数"),
    "run": gettext_lazy("批次"),
    "same": gettext_lazy("未变"),
    "scheduled": gettext_lazy("定时"),
    "services": gettext_lazy("服务"),
    "sha256": gettext_lazy("摘要"),
    "shops": gettext_lazy("门店"),
    "state": gettext_lazy("状态"),
    "stock": gettext_lazy("库存"),
    "suspected": gettext_lazy("疑似录错"),
    "title": gettext_lazy("标题"),
    "unmatched": gettext_lazy("待配对"),
    "unchanged": gettext_lazy("未变"),
    "updated": gettext_lazy("更新"),
    "upto": gettext_lazy("到（不含）"),
    "username": gettext_lazy("用户名"),
    "vanishing": gettext_lazy("文件没有"),
    "warned": gettext_lazy("有提醒"),
    "within": gettext_lazy("限于地区"),
}
WORDS: dict[str, dict[str, Any]] = {
    "kind": dict(Inquiry.Kind.choices),
    "mode": dict(Mode.choices),
    "report": dict(ReportGroup.State.choices),
    "outcome": dict(Case.Outcome.choices),
    "role": dict(Role.choices),
    "state": dict([*Case.State.choices, *FeedRun.State.choices, *Inquiry.State.choices, *PlaceProposal.State.choices]),
}
"""Values that are words of a choice."""
_CODE = re.compile(r"[A-Z0-9]{20,23}")
_PHONE = re.compile(r"(?<!\d)(\d{3})\d{4}(\d{4})(?!\d)")
SHOWN = 12
"""Changes of an event that a page shows; the file has them all."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was changed: what it was before and is after, "" where it was or is not."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One event as the page shows it."""

    at: datetime
    anchor: str
    who: str
    account: str  # of `who`; "" for a command line
    action: str
    about: str
    place: str  # where it was, if that is not the place of the page
    changes: list[Change]
    more: int  # changes that are not shown
    reason: str
    role: str = ""  # what `who` is, where that is no person
    link: str = ""  # to what it is about

    @property
    def time(self) -> str:
        return f"{_local(self.at):%H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Day:
    label: str
    lines: list[Line]


def days(lines: Iterable[Line]) -> list[Day]:
    """Lines, newest first, under the days (Asia/Shanghai) on which it happened."""
    found: dict[date, Day] = {}
    for line in lines:
        on = _local(line.at).date()
        found.setdefault(on, Day(words.day(on), [])).lines.append(line)
    return list(found.values())


def _local(at: datetime) -> datetime:
    return timezone.localtime(at, timezone.get_default_timezone())


def lines(events: Iterable[AuditEvent], place: Place) -> list[Line]:
    """The events, in their order, as a page of `place` shows them."""
    rows = list(events)
    drugs = _drugs(rows)
    return [_line(event, place, drugs) for event in rows]


def _line(event: AuditEvent, place: Place, drugs: dict[str, str]) -> Line:
    changes = changes_of(event.before, event.after, drugs)
    where = event.pharmacy or event.chain or event.area
    user = event.actor
    return Line(
        at=event.at,
        anchor=f"e{event.pk}",
        who=user.display_name if user else event.actor_name,
        account=event.actor_name if user and user.display_name != event.actor_name else "",
        action=action(event.action),
        about=" ".join(filter(None, (str(SUBJECTS.get(event.subject, event.subject)), event.subject_id))),
        place=where.name if where is not None and where != place else "",
        changes=changes[:SHOWN],
        more=max(0, len(changes) - SHOWN),
        reason=event.reason,
    )


def action(name: str) -> str:
    """What was done; a name that has no words yet is shown as it is."""
    return str(ACTIONS.get(name, name))


def changes_of(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, drugs: Mapping[str, str]
) -> list[Change]:
    """What differs between `before` and `after`, in their order."""
    old, new = before or {}, after or {}
    keys = [*new, *(key for key in old if key not in new)]
    return [
        Change(_label(key, drugs), _value(key, old.get(key)), _value(key, new.get(key)))
        for key in keys
        if old.get(key) != new.get(key)
    ]


def _label(key: str, drugs: Mapping[str, str]) -> str:
    if key in KEYS:
        return str(KEYS[key])
    return _CODE.sub(lambda code: drugs.get(code.group(), code.group()), key)


def _value(key: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, str) and value in WORDS.get(key, {}):
        return str(WORDS[key][value])
    if key == "price_fen":
        return words.money(yuan(value))
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _PHONE.sub(r"\1****\2", said) if key == "username" else said


def _drugs(events: Iterable[AuditEvent]) -> dict[str, str]:
    """Names of the drugs whose codes are among the keys of the events."""
    keys = {key for event in events for each in (event.before, event.after) for key in each or ()}
    codes = {code for key in keys for code in _CODE.findall(key)}
    if not codes:
        return {}
    rows = Drug.objects.filter(code__in=codes).select_related("preparation")
    return {drug.code: f"{drug.preparation.generic_name} {_spec(drug)} {drug.manufacturer}" for drug in rows}


def _spec(drug: Drug) -> str:
    return f"{drug.preparation.strength}×{drug.pack_count}{drug.unit}"
