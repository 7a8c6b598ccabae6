"""What officials are offered to write: to the pharmacy, and to the citizens. Chinese whoever is logged in: so they read it."""

from catalog.models import Drug
from pharmacies.models import Pharmacy
from prices.models import Offer, ReportGroup
from prices.money import yuan

Kind = ReportGroup.Kind
READY: dict[str, tuple[str, ...]] = {
    Kind.PRICE: (
        "已请药店核对，药店已改正，谢谢您的反馈。",
        "已核对，店内标价与申报价一致，您看到的可能是另一种包装或厂家。",
        "已转请市场监管部门处理，您也可以拨打 12315 了解。",
    ),
    Kind.CLOSED: ("已核实，药店已停业，信息已更正，谢谢您的反馈。", "已核实，药店正常营业。"),
    Kind.HOURS: ("营业时间已更正，谢谢您的反馈。", "已核对，登记的营业时间无误。"),
    Kind.PLACE: ("药店位置已更正，谢谢您的反馈。", "已核对，登记的位置无误。"),
}


def product(drug: Drug) -> str:
    kind = drug.preparation
    return f"{kind.generic_name} {kind.strength}×{drug.pack_count}{drug.unit} · {drug.manufacturer}"


def question(group: ReportGroup, pharmacy: Pharmacy, drug: Drug | None, offer: Offer | None) -> str:
    """The facts of a group, as a question to the pharmacy; what citizens wrote themselves is not in it."""
    if group.kind == Kind.CLOSED:
        return "有市民反映贵店已关门或长期没有营业。请说明现在是否营业；已停业的，请办理有关手续。"
    if group.kind == Kind.HOURS:
        hours = f"（登记为 {pharmacy.hours}）" if pharmacy.hours else ""
        return f"有市民反映贵店的营业时间{hours}与实际不符。请核对，有误的请更正。"
    if group.kind == Kind.PLACE:
        return f"有市民反映贵店登记的位置（{pharmacy.address}）与实际不符。请核对，有误的请更正。"
    seen = f"店内标价为 {yuan(group.price_fen)} 元" if group.price_fen else "店内标价与申报的价格不一致"
    declared = f"，贵店申报的零售价为 {yuan(offer.price_fen)} 元" if offer else ""
    about = f"“{product(drug)}”" if drug else "一种药品"
    return f"有市民反映{about}{seen}{declared}。请核对并说明原因；申报有误的，请更正申报的价格。"
