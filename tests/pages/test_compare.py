"""The page of a drug and of a preparation: what insurance says, what is paid where, what a reference price is."""

import re
from datetime import date

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from catalog.models import DailyDose, PaymentStandard
from prices.statistics.roll_up import roll_up
from tests import factories
from tests.factories import since, small_town

pytestmark = pytest.mark.django_db
RESTRICTION = "限二甲双胍控制效果不佳的\nBMI≥25的患者；<首次>处方"


@pytest.fixture
def town(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: factories.AT)
    made = small_town()
    factories.run(factories.feed())
    return made


def page(client, town, query=""):
    return client.get(f"/drugs/{town.drug.code}{query}")


def names(response) -> list[str]:
    return [card.offer["pharmacy"]["name"] for card in response.context["cards"]]


def hospital(town, **fields):
    made = factories.pharmacy("协和医院", north_m=500, kind="hospital", **fields)
    factories.offer(town.drug, made, "10.00")
    factories.rebuild_today()
    return made


# -- what insurance says ----------------------------------------------------------------------------------------------


def test_a_restriction_stands_on_the_page_word_for_word(client, town):
    factories.match(town.drug, factories.listing(ins_class="乙", restriction=RESTRICTION))
    response = page(client, town)
    assert response.context["restrictions"][0].text == RESTRICTION
    assert "限二甲双胍控制效果不佳的\nBMI≥25的患者；&lt;首次&gt;处方</blockquote>" in response.content.decode()


def test_a_long_restriction_is_whole_in_the_page_though_it_is_folded(client, town):
    text = "限晚期患者。" * 60
    factories.match(town.drug, factories.listing(ins_class="乙", restriction=text))
    assert f">{text}</span>" in page(client, town).content.decode()


def test_of_a_candidate_neither_class_nor_restriction_nor_standard_is_said(client, town):
    row = factories.listing(ins_class="乙", restriction=RESTRICTION)
    factories.match(town.drug, row, state="candidate")
    PaymentStandard.objects.create(listing=row, amount="88.88")
    text = page(client, town).content.decode()
    assert "医保类别待核" in text
    for said in ("医保乙类", "限定支付范围", "88.88"):
        assert said not in text


def test_restrictions_that_differ_name_their_rows(client, town):
    other = factories.drug(town.drug.preparation, pack_count=28)
    factories.match(town.drug, factories.listing("甲药", dosage_form="片剂", restriction="限成人"))
    factories.match(other, factories.listing("乙药", dosage_form="胶囊"))
    (only,) = client.get(f"/preparations/{town.drug.preparation_id}").context["restrictions"]
    assert (only.text, only.of) == ("限成人", "甲药 片剂")


@pytest.mark.parametrize(
    ("later", "said"),
    [
        ({"ins_class": "甲", "kind": "常规"}, ["医保乙类改为医保甲类", "不再是国家谈判药，转入常规目录", "不再限定支付范围"]),
        ({"restriction": "限二线"}, ["限定支付范围为：限二线"]),
        ({"restriction": "限一线"}, []),
        ({"restriction": "限一线", "kind": "竞价"}, ["改为竞价药品"]),
        ({"generic_name": "别的药"}, ["新目录里没有找到同名的条目，是否继续报销还没有核对"]),
    ],
)  # fmt: skip
def test_what_the_next_edition_changes_is_said_before_its_day(client, town, later, said):
    base = {"generic_name": "氨氯地平", "ins_class": "乙", "kind": "谈判", "restriction": ""}
    factories.match(town.drug, factories.listing(**base | {"restriction": "限一线"}))
    assert page(client, town).context["changes"] == []
    factories.listing(**base | later, edition=factories.edition(2027))
    response = page(client, town)
    assert response.context["changes"] == said
    assert ("2027年1月1日起有变化" in response.content.decode()) == bool(said)


def test_a_renewed_agreement_says_its_new_end(client, town):
    base = {"generic_name": "氨氯地平", "ins_class": "乙", "kind": "谈判"}
    factories.match(town.drug, factories.listing(**base, agreement=DateRange(date(2026, 1, 1), date(2027, 1, 1))))
    factories.listing(**base, agreement=DateRange(date(2027, 1, 1), date(2029, 1, 1)), edition=factories.edition(2027))
    assert page(client, town).context["changes"] == ["国家谈判协议有效期改为到 2028年12月31日"]


