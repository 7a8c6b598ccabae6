"""What the API takes: strict about values, silent about parameters it does not know."""

import re
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from pharmacies.codes import normal_code
from pharmacies.geo import CoordinateError, Wgs84, coarse_point, read_point
from pharmacies.models import Pharmacy
from prices.models.feeds import Mode
from prices.search.lists import REIMBURSED_AS
from prices.search.plans import SORTS

MAX_RADIUS_M = 1_000_000
DEFAULT_RADIUS_M = 5_000.0
MAX_QUERY = 100
_PLAIN = re.compile(r"[-+]?[0-9]{1,12}(?:\.[0-9]{1,20})?")
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")


class Number(serializers.FloatField):
    """A number in plain decimal digits: no exponent, NaN or infinity, no other script's digits."""

    default_error_messages = {"invalid": _("应为数字，例如 1.5")}

    def to_internal_value(self, data: Any) -> float:
        if not _PLAIN.fullmatch(str(data).strip()):
            self.fail("invalid")
        return float(data)


class Whole(serializers.IntegerField):
    """A whole number in plain digits."""

    default_error_messages = {"invalid": _("应为整数")}

    def to_internal_value(self, data: Any) -> int:
        if not _WHOLE.fullmatch(str(data).strip()):
            self.fail("invalid")
        return int(data)


class Yuan(serializers.DecimalField):
    """An amount of yuan in plain digits with at most 2 decimals."""

    default_error_messages = {
        "invalid": _("应为数字，例如 1.5"),
        "max_decimal_places": _("最多两位小数"),
        "max_digits": _("最多两位小数"),
        "max_whole_digits": _("数字太大"),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=9, decimal_places=2, **options)

    def to_internal_value(self, data: Any) -> Decimal:
        if not _PLAIN.fullmatch(str(data).strip()):
            self.fail("invalid")
        return super().to_internal_value(data)


class Words(serializers.ListField):
    """Words separated by commas, or the parameter repeated: `pharmacy,hospital`."""

    def get_value(self, dictionary: Any) -> Any:
        given = ",".join(dictionary.getlist(self.field_name))
        return given.split(",") if given else serializers.empty


def bounded(low: int, high: int, **options: Any) -> dict[str, Any]:
    """Options of a number within bounds, with one sentence for both sides."""
    said: Promise = _("应在 {low} 到 {high} 之间")
    message = str(said).format(low=f"{low:,}", high=f"{high:,}")
    messages = {"min_value": message, "max_value": message}
    return {"min_value": low, "max_value": high, "error_messages": messages, **options}


class Query(serializers.Serializer[Any]):
    """Parameters of a list."""

    limit = Whole(**bounded(1, 100, default=20), help_text="每页条数")
    cursor = serializers.CharField(max_length=600, default="", help_text="上一页 next 地址里的 cursor")


def place_of(data: dict[str, Any]) -> Wgs84 | None:
    """`lat` and `lng` as a rounded point, both or neither. Raises `ValidationError`."""
    given = [name for name in ("lat", "lng") if data.get(name) is not None]
    if not given:
        return None
    if len(given) == 1:
        missing = "lng" if given == ["lat"] else "lat"
        raise serializers.ValidationError({missing: [_("lat 和 lng 要一起给出")]})
    try:
        exact = read_point(data["lng"], data["lat"], "wgs84")
    except CoordinateError as error:
        field = "lat" if abs(float(data["lat"])) > 90 else "lng"
        raise serializers.ValidationError({field: [str(error)]}) from error
    return coarse_point(exact.lng, exact.lat)


