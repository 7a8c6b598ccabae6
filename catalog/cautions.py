"""Drugs for which no "same drug of another maker" is offered, as data: oncology, biologicals, narrow therapeutic range.

General pharmaceutical knowledge, to be read by a pharmacist before citizens rely on it; erring on the side of silence.
Names are parts of generic names: 茶碱 covers 氨茶碱 and 多索茶碱.
"""

from django.utils.translation import gettext_lazy

ONCOLOGY_CLASSES = ("XL01", "XL02", "ZC")
"""Beginnings of product codes: antineoplastics, endocrine therapy, 中成药 of the class 肿瘤用药."""

BIOLOGICAL_APPROVALS = ("国药准字S",)
BIOLOGICAL_CLASSES = ("XA10A", "XB02BD", "XJ06", "XJ07", "XL03AA", "XL03AB")
"""Insulins, coagulation factors, sera and immunoglobulins, vaccines, colony stimulating factors, interferons."""
BIOLOGICAL_NAMES = (
    *(
        "胰岛素",
        "单抗",
        "球蛋白",
        "白蛋白",
        "干扰素",
        "疫苗",
        "类毒素",
        "抗毒素",
        "抗血清",
        "凝血因子",
        "凝血酶原复合物",
    ),
    *("人生长激素", "促红素", "粒细胞刺激因子", "肉毒", "融合蛋白", "白介素", "血小板生成素"),
)

NARROW_RANGE = {
    gettext_lazy("抗凝强度随剂量变化大，须按凝血指标调整，不要自行换厂家"): ("华法林",),
    gettext_lazy("有效量与中毒量接近，不要自行换厂家"): (
        *("地高辛", "毛花苷", "苯妥英", "碳酸锂", "茶碱", "奎尼丁", "普鲁卡因胺", "普罗帕酮", "胺碘酮", "氯氮平"),
    ),
    gettext_lazy("控制癫痫须保持血药浓度稳定，不要自行换厂家"): (
        *("丙戊酸", "卡马西平", "奥卡西平", "苯巴比妥", "扑米酮", "乙琥胺", "拉莫三嗪"),
    ),
    gettext_lazy("防排异须保持血药浓度稳定，不要自行换厂家"): (
        *("他克莫司", "环孢素", "西罗莫司", "依维莫司", "吗替麦考酚酯"),
    ),
    gettext_lazy("剂量须按甲状腺功能精细调整，不要自行换厂家"): ("左甲状腺素",),
}
"""Why small differences between makers matter -> parts of generic names."""