# -- reference prices -------------------------------------------------------------------------------------------------


def test_reference_prices_say_unit_document_area_and_days(client, town):
    factories.reference_price(
        town.drug, "0.6480", kind="vbp", unit="smallest", supplier="reserve", document="鄂药采〔2026〕3号",
        valid=DateRange(date(2026, 1, 1), date(2027, 1, 1)),
    )  # fmt: skip
    factories.reference_price(town.drug, "13.23", kind="listed")
    tendered, listed = page(client, town).context["references"]
    assert (tendered.label, tendered.amount, tendered.converted) == ("集采中选价", "0.648 元/片", "约 9.07 元/盒")
    assert tendered.note == "备供企业"
    assert tendered.source == "湖北省，鄂药采〔2026〕3号，自2026年1月1日起，至 2026年12月31日"
    assert (listed.label, listed.amount, listed.converted) == ("挂网价", "13.23 元/盒", "约 0.945 元/片")


def test_a_confidential_standard_says_that_and_nothing_else(client, town):
    row = factories.listing(ins_class="乙", kind="谈判")
    factories.match(town.drug, row)
    PaymentStandard.objects.create(listing=row, spec="5mg", confidential=True)
    PaymentStandard.objects.create(listing=row, spec="10mg", amount="77.77")
    factories.reference_price(town.drug, "66.66", kind="payment_standard")
    response = page(client, town)
    (only,) = response.context["references"]
    assert (only.label, only.amount, only.converted, only.of, only.note) == (
        "医保支付标准", "", "", "", "支付标准保密，不公布",
    )  # fmt: skip
    said = re.sub(r"<[^>]*>", "", response.content.decode().partition("<main")[2])
    assert not re.search(r"66\.66|77\.77|[0-9]\s*[%％]", said)


def test_every_published_standard_of_the_row_names_its_specification(client, town):
    row = factories.listing(ins_class="乙", kind="谈判")
    factories.match(town.drug, row)
    for spec, amount in (("5mg", "3.0000"), ("10mg", "5.1050")):
        PaymentStandard.objects.create(listing=row, spec=spec, amount=amount)
    found = [(each.of, each.amount) for each in page(client, town).context["references"]]
    assert found == [("5mg", "3.00 元"), ("10mg", "5.105 元")]


def test_a_preparation_names_the_product_of_each_reference_price(client, town):
    factories.drug(town.drug.preparation, pack_count=28)
    factories.reference_price(town.drug, "13.23")
    (only,) = client.get(f"/preparations/{town.drug.preparation_id}").context["references"]
    assert only.of == "辉瑞制药有限公司 5mg×14片"


def test_a_standard_of_an_agreement_that_is_over_is_no_reference(client, town):
    days = {"ends tonight": date(2026, 11, 22), "ended": date(2026, 11, 21)}
    amounts = {"ends tonight": "2.00", "ended": "3.00"}
    for name, upper in days.items():
        row = factories.listing(name, ins_class="乙", kind="谈判", agreement=DateRange(date(2025, 1, 1), upper))
        factories.match(town.drug, row)
        PaymentStandard.objects.create(listing=row, amount=amounts[name])
    assert [each.amount for each in page(client, town).context["references"]] == ["2.00 元"]


# -- the two channels -------------------------------------------------------------------------------------------------


def test_pharmacies_and_institutions_are_two_lists_with_an_address_each(client, town):
    hospital(town)
    assert "协和医院" not in names(page(client, town))
    shops, institutions = page(client, town, "?city=420100").context["tabs"]
    assert (shops["label"], shops["chosen"], institutions["label"]) == ("药店", True, "医疗机构")
    response = client.get(institutions["url"])
    assert institutions["url"].endswith("?city=420100&institutions=hospital,clinic")
    assert names(response) == ["协和医院"]
    assert [tab["chosen"] for tab in response.context["tabs"]] == [False, True]
    assert '<input type="hidden" name="institutions" value="hospital,clinic">' in response.content.decode()


