"""A catalogue of eight numbers that nobody has published: every kind of row the real one has, small enough to read."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from catalog.nrdl.load import Order

YEAR = 2030
FIRST = date(2031, 1, 1)
TOTALS = "western=2,patent=2,negotiated=4,class_a_western=1,class_a_patent=1"
HEADER = (
    "section,page,category_code,category_name,ins_class,no,star,name,dosage_form,pay_standard,remark,agreement_valid"
)
DAYS = "2031年1月1日至2032年12月31日"
ROWS = (
    "西药,1,XA01,示例口腔药,甲,1,0,示例洛尔,口服常释剂型,,,",
    "西药,1,XA02,示例胃药,乙,2,0,例子沙坦(样子沙坦),口服常释剂型,,,",
    "西药,2,XA02,示例胃药,乙,1,1,示例洛尔,注射剂,,限住院患者。,",
    "西药,2,XA02,示例胃药,乙,1,1,示例洛尔,缓释控释剂型,,,",
    "中成药,3,ZA01,示例解表剂,甲,1,0,样品颗粒(片、胶囊),,,,",
    "中成药,3,ZA01,示例解表剂,乙,2,0,样品丸,,,,",
    f"谈判西药,4,XC03,示例利尿剂,乙,1,0,试验单抗注射液,,*,限二线用药。,{DAYS}",
    f"谈判西药,4,XC03,示例利尿剂,乙,2,0,试验替尼片,,1.50元(10mg/片)；2.55元(20mg/片),,{DAYS}",
    f"谈判中成药,5,ZA01,示例解表剂,乙,1,0,试验口服液,,2.94元(10ml/支),,{DAYS}",
    f"竞价,6,XC03,示例利尿剂,乙,1,0,试验溶液,,30.00元(100ml/瓶),,{DAYS}",
)
HERBS = "no,name,mark\n1,示例根,\n2,示例叶,□\n3,示例花,□; 限示例患者\n"


def text(replaced: Mapping[int, str] = MappingProxyType({}), *, rows: tuple[str, ...] = ROWS) -> str:
    """The file; `replaced` exchanges rows by their position, an empty one takes the row out."""
    lines = [replaced.get(at, line) for at, line in enumerate(rows)]
    return "\n".join([HEADER, *filter(None, lines)]) + "\n"


def order(*, totals: str = TOTALS, herbs: str | None = None, **fields: object) -> Order:
    values: dict[str, object] = {
        "year": YEAR,
        "first": FIRST,
        "document": "示例医保发〔2030〕1号",
        "source": "small.csv",
    }
    return Order(**{**values, "totals": totals, "herbs": herbs.encode() if herbs else None, **fields})  # type: ignore[arg-type]  # the test says which fields
