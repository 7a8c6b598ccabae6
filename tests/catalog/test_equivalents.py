"""Other makers and packs of the same drug: which groups they are in, what compares, and where nothing is offered."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from catalog import equivalents as e
from catalog.comparability import Factor, Refusal
from catalog.equivalents import Equivalent
from catalog.models import Drug, DrugListEntry

from .. import factories as f
from ..factories import AT, since

pytestmark = pytest.mark.django_db

ON = AT.date()


@pytest.fixture
def asked() -> Drug:
    return f.drug(f.preparation("测试洛尔片", "片剂", "5mg"), pack_count=14, manufacturer="甲厂", quality="originator")


def other(name: str = "测试洛尔片", form: str = "片剂", strength: str = "5mg", **fields: Any) -> Drug:
    said: dict[str, Any] = {"pack_count": 14, "manufacturer": "乙厂"} | fields
    return f.drug(f.preparation(name, form, strength), **said)


def found(asked: Drug) -> dict[int, Equivalent]:
    return {each.drug.pk: each for each in e.others(asked, on=ON)}


def test_the_groups_from_strict_to_loose(asked: Drug) -> None:
    twin = other(manufacturer="甲厂")
    pack = other(manufacturer="甲厂", pack_count=28)
    maker = other()
    strength = other(strength="10mg")
    form = other("测试洛尔胶囊", "胶囊剂", unit="粒")
    groups = [set(group(asked)) for group in (e.same_sku, e.four_same, e.three_same, e.comparable)]
    assert groups == [
        {asked},
        {asked, twin},
        {asked, twin, pack, maker},
        {asked, twin, pack, maker, strength, form},
    ]
    assert [(each.drug, each.relation) for each in e.others(asked, on=ON)] == [
        (twin, "four_same"),
        (maker, "three_same"),
        (pack, "three_same"),
        (strength, "comparable"),
        (form, "comparable"),
    ]


def test_of_more_than_are_looked_at_the_nearest_are_kept(asked: Drug, monkeypatch: pytest.MonkeyPatch) -> None:
    for _number in range(3):
        other(strength="10mg", manufacturer="A厂")  # before 甲厂 and 乙厂 by name
    maker, twin = other(), other(manufacturer="甲厂")
    monkeypatch.setattr(e, "MOST", 2)
    assert [each.drug for each in e.others(asked, on=ON)] == [twin, maker]


def test_packs_that_nobody_could_read_do_not_compare() -> None:
    one, box = other(pack_count=1, unit="盒", manufacturer="甲厂"), other(pack_count=1, unit="盒")
    (found,) = e.others(one, on=ON)
    assert (found.drug, found.by_unit) == (box, False)
    assert isinstance(found.factor, Refusal)
    assert found.factor.reason == "pack_unreadable"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("测试洛尔缓释片", "缓释片"),  # another group of forms
        ("测试洛尔注射液", "注射剂"),
        ("酒石酸测试洛尔片", "片剂"),  # another salt
        ("左测试洛尔片", "片剂"),
        ("测试洛尔氢氯噻嗪片", "片剂"),  # the name goes on: another substance with it
        ("测试洛尔片(Ⅱ)", "片剂"),
    ],
)
def test_another_name_salt_formula_or_way_in_is_another_drug(asked: Drug, name: str, form: str) -> None:
    other(name, form)
    assert e.others(asked, on=ON) == []


def test_what_is_drunk_is_not_compared_with_what_is_rubbed_in() -> None:
    drunk = f.drug(f.preparation("测试定溶液", "口服溶液剂", "100ml:1g"))
    f.drug(f.preparation("测试定溶液", "外用溶液剂", "100ml:1g"))
    assert e.others(drunk, on=ON) == []


def test_each_says_its_spec_unit_and_quality(asked: Drug) -> None:
    passed, silent = other(pack_count=28, quality="passed"), other(manufacturer="丙厂")
    said = found(asked)
    assert (said[passed.pk].spec, said[passed.pk].unit) == ("5mg×28片", "片")
    assert [said[drug.pk].quality for drug in (passed, silent)] == ["通过一致性评价", "未标明一致性评价"]
    assert all(each.representative == asked and each.allowed for each in said.values())


def test_prices_per_unit_compare_only_at_the_same_strength_form_and_unit(asked: Drug) -> None:
    same = other(pack_count=28)
    spelt = other(strength="0.005g", manufacturer="丁厂")
    strong, capsule, dispersible = (
        other(strength="10mg"),
        other("测试洛尔胶囊", "胶囊剂", unit="粒"),
        other("测试洛尔分散片", "分散片"),
    )
    said = found(asked)
    assert {pk for pk, each in said.items() if each.by_unit} == {same.pk, spelt.pk}
    assert {strong.pk, capsule.pk, dispersible.pk} < set(said)


def test_the_factor_is_against_the_drug_asked_about_or_says_why_there_is_none(asked: Drug) -> None:
    strong = other(strength="10mg", pack_count=28)
    compound = other(strength="5mg/10mg")
    capsule = other("测试洛尔胶囊", "胶囊剂", unit="粒")
    said = found(asked)
    assert said[strong.pk].factor == Factor(Decimal("3.315"), strength=Decimal(2), count=Decimal(2))
    refusals = {pk: each.factor for pk, each in said.items() if isinstance(each.factor, Refusal)}
    assert {pk: refusal.reason for pk, refusal in refusals.items()} == {
        compound.pk: "strength_unreadable",
        capsule.pk: "form",
    }
    assert not said[compound.pk].by_unit


def test_a_name_is_read_with_its_form_and_group() -> None:
    assert e.form_group("测试洛尔分散片", "分散片") == e.form_group("测试洛尔胶囊", "胶囊剂") == "口服常释剂型"
    assert e.form_group("碘酊", "酊剂") == "酊剂"  # drunk or rubbed in: the table leaves it open


def test_the_number_of_queries_does_not_grow_with_the_products(asked: Drug, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        other(manufacturer=f"{number}厂", strength=f"{number + 1}mg")
    with django_assert_max_num_queries(12):
        assert len(e.others(asked, on=ON)) == 12


# -- where nothing is offered -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("测试他滨片", {"code": "XL01BCK009A001010100001"}),
        ("测试曲唑片", {"code": "XL02BGL010A001010100001"}),
        ("测试平消片", {"code": "ZC01AAP0010010100001"}),
        ("测试杆菌三联活菌片", {"approval_no": "国药准字S10950032"}),
        ("甘精胰岛素注射液", {}),
        ("阿达木单抗注射液", {}),
        ("华法林钠片", {}),
        ("地高辛片", {}),
        ("苯妥英钠片", {}),
        ("丙戊酸钠片", {}),
        ("卡马西平片", {}),
        ("碳酸锂片", {}),
        ("氨茶碱片", {}),
        ("他克莫司胶囊", {}),
        ("环孢素软胶囊", {}),
        ("左甲状腺素钠片", {}),
    ],
)
def test_oncology_biological_and_narrow_range_drugs_are_not_exchanged(name: str, fields: dict[str, Any]) -> None:
    drug, neighbour = f.drug(f.preparation(name), **fields), f.drug(f.preparation(name))
    assert e.caution(drug, on=ON)
    assert [(each.drug, each.allowed) for each in e.others(drug, on=ON)] == [(neighbour, False)]


@pytest.mark.parametrize("kind", ["not_for_retail", "monitored"])
def test_restricted_drugs_are_not_exchanged_while_the_list_holds(asked: Drug, kind: str) -> None:
    maker = other()
    f.drug_list(kind, f.region(), asked, valid=since(date(2026, 1, 1), date(2027, 1, 1)))
    assert e.caution(asked, on=ON)
    assert not found(asked)[maker.pk].allowed
    assert not found(maker)[asked.pk].allowed  # nor is it offered instead of another
    assert e.caution(maker, on=ON) is None
    assert e.caution(asked, on=date(2027, 1, 1)) is None


def test_a_list_may_name_a_drug_by_its_generic_name(asked: Drug) -> None:
    listed = f.drug_list("not_for_retail", f.region())
    DrugListEntry.objects.create(drug_list=listed, generic_name="测试洛尔片", valid=listed.valid)
    assert e.caution(asked, on=ON)


@pytest.mark.parametrize("kind", ["dual_channel", "chronic_disease", "three_in"])
def test_lists_about_payment_restrict_no_exchange(asked: Drug, kind: str) -> None:
    f.drug_list(kind, f.region(), asked)
    assert e.caution(asked, on=ON) is None


def test_an_ordinary_drug_has_the_advice_and_no_caution(asked: Drug) -> None:
    assert e.caution(asked, on=ON) is None
    assert str(e.ADVICE) == "换药请先问医生或药师"