def test_an_empty_list_of_institutions_leads_back_to_pharmacies(client, town):
    response = page(client, town, "?institutions=hospital,clinic")
    assert {"label": "看药店", "url": f"/drugs/{town.drug.code}"} in response.context["empty"]["ways"]
    factories.drug_list("not_for_retail", factories.region(), town.drug)
    assert page(client, town).context["empty"]["ways"] == []


def test_a_card_says_whether_this_shop_is_a_dual_channel_shop_for_this_drug(client, town):
    yes = factories.pharmacy("双通道大药房", north_m=200, designations=("designated", "dual_channel"))
    factories.offer(town.drug, yes, "11.00")
    factories.rebuild_today()
    assert {card.paid for card in page(client, town).context["cards"]} == {None}
    factories.drug_list("dual_channel", factories.region(), town.drug)
    said = {card.offer["pharmacy"]["name"]: card.paid for card in page(client, town).context["cards"]}
    assert said["双通道大药房"].words == "可按双通道报销"
    assert said["双通道大药房"].explained == "药品和药店都在名单内（湖北省，2026年11月21日核对）；须电子处方"
    no = said["居中大药房"]
    assert (no.holds, no.words, no.explained) == (False, "此店不能按双通道报销", "在此购买不能享受双通道待遇")


def test_the_filter_leaves_only_shops_that_are_reimbursed(client, town):
    yes = factories.pharmacy("双通道大药房", north_m=200, designations=("designated", "dual_channel"))
    factories.offer(town.drug, yes, "30.00")
    factories.rebuild_today()
    factories.drug_list("dual_channel", factories.region(), town.drug)
    (way,) = page(client, town).context["paid_ways"]
    assert (way["label"], way["chosen"]) == ("只看能按双通道报销的店", False)
    response = client.get(way["url"])
    assert names(response) == ["双通道大药房"]
    (back,) = response.context["paid_ways"]
    assert back["chosen"]
    assert names(client.get(back["url"])) == names(page(client, town))


def test_of_a_hospital_it_is_not_said_that_the_shop_cannot(client, town):
    hospital(town)
    factories.drug_list("dual_channel", factories.region(), town.drug)
    (card,) = page(client, town, "?institutions=hospital,clinic").context["cards"]
    assert card.paid is None


def test_what_no_pharmacy_may_sell_has_a_notice_and_the_institutions_alone(client, town):
    hospital(town)
    factories.drug_list("not_for_retail", factories.region(), town.drug)
    response = page(client, town)
    assert "本品不在零售药店销售" in response.content.decode()
    assert [tab["label"] for tab in response.context["tabs"]] == ["医疗机构"]
    assert names(response) == ["协和医院"]
    assert "看医疗机构" not in response.content.decode()
    assert "history" not in response.context
    assert "history" in client.get(f"/drugs/{factories.drug().code}").context


def test_one_of_several_products_that_is_not_for_retail_leaves_the_pharmacies(client, town):
    factories.drug_list("not_for_retail", factories.region(), factories.drug(town.drug.preparation, pack_count=28))
    response = client.get(f"/preparations/{town.drug.preparation_id}")
    assert "其中 1 种产品不在零售药店销售" in response.content.decode()
    assert len(response.context["tabs"]) == 2


# -- cards ------------------------------------------------------------------------------------------------------------


def test_a_months_cost_is_said_where_a_reviewed_daily_dose_is_known(client, town):
    assert {card.monthly for card in page(client, town).context["cards"]} == {""}
    DailyDose.objects.create(
        generic_name="苯磺酸氨氯地平片", amount="5", unit="mg", source="WHO 2026", reviewed_by="药师"
    )
    first = page(client, town).context["cards"][0]
    assert (first.offer["price"], first.monthly) == ("12.60", "一个月约 27.00 元（按每天 1 片、30 天）")


def usual_is(town, *prices):
    for n, price in enumerate(prices):
        factories.offer(town.drug, factories.pharmacy(north_m=5000 + n), price)
    factories.rebuild_today()
    roll_up(factories.AT)


def savings(response) -> list[tuple[str, str]]:
    return [(card.offer["price"], card.saving) for card in response.context["cards"]]


