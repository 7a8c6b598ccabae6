"""Why a row was not published, in plain words, and what to do about it. The codes are stable; tills may read them."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Reason:
    says: Promise | str
    advice: Promise | str


REASONS: dict[str, Reason] = {
    "ragged": Reason(_("这一行的列数与表头不同"), _("检查这一行是否多了或少了分隔符，含逗号的内容请加引号")),
    "cut": Reason(_("文件在这一行中断"), _("文件没有传完，请重新导出并完整上传")),
    "pharmacy_missing": Reason(_("没有药店代码"), _("填写 12 位定点代码，如 P42010600001")),
    "pharmacy_unknown": Reason(_("药店代码或门店编号查不到"), _("核对定点代码；新门店请先登记，门店编号请先对照")),
    "pharmacy_out_of_scope": Reason(_("此报送无权为这家药店报价"), _("核对药店代码，或请管理员把药店加入此报送")),
    "pharmacy_not_designated": Reason(_("报价当日这家药店没有医保定点资格"), _("核对日期；资格有变请联系医保经办机构")),
    "drug_missing": Reason(_("没有药品代码"), _("填写国家医保药品代码")),
    "drug_mangled": Reason(_("药品代码被表格软件改成了科学计数"), _("把该列设为“文本”后重新导出，代码应为完整字符")),
    "drug_unknown": Reason(
        _("药品代码不在产品库里"), _("核对医保药品代码；自编码请先做编码对照，对照后此行会自动重报")
    ),
    "price_missing": Reason(_("没有价格"), _("填写零售价，例如 12.60；不再销售请删去此行")),
    "price_unreadable": Reason(_("价格无法识别"), _("只写数字，例如 12.60，不要写科学计数或文字")),
    "price_not_positive": Reason(_("价格不大于 0"), _("填写实际零售价；不再销售请删去此行")),
    "price_decimals": Reason(_("价格的小数位太多"), _("零售价最多两位小数，请四舍五入后再报")),
    "price_too_large": Reason(_("价格超过一千万元"), _("检查单位和列的顺序")),
    "stock_unknown": Reason(_("库存写法不认识"), _("写 in、low、out、order 或数量，也可以留空")),
    "time_invalid": Reason(_("时间无法识别"), _("写成 2026-11-21T08:00:00+08:00，要带时区")),
    "time_too_far": Reason(_("生效时间在 30 天以后"), _("最多提前 30 天报送，请到时再报")),
    "time_too_old": Reason(_("生效时间早于 2000 年"), _("检查时间列")),
    "kind_unknown": Reason(_("价格类别不认识"), _("写 declared、settled、member、promotion 或 delivery，也可以留空")),
    "kind_not_scheduled": Reason(_("只有零售价可以预报"), _("结算价、会员价等请在生效后报送")),
    "quantity_invalid": Reason(_("数量应为正整数"), _("写 1 到 9999 的整数，或留空")),
    "repeated": Reason(_("同一药店同一药品重复报送，内容相同"), _("已采用第一行，无需处理")),
    "duplicate": Reason(_("同一药店同一药品有几个不同的价格"), _("只保留正确的一行再报")),
    "superseded_in_file": Reason(_("同一文件里有更新的一行"), _("已采用时间最新的一行，无需处理")),
    "suspected_x10": Reason(_("像是应报价格的 10 倍"), _("检查小数点；价格属实请由专人填写理由后提交")),
    "suspected_x100": Reason(
        _("像是应报价格的 100 倍（单位可能是分）"), _("价格以元为单位；属实请由专人填写理由后提交")
    ),
    "suspected_div10": Reason(_("像是应报价格的十分之一"), _("检查小数点；价格属实请由专人填写理由后提交")),
    "suspected_div100": Reason(_("像是应报价格的百分之一"), _("检查小数点；价格属实请由专人填写理由后提交")),
    "suspected_per_unit": Reason(_("像是一片（一粒）的价格"), _("请报整盒的价格；属实请由专人填写理由后提交")),
    "suspected_times_pack": Reason(_("像是按片数乘过的价格"), _("请报一盒的价格；属实请由专人填写理由后提交")),
    "suspected_ambiguous": Reason(
        _("与上次价格相差悬殊，可能错了小数点或单位"), _("核对后再报；属实请由专人填写理由后提交")
    ),
}


def says(codes: list[str]) -> str:
    """The reasons as one sentence a pharmacist understands."""
    return gettext("；").join(str(REASONS[code].says) for code in codes)


def advice(codes: list[str]) -> str:
    """What to do, once for each different advice."""
    return gettext("；").join(dict.fromkeys(str(REASONS[code].advice) for code in codes))
