"""What the columns of a till's export mean: proposed from their headers, confirmed once by a person, remembered.

The proposal is a table of headers that Chinese pharmacy software writes; a person may choose otherwise.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

OURS = {
    "pharmacy_code": gettext_lazy("门店（编号或定点代码）"),
    "drug_code": gettext_lazy("医保编码"),
    "their_code": gettext_lazy("本店商品编码"),
    "barcode": gettext_lazy("条码"),
    "approval_no": gettext_lazy("批准文号"),
    "name": gettext_lazy("品名"),
    "spec": gettext_lazy("规格"),
    "maker": gettext_lazy("生产厂家"),
    "price": gettext_lazy("零售价"),
    "member": gettext_lazy("会员价"),
    "stock": gettext_lazy("库存"),
    "effective_at": gettext_lazy("执行日期"),
}
"""Our column → its name on screen, in the order in which they are offered."""

HEADERS = {
    "pharmacy_code": "pharmacy_code 门店编号 门店编码 门店代码 门店号 店号 药店编号 药店编码 药店代码 机构编码 机构代码 定点代码 定点机构代码 分店编号 分店编码",
    "drug_code": "drug_code 医保编码 医保代码 医保码 国家医保编码 国家医保代码 国家医保药品代码 医保药品代码 医保药品编码 国家编码 国家码 国家药品代码 医保目录编码 医保统一编码",
    "their_code": "商品编码 商品编号 商品代码 商品货号 货号 自编码 药品编码 药品编号 药品代码 编码 编号 内部编码 物料编码 商品id",
    "barcode": "barcode 条码 条形码 商品条码 商品条形码 国际条码 69码 ean ean13 国条码",
    "approval_no": "approval_no 批准文号 国药准字 批文号 批准文号/注册证号 注册证号 批准文号或注册证号",
    "name": "品名 商品名称 药品名称 通用名 通用名称 名称 商品通用名 药品通用名 产品名称 品名规格 商品名",
    "spec": "规格 包装规格 商品规格 药品规格 规格型号 产品规格",
    "maker": "manufacturer 生产厂家 厂家 生产企业 生产单位 生产厂商 厂商 制造商 上市许可持有人 生产商 生产企业名称",
    "price": "price 零售价 售价 零售单价 销售价 销售单价 单价 价格 标价 零售价格 门店零售价 药店零售价 挂牌价",
    "member": "会员价 会员单价 会员零售价 会员价格",
    "stock": "stock 库存 库存数量 库存量 数量 现存量 当前库存 可用库存 结存数量 实际库存 门店库存",
    "effective_at": "effective_at 执行日期 生效日期 生效时间 执行时间 调价日期",
}
NEEDED = ("price",)
NAMING = ("drug_code", "their_code", "barcode", "approval_no", "name")
"""At least one of these must say which product a row is about."""


def _plain(header: str) -> str:
    return re.sub(r"[\s*:：_]+", "", unicodedata.normalize("NFKC", header)).lower()


_KNOWN = {_plain(header): (ours, rank) for ours, line in HEADERS.items() for rank, header in enumerate(line.split())}


class ColumnsUnclear(ValueError):
    """The chosen columns cannot be used; the message says what to change."""


def propose(names: Iterable[str]) -> dict[str, str]:
    """Their column → ours, for the headers that are known. Where two mean one of ours, the more usual one wins."""
    best: dict[str, tuple[int, str]] = {}
    for name in names:
        found = _KNOWN.get(_plain(name)) or _KNOWN.get(_plain(re.sub(r"[(（].*?[)）]", "", name)))
        if found is not None and (found[0] not in best or found[1] < best[found[0]][0]):
            best[found[0]] = (found[1], name)
    return {name: ours for ours, (_rank, name) in best.items()}


def check(mapping: Mapping[str, str], names: Iterable[str], *, chain: bool) -> dict[str, str]:
    """The mapping (their column → ours) as chosen, without columns left out. Raises `ColumnsUnclear`."""
    columns = set(names)
    chosen = {their: our for their, our in mapping.items() if our in OURS and their in columns}
    for our in OURS:
        several = [their for their, each in chosen.items() if each == our]
        if len(several) > 1:
            raise ColumnsUnclear(
                _("“%(a)s”和“%(b)s”都选成了%(our)s：只能选一列") % {"a": several[0], "b": several[1], "our": OURS[our]}
            )
    ours = set(chosen.values())
    if missing := [str(OURS[our]) for our in NEEDED if our not in ours]:
        raise ColumnsUnclear(_("请指出哪一列是%(what)s") % {"what": "、".join(missing)})
    if not ours & set(NAMING):
        raise ColumnsUnclear(_("请至少指出一列说明是哪种药：医保编码、条码、批准文号或品名"))
    if chain and "pharmacy_code" not in ours:
        raise ColumnsUnclear(_("总部的表格要有一列说明是哪家门店：门店编号或定点代码"))
    return chosen


DOWNLOADED = ("医保编码", "品名", "规格", "生产厂家", "批准文号", "条码", "零售价", "会员价", "库存")
"""The headers of our own download; `exports` writes them, in this order."""


def is_own_download(names: Iterable[str]) -> bool:
    """Our own download comes back: nothing to confirm."""
    return set(DOWNLOADED) <= set(names)


def signature(names: Iterable[str]) -> str:
    """What a layout is remembered by: its headers, in their order."""
    return hashlib.sha256("\n".join(_plain(name) for name in names).encode()).hexdigest()