class OffersQuery(Query):
    drug = serializers.CharField(max_length=30, default="", help_text="国家医保药品代码；与 preparation 二选一")
    preparation = Whole(**bounded(1, 2**31 - 1), required=False, help_text="制剂编号；与 drug 二选一")
    lat = Number(required=False, help_text="纬度，WGS-84；与 lng 一起给出，先舍入到 3 位小数")
    lng = Number(required=False, help_text="经度，WGS-84")
    radius_m = Number(**bounded(1, MAX_RADIUS_M), required=False, help_text="半径（米）；有位置而无 region 时默认 5000")
    region = serializers.RegexField(
        r"^[0-9A-Za-z]{2,12}$",
        required=False,
        error_messages={"invalid": _("应为区划代码，例如 420106")},
        help_text="区划或统筹区代码；包括其下级",
    )
    sort = serializers.ChoiceField(
        SORTS,
        required=False,
        error_messages={"invalid_choice": _("不支持的排序“{input}”：可用 %(sorts)s") % {"sorts": "、".join(SORTS)}},
        help_text="默认：有位置时 nearest，否则 cheapest",
    )
    quantity = Whole(**bounded(1, 999, default=1), help_text="盒数，用于 cost")
    yuan_per_km = Yuan(**bounded(0, 100, default=Decimal(1)), help_text="每公里路费（元），用于 cost")
    per_pharmacy = serializers.BooleanField(default=False, help_text="每家药店只留最优的一条")
    in_stock = serializers.BooleanField(default=False, help_text="只要 in 或 low")
    open_now = serializers.BooleanField(default=False, help_text="只要现在营业的；营业时间未登记的不算")
    reimbursed_as = serializers.ChoiceField(REIMBURSED_AS, required=False, help_text="药品和药店都符合的报销方式")
    institutions = Words(
        child=serializers.ChoiceField(Pharmacy.Kind.values),
        default=["pharmacy"],
        help_text="机构类别，逗号分隔：pharmacy,hospital,clinic",
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if bool(data["drug"]) == ("preparation" in data):
            raise serializers.ValidationError({"drug": [_("请给出 drug（药品代码）或 preparation（制剂编号）之一")]})
        data["drug"] = normal_code(data["drug"])
        origin = data["origin"] = place_of(data)
        if origin is None and "region" not in data:
            raise serializers.ValidationError({"lat": [_("请给出 lat 和 lng，或者 region（区划代码）")]})
        if origin is None and "radius_m" in data:
            raise serializers.ValidationError({"radius_m": [_("半径要和 lat、lng 一起给出")]})
        data.setdefault("sort", "nearest" if origin else "cheapest")
        if origin is None and data["sort"] != "cheapest":
            raise serializers.ValidationError({"sort": [_("没有 lat 和 lng 时只能按 cheapest 排序")]})
        if origin and "region" not in data:
            data.setdefault("radius_m", DEFAULT_RADIUS_M)
        return data


class TextQuery(Query):
    q = serializers.CharField(
        max_length=MAX_QUERY,
        error_messages={
            "required": _("请给出 q：药名、商品名、厂家、拼音、首字母或代码"),
            "blank": _("q 是空的：请输入药名、商品名、厂家、拼音、首字母或代码"),
            "max_length": _("q 最多 {max_length} 个字"),
        },
        help_text="药名、商品名、厂家、拼音、首字母、批准文号、条码或代码",
    )


class PharmaciesQuery(Query):
    q = serializers.CharField(
        max_length=MAX_QUERY,
        default="",
        error_messages={"max_length": _("q 最多 {max_length} 个字")},
        help_text="名称、拼音首字母或机构代码",
    )
    lat = Number(required=False, help_text="纬度，WGS-84")
    lng = Number(required=False, help_text="经度，WGS-84")
    radius_m = Number(**bounded(1, MAX_RADIUS_M, default=DEFAULT_RADIUS_M), help_text="半径（米）")
    bbox = serializers.CharField(max_length=120, default="", help_text="west,south,east,north，WGS-84")

    def validate_bbox(self, text: str) -> tuple[float, float, float, float] | None:
        if not text:
            return None
        parts = [part.strip() for part in text.split(",")]
        if len(parts) != 4 or not all(_PLAIN.fullmatch(part) for part in parts):
            raise serializers.ValidationError(_("应为四个数字：西,南,东,北，例如 114.2,30.4,114.5,30.7"))
        west, south, east, north = (float(part) for part in parts)
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise serializers.ValidationError(
                _("应为 西,南,东,北：经度在 ±180、纬度在 ±90 之内，西不大于东，南不大于北")
            )
        return west, south, east, north

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        data["origin"] = place_of(data)
        if not (data["origin"] or data["bbox"] or data["q"]):
            raise serializers.ValidationError({"q": [_("请给出 q（名称），或 lat 和 lng，或 bbox")]})
        if data["bbox"] and (data["origin"] or data["q"]):
            raise serializers.ValidationError({"bbox": [_("bbox 不能与 q、lat、lng 同用")]})
        return data


class RunQuery(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(
        Mode.values,
        required=False,
        error_messages={"invalid_choice": _("mode 应为 snapshot（全量）或 delta（增量）")},
        help_text="默认按报送登记的方式",
    )


class RunBody(serializers.Serializer[Any]):
    """A file, or rows: one of the two."""

    file = serializers.FileField(required=False, allow_empty_file=True, help_text="CSV 或 JSON Lines 文件")
    rows = serializers.ListField(
        child=serializers.DictField(error_messages={"not_a_dict": _("每一行应为一个对象")}),
        required=False,
        allow_empty=False,
        error_messages={"empty": _("rows 里没有数据"), "not_a_list": _("rows 应为列表")},
        help_text='[{"pharmacy_code": …, "drug_code": …, "price": "12.60"}, …]',
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if len(data) != 1:
            raise serializers.ValidationError({"file": [_("请上传文件（字段 file），或在 JSON 里给出 rows")]})
        return data
