"""Finding a drug: suggestions, why a result is one, tiles, lists and classes, and text nobody should type."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Category, DrugListEntry, Preparation
from tests import factories
from tests.factories import AT, since, small_town

pytestmark = pytest.mark.django_db
ON = AT.date()


@pytest.fixture
def town(monkeypatch):
    """The small town, seen at its own moment."""
    monkeypatch.setattr(timezone, "now", lambda: AT)
    made = small_town()
    factories.run(factories.feed())
    return made


def product(name: str, form: str = "片剂", strength: str = "5mg", **fields):
    return factories.drug(factories.preparation(name, form, strength), **fields)


def shown(response) -> list[str]:
    return [row["name"] for row in response.context["preparations"]]


# -- suggestions ------------------------------------------------------------------------------------------------------


def test_a_suggestion_leads_to_the_only_preparation_of_its_name(client, town):
    response = client.get("/suggest?q=络活")
    assert [(row.name, row.matched) for row in response.context["suggestions"]] == [("苯磺酸氨氯地平片", "络活喜")]
    assert f'href="/preparations/{town.drug.preparation_id}"' in response.content.decode()


def test_a_name_of_several_strengths_leads_to_the_search(client, town):
    product("苯磺酸氨氯地平片", strength="10mg")
    (row,) = client.get("/en/suggest?q=bhsaldp").context["suggestions"]
    assert row.url.startswith("/en/search?q=%E8%8B%AF")


def test_a_code_leads_to_its_product(client, town):
    (row,) = client.get(f"/suggest?q={town.drug.code}").context["suggestions"]
    assert row.url == f"/drugs/{town.drug.code}"


def test_suggestions_are_kept_by_nobody_and_say_how_many_they_are(client, town):
    response = client.get("/suggest?q=氨氯")
    assert set(response["Cache-Control"].split(", ")) == {"private", "no-store"}
    assert 'data-said="1 条建议，按上下键选择"' in response.content.decode()
    assert not response.cookies
    assert "没有建议" in client.get("/suggest?q=zzzz").content.decode()


@pytest.mark.parametrize(
    "text", ["", "   ", "%00", "💊💊", "'; DROP TABLE catalog_drug; --", "%25_%25", "字" * 1000, "<script>"]
)
def test_any_text_may_be_typed(client, town, text):
    for path in ("/suggest", "/search", "/en/search"):
        response = client.get(path, {"q": text})
        assert response.status_code == 200
        assert b"<script>alert" not in response.content
        assert b"<script></" not in response.content


# -- results ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("氨氯地平", ""),
        ("bhsaldp", ""),
        ("络活喜", "商品名 络活喜"),
        ("lhx", "商品名 络活喜"),
        ("辉瑞", "厂家 辉瑞制药有限公司"),
        ("氨氯地平 辉瑞", "厂家 辉瑞制药有限公司"),
        ("氨氯地平 5mg", ""),
        ("氨氯地平 0.005g", ""),
        ("苯磺酸氨氯地平片", ""),
    ],
)
def test_a_result_says_what_matched_when_its_name_does_not(client, town, query, why):
    (row,) = client.get("/search", {"q": query}).context["preparations"]
    assert (row["name"], " ".join(row["why"])) == ("苯磺酸氨氯地平片", why)


def test_a_code_approval_number_or_barcode_is_named_as_such(client, town):
    made = product("盐酸二甲双胍片", approval_no="国药准字H99000001", barcode="6901234567892")
    for query, why in [
        (made.code, f"药品代码 {made.code}"),
        ("国药准字H99000001", "批准文号 国药准字H99000001"),
        ("6901234567892", "条形码 6901234567892"),
    ]:
        (row,) = client.get("/search", {"q": query}).context["preparations"]
        assert row["why"] == (why,)


def test_the_code_of_one_product_leads_to_that_product_with_its_own_price(client, town):
    cheap = factories.drug(town.drug.preparation, pack_count=28)
    factories.offer(cheap, town.near_dear, "2.80")
    response = client.get("/search", {"q": town.drug.code})
    assert f'href="/drugs/{town.drug.code}"' in response.content.decode()
    (row,) = response.context["preparations"]
    assert [str(part) for part in row["cheapest"]] == ["0.9000", "片"]


def test_beside_a_trade_name_stands_what_that_product_costs(client, town):
    other = factories.drug(town.drug.preparation, manufacturer="别家制药有限公司", trade_name="")
    factories.offer(other, town.near_dear, "1.40")
    (row,) = client.get("/search", {"q": "络活喜"}).context["preparations"]
    assert ([str(part) for part in row["cheapest"]], [str(part) for part in row["asked"]]) == (
        ["0.1000", "片"],
        ["0.9000", "片"],
    )
    (row,) = client.get("/search", {"q": "氨氯地平"}).context["preparations"]
    assert row["asked"] is None


def test_what_no_pharmacy_may_sell_is_said_to_be_in_institutions_alone(client, town):
    assert "只在医疗机构" not in client.get("/search?q=氨氯地平").content.decode()
    factories.drug_list("not_for_retail", factories.region(), town.drug)
    page = client.get("/search?q=氨氯地平").content.decode()
    assert "只在医疗机构" in page
    assert "暂无价格" not in page


def test_the_two_diseases_are_named_in_the_language_of_the_page(client, town):
    made = factories.drug_list("two_diseases", factories.region())
    made.entries.create(generic_name=town.drug.preparation.generic_name, note="高血压", valid=made.valid)
    made.entries.create(generic_name="盐酸二甲双胍片", note="糖尿病", valid=made.valid)
    assert "<h3>Hypertension</h3>" in client.get("/en/").content.decode()
    page = client.get(f"/en/browse/lists/{made.pk}", {"note": "高血压"}).content.decode()
    assert "<h1>Hypertension and diabetes programme · Hypertension<" in page


def test_on_an_english_page_names_from_the_data_stay_chinese_and_say_so(client, town):
    page = client.get("/en/search", {"q": "络活喜"}).content.decode()
    assert '<span lang="zh-CN">络活喜</span></span>' in page
    assert "&lt;span" not in page


def test_an_old_name_is_named_beside_todays(client, town):
    product("硝苯地平片", strength="10mg")
    (row,) = client.get("/search", {"q": "心痛定"}).context["preparations"]
    assert (row["name"], row["why"]) == ("硝苯地平片", ("又名 心痛定",))


def test_a_slip_finds_what_is_near_and_the_page_says_so(client, town):
    response = client.get("/search", {"q": "氨绿地平"})
    assert shown(response) == ["苯磺酸氨氯地平片"]
    assert "没有名称完全相符的药" in response.content.decode()
    for exact in ("氨氯地平", "络活喜", "辉瑞", "bhsaldp", "anlvdiping", "氨氯地平 5", town.drug.code, "氨氯地平 辉瑞"):
        assert "没有名称完全相符的药" not in client.get("/search", {"q": exact}).content.decode(), exact


def test_traditional_characters_find_the_same(client, town):
    response = client.get("/search", {"q": "絡活喜"})
    assert shown(response) == ["苯磺酸氨氯地平片"]
    assert response.context["preparations"][0]["why"] == ("商品名 络活喜",)


def test_a_result_has_its_makers_and_the_lowest_price_of_a_tablet(client, town):
    (row,) = client.get("/search?q=氨氯地平").context["preparations"]
    assert row["makers"] == 1
    assert [str(part) for part in row["cheapest"]] == ["0.9000", "片"]


def test_a_pack_that_nobody_could_read_is_not_the_lowest_price(client, town):
    boxed = factories.drug(town.drug.preparation, pack_count=1, unit="盒")
    factories.offer(boxed, town.near_dear, "0.10")
    (row,) = client.get("/search?q=氨氯地平").context["preparations"]
    assert [str(part) for part in row["cheapest"]] == ["0.9000", "片"]


def test_a_long_question_is_cut_and_the_page_says_so(client, town):
    response = client.get("/search", {"q": "氨" * 1000})
    assert response.context["query"] == "氨" * 60
    assert "您输入的字太多，只按前 60 个字查" in response.content.decode()
    assert "您输入的字太多" not in client.get("/search", {"q": "氨" * 60}).content.decode()


def test_nothing_found_says_what_to_try_and_where_to_browse(client, town):
    factories.drug_list("two_diseases", factories.region(), town.drug)
    page = client.get("/search?q=zzzz").content.decode()
    assert "没有找到这种药" in page
    assert 'href="/browse"' in page
    assert "“两病”用药" in page


def test_only_spaces_ask_what_is_looked_for(client, town):
    assert "您要查什么药？" in client.get("/search", {"q": "   "}).content.decode()


# -- home -------------------------------------------------------------------------------------------------------------


def tiles(client) -> dict[str, list[str]]:
    groups = client.get("/").context["groups"]
    return {group.label: [tile.preparation.generic_name for tile in group.tiles] for group in groups}


def test_home_offers_the_two_diseases_first_each_name_once(client, town):
    area = factories.region()
    pressure = factories.drug_list("two_diseases", area, town.drug)
    metformin = product("盐酸二甲双胍片", strength="0.5g")
    product("盐酸二甲双胍片", strength="0.25g")
    product("感冒灵颗粒", "颗粒剂", "10g")
    statin = product("阿托伐他汀钙片", strength="20mg")
    DrugListEntry.objects.update(note="高血压")
    entry = {"generic_name": metformin.preparation.generic_name, "note": "糖尿病", "valid": since()}
    DrugListEntry.objects.create(drug_list=pressure, **entry)
    factories.drug_list("chronic_disease", area, statin, metformin)
    assert tiles(client) == {
        "高血压": ["苯磺酸氨氯地平片"],
        "糖尿病": ["盐酸二甲双胍片"],
        "其他慢性病": ["阿托伐他汀钙片"],
    }


def test_a_tile_names_the_originators_trade_name(client, town):
    product("苯磺酸氨氯地平片", trade_name="压氏达", manufacturer="华润赛科")
    town.drug.quality = "originator"
    town.drug.save()
    factories.drug_list("two_diseases", factories.region(), town.drug)
    (group,) = client.get("/").context["groups"]
    assert [tile.trade_name for tile in group.tiles] == ["络活喜"]


def test_without_a_list_home_offers_what_most_makers_sell(client, town):
    product("盐酸二甲双胍片")
    product("盐酸二甲双胍片", pack_count=20)
    assert list(tiles(client).values()) == [["盐酸二甲双胍片", "苯磺酸氨氯地平片"]]


def test_an_ended_list_has_no_tiles_and_no_page(client, town):
    ended = factories.drug_list("two_diseases", factories.region(), town.drug, valid=since(end=ON))
    assert list(tiles(client)) == ["厂家最多的药"]
    assert client.get(f"/browse/lists/{ended.pk}").status_code == 404


# -- browsing ---------------------------------------------------------------------------------------------------------


def test_a_list_names_drugs_names_with_or_without_a_form_and_reviewed_listings(client, town):
    listed = factories.drug_list("dual_channel", factories.region(), town.drug)
    product("达格列净片")
    product("达格列净片", "薄膜衣片")
    product("二甲双胍恩格列净片", "片剂")
    product("二甲双胍恩格列净片", "缓释片", "1g")
    reviewed, guessed = product("利拉鲁肽注射液", "注射剂"), product("艾塞那肽注射液", "注射剂")
    row, other = factories.listing("利拉鲁肽"), factories.listing("艾塞那肽")
    factories.match(reviewed, row)
    factories.match(guessed, other, "candidate")
    entries = [{"generic_name": "达格列净片"}, {"generic_name": "二甲双胍恩格列净片", "dosage_form": "片剂"}]
    for fields in [*entries, {"listing": row}, {"listing": other}]:
        DrugListEntry.objects.create(drug_list=listed, valid=since(), **fields)
    names = shown(client.get(f"/browse/lists/{listed.pk}"))
    assert sorted(names) == sorted(
        ["苯磺酸氨氯地平片", "达格列净片", "达格列净片", "二甲双胍恩格列净片", "利拉鲁肽注射液"]
    )


def test_a_list_says_where_it_holds_by_which_document_and_since_when(client, town):
    listed = factories.drug_list("separate_payment", factories.region(), town.drug, valid=since(ON, ON + timedelta(2)))
    page = client.get(f"/browse/lists/{listed.pk}").content.decode()
    assert "湖北省 · 鄂医保发〔2026〕1号 · 2026年11月21日至2026年11月22日" in page
    index = client.get("/browse").content.decode()
    assert "单独支付药品" in index
    assert f'href="/browse/lists/{listed.pk}"' in index


def test_a_list_of_supervision_is_not_browsed(client, town):
    kept = factories.drug_list("monitored", factories.region(), town.drug)
    assert client.get(f"/browse/lists/{kept.pk}").status_code == 404
    assert client.get("/browse").context["kinds"] == []


def test_a_disease_of_the_list_is_chosen_by_its_name(client, town):
    listed = factories.drug_list("two_diseases", factories.region(), town.drug, product("格列美脲片"))
    DrugListEntry.objects.filter(drug=town.drug).update(note="高血压")
    DrugListEntry.objects.exclude(drug=town.drug).update(note="糖尿病")
    path = f"/browse/lists/{listed.pk}"
    assert shown(client.get(path, {"note": "糖尿病"})) == ["格列美脲片"]
    assert len(shown(client.get(path, {"note": "别的"}))) == 2


def test_what_was_won_in_a_tender_is_browsed_while_its_price_holds(client, town):
    factories.reference_price(town.drug, "0.20", kind="vbp", unit="smallest")
    factories.reference_price(product("格列美脲片"), "0.20", kind="vbp", valid=since(end=ON))
    factories.reference_price(product("阿卡波糖片"), "9.00", kind="listed")
    assert shown(client.get("/browse/tendered")) == ["苯磺酸氨氯地平片"]


def test_a_class_holds_products_by_code_and_by_reviewed_listing(client, town):
    edition = factories.edition()
    for code, name in [
        ("XC", "心血管系统"),
        ("XC08CA", "二氢吡啶衍生物类"),
        ("XA", "消化道"),
        ("XA02BC", "质子泵抑制剂"),
    ]:
        Category.objects.create(edition=edition, code=code, name=name)
    elsewhere = product("复方片", code="XB01AAB037A001010100001")
    factories.match(elsewhere, factories.listing("复方", category_code="XC08CA"))
    assert sorted(shown(client.get("/browse/classes/xc08ca"))) == ["复方片", "苯磺酸氨氯地平片"]
    assert [row.code for row in client.get("/browse/classes/XC").context["leaves"]] == ["XC08CA"]
    assert [row.code for row in client.get("/browse").context["groups"]] == ["XC"]
    assert client.get("/browse/classes/XA").context["leaves"] == []
    assert client.get("/browse/classes/XZ").status_code == 404


def test_long_lists_have_pages_and_no_page_beyond(client, town):
    drugs = [product(f"测试药{n:02d}片") for n in range(40)]
    path = f"/browse/lists/{factories.drug_list('dual_channel', factories.region(), *drugs).pk}"
    first, second = client.get(path), client.get(path, {"page": "2"})
    assert [len(shown(first)), len(shown(second))] == [30, 10]
    assert len({*shown(first), *shown(second)}) == 40
    assert first.context["after_url"] == f"{path}?page=2"
    assert (second.context["before_url"], second.context["after_url"]) == (path, "")
    for page in ("3", "0", "-1", "x", "9" * 30, "２"):
        assert client.get(path, {"page": page}).status_code == 404


@pytest.mark.parametrize(
    ("path", "queries"),
    [("/", 9), ("/browse", 5), ("/browse/lists/{list}", 7), ("/browse/tendered", 5), ("/browse/classes/XC08CA", 8),
     ("/search?q=苯磺酸氨氯地平片", 9)],
)  # fmt: skip
def test_a_page_asks_no_more_however_much_it_shows(client, town, django_assert_max_num_queries, path, queries):
    edition = factories.edition()
    for code in ("XC", "XC08CA"):
        Category.objects.create(edition=edition, code=code, name=code)
    drugs = [town.drug, *(product(f"测试药{n:02d}片") for n in range(25))]
    for each in drugs:
        factories.reference_price(each, "1.00", kind="vbp")
    listed = factories.drug_list("two_diseases", factories.region(), *drugs)
    with django_assert_max_num_queries(queries):
        assert client.get(path.format(list=listed.pk)).status_code == 200


def test_an_empty_database_can_be_browsed(client):
    for path in ("/browse", "/browse/tendered", "/catalogue", "/catalogue/changes", "/suggest?q=x", "/"):
        for prefix in ("", "/en"):
            assert client.get(prefix + path).status_code == 200
    assert not Preparation.objects.exists()