def test_a_card_says_how_much_below_the_usual_price_of_its_city_it_is(client, town):
    usual_is(town, "15.00", "15.00", "15.01")
    response = page(client, town, "?city=420100")
    assert savings(response)[:4] == [("12.60", "便宜 2.40 元"), ("15.00", ""), ("15.00", ""), ("15.00", "")]
    assert response.context["usual"] == ("多数药店价 15.00 元", "武汉市药店最常见的标价（众数），6 家")
    assert page(client, town).context["usual"] == ("", "“便宜”：比那家店所在市的多数药店价（最常见的标价）低")


def test_a_stale_price_is_no_saving(client, town):
    usual_is(town, "15.00", "15.00")
    (stale,) = [card for card in page(client, town).context["cards"] if card.offer["stale"]]
    assert (stale.offer["price"], stale.saving) == ("11.00", "")


def test_too_few_shops_have_no_usual_price_and_nobody_saves(client, town):
    usual_is(town)
    assert page(client, town, "?city=420100").context["usual"] == ()
    assert {saving for _price, saving in savings(page(client, town))} == {""}


# -- other makers and packs -------------------------------------------------------------------------------------------


def test_other_makers_and_strengths_are_listed_with_quality_and_lowest_price(client, town):
    same = factories.drug(town.drug.preparation, pack_count=28, manufacturer="扬子江", quality="passed")
    stronger = factories.drug(factories.preparation(strength="10mg"), pack_count=14, manufacturer="京新")
    factories.offer(same, town.mid, "5.60")
    factories.offer(stronger, town.mid, "17.00")
    response = page(client, town)
    alike, other = response.context["others"].groups
    (line,) = alike.lines
    assert (line.maker, line.spec, line.quality, line.price) == ("扬子江", "5mg×28片", "通过一致性评价", "0.20 元/片")
    (line,) = other.lines
    assert (line.quality, line.converted) == ("未标明一致性评价", "按差比价折合5mg×14片：约 10.00 元")
    assert "换药请先问医生或药师" in response.content.decode()


def test_a_product_that_cannot_be_compared_by_unit_is_said_to_be_missing_and_listed_below(client, town):
    boxed = factories.drug(town.drug.preparation, pack_count=1, unit="盒", manufacturer="盒装药厂")
    factories.offer(boxed, town.mid, "1.00")
    response = client.get(f"/preparations/{town.drug.preparation_id}")
    assert "1.00" not in [card.offer["price"] for card in response.context["cards"]]
    assert "有 1 种产品的包装无法换算成单价" in response.content.decode()
    assert "盒装药厂" in [line.maker for group in response.context["others"].groups for line in group.lines]


def test_where_a_drug_is_not_exchanged_the_reason_stands_instead_of_others(client, town):
    of = factories.preparation("甲磺酸伊马替尼片", "片剂", "0.1g")
    code = "XL01EAY001A001{:09d}"
    one, other = (factories.drug(of, pack_count=60 + n, code=code.format(n), manufacturer=f"某{n}厂") for n in (1, 2))
    response = client.get(f"/drugs/{one.code}")
    assert response.context["others"].groups == ()
    assert response.context["others"].reason in response.content.decode()
    assert other.manufacturer not in response.content.decode()


def test_a_drug_that_has_no_others_has_no_such_section(client, town):
    response = page(client, town)
    assert not response.context["others"]
    assert 'id="others"' not in response.content.decode()


def test_a_page_takes_a_fixed_number_of_queries(client, town, django_assert_max_num_queries):
    area = factories.region()
    for n in range(12):
        drug = factories.drug(town.drug.preparation, pack_count=20 + n)
        factories.match(drug, factories.listing())
        factories.drug_list(
            ("dual_channel", "chronic_disease")[n % 2],
            area,
            drug,
            valid=since(date(2000 + n, 1, 1), date(2001 + n, 1, 1)),
        )
        factories.offer(drug, town.mid, f"{30 + n}.00")
        factories.reference_price(drug, "20.00")
    factories.drug_list("dual_channel", area, town.drug, valid=since(date(2026, 1, 1)))
    with django_assert_max_num_queries(29):
        client.get(f"/preparations/{town.drug.preparation_id}")
    with django_assert_max_num_queries(18):
        client.get(f"/preparations/{town.drug.preparation_id}", headers={"HX-Request": "true"})
