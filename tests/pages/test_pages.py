"""The pages as a server answers them: status, headers, fragments, bad addresses."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.products import describe
from prices.models import SourcePrice
from prices.monitoring.reports import observed
from prices.search.statements import SearchTimeout
from prices.views import compare, pages
from tests import factories
from tests.factories import small_town
from tests.prices.deliveries import deliver

pytestmark = pytest.mark.django_db
NEAR = {"HX-Request": "true", "X-Position": "30.545,114.302"}


@pytest.fixture
def town(monkeypatch):
    """The small town, seen at its own moment."""
    monkeypatch.setattr(timezone, "now", lambda: factories.AT)
    made = small_town()
    describe(made.drug)
    made.drug.save()
    factories.run(factories.feed())
    return made


def names(response) -> list[str]:
    return [card.offer["pharmacy"]["name"] for card in response.context["cards"]]


def test_the_pages_answer_and_set_no_cookie(client, town):
    for path in ["/", "/search?q=氨氯地平", "/search", f"/preparations/{town.drug.preparation_id}",
                 f"/drugs/{town.drug.code}", "/pharmacies?q=居中", f"/pharmacies/{town.mid.code}", "/about/prices"]:  # fmt: skip
        for prefix in ("", "/en"):
            response = client.get(prefix + path)
            assert response.status_code == 200, prefix + path
            assert not response.cookies
            assert "default-src 'none'" in response["Content-Security-Policy"]


def test_without_a_position_the_province_is_compared_by_price_stale_last(client, town):
    response = client.get(f"/drugs/{town.drug.code}")
    assert names(response) == ["远而廉大药房", "居中大药房", "近而贵大药房", "久未报送药房"]


def test_a_fragment_with_a_position_is_the_list_alone_and_kept_by_nobody(client, town):
    response = client.get(f"/drugs/{town.drug.code}?sort=nearest&radius=3000", headers=NEAR)
    assert names(response) == ["近而贵大药房", "居中大药房", "久未报送药房"]
    assert response.content.decode().lstrip().startswith("<section")
    assert response["Cache-Control"] == "private, no-store" or "no-store" in response["Cache-Control"]
    assert response["HX-Replace-Url"] == f"/drugs/{town.drug.code}?radius=3000&sort=nearest"
    assert {"HX-Request", "X-Position"} <= {word.strip() for word in response["Vary"].split(",")}
    assert "30.545" not in response["HX-Replace-Url"]


def test_a_page_takes_no_position_however_it_is_sent(client, town):
    path = f"/drugs/{town.drug.code}?lat=30.545&lng=114.302"
    response = client.get(path, headers={"X-Position": "30.545,114.302"})
    assert response.context["choice"].origin is None
    assert b"30.545,114.302" not in response.content


def test_an_empty_list_names_the_nearest_one_and_what_to_try(client, town):
    response = client.get(
        f"/drugs/{town.drug.code}?radius=1000&in_stock=true", headers=NEAR | {"X-Position": "30.6,114.302"}
    )
    empty = response.context["empty"]
    assert empty["nearest"]["pharmacy"]["name"] == "远而廉大药房"
    assert [way["label"] for way in empty["ways"]] == ["去掉条件", "扩大到 3 公里", "看全省", "看医疗机构"]


def test_a_pharmacy_that_is_not_designated_is_found_but_not_compared(client, town):
    response = client.get("/pharmacies?q=路口")
    assert [shop["name"] for shop in response.context["pharmacies"]] == ["路口药店"]
    page = client.get(f"/pharmacies/{town.not_designated.code}")
    assert [offer["price"] for offer in page.context["offers"]] == ["9.90"]


@pytest.mark.parametrize("status", ["suspended", "terminated"])
def test_where_insurance_settles_nothing_no_badge_promises_it(client, town, status):
    shop = factories.pharmacy(
        "停了医保的药店", status=status, designations=("designated", "outpatient_pooling", "delivery")
    )
    factories.rebuild_today()
    labels = [badge.label for badge in client.get(f"/pharmacies/{shop.code}").context["badges"]]
    assert labels == ["送药上门"]
    assert len(client.get(f"/pharmacies/{town.mid.code}").context["badges"]) > 0


def test_of_many_pharmacies_of_a_name_the_page_says_that_there_are_more(client, town):
    for n in range(21):
        factories.pharmacy(f"分店大药房（第{n}分店）")
    factories.rebuild_today()
    said = client.get("/search?q=分店大药房").content.decode()
    assert "没有找到" not in said
    assert 'href="/pharmacies?q=%E5%88%86%E5%BA%97%E5%A4%A7%E8%8D%AF%E6%88%BF"' in said
    assert "只列出最相符的 20 家" in client.get("/pharmacies?q=分店大药房").content.decode()
    assert "只列出最相符" not in client.get("/pharmacies?q=第7分店").content.decode()
    assert "看更多名称相符的药店" not in client.get("/search?q=第7分店").content.decode()


def test_within_a_pharmacy_a_drug_is_found_by_name_and_by_initials(client, town):
    for name, many in (("氨氯地平", 1), ("aldp", 1), ("络活喜", 1), ("二甲双胍", 0)):
        response = client.get(f"/pharmacies/{town.mid.code}", {"name": name})
        assert len(response.context["offers"]) == many, name


def test_a_member_price_stands_small_on_the_pharmacys_own_page_and_nowhere_else(client, town):
    address = f"/api/v1/offers?drug={town.drug.code}&region=420100"
    before = client.get(address).json()
    assert "会员价" not in client.get(f"/pharmacies/{town.mid.code}").content.decode()
    rows = f"{town.mid.code},{town.drug.code},1.00,member"
    deliver(factories.feed(), rows, at=factories.AT, header="pharmacy_code,drug_code,price,kind")
    shop = client.get(f"/pharmacies/{town.mid.code}").content.decode()
    assert "会员价 1.00 元" in shop
    assert "会员价须是该店会员，不参加排序。" in shop
    assert "会员价 1.00 元" not in client.get(f"/drugs/{town.drug.code}").content.decode()
    assert client.get(address).json()["results"] == before["results"] != []
    assert SourcePrice.objects.get().kind == "member"


def test_a_long_shelf_has_pages_that_repeat_and_skip_nothing(client, town, monkeypatch):
    monkeypatch.setattr("prices.views.pharmacy.SHELF_PAGE", 3)
    for n in range(7):
        other = factories.drug(factories.preparation(f"测试药{n}"), pack_count=10)
        factories.offer(other, town.mid, "5.00")
    seen, path = [], f"/pharmacies/{town.mid.code}"
    while path:
        response = client.get(path)
        seen += [offer["drug"]["code"] for offer in response.context["offers"]]
        path = response.context["more_url"]
    assert len(seen) == len(set(seen)) == 8


def test_a_shelf_goes_by_pinyin_over_its_pages(client, town, monkeypatch):
    """By code point 阿莫西林 would stand behind 厄贝沙坦, and 注射用 before 艾司唑仑."""
    monkeypatch.setattr("prices.views.pharmacy.SHELF_PAGE", 2)
    for name in ("注射用头孢唑林钠", "艾司唑仑片", "二甲双胍片", "阿莫西林胶囊", "厄贝沙坦片"):
        factories.offer(factories.drug(factories.preparation(name), pack_count=10), town.mid, "5.00")
    seen, path = [], f"/pharmacies/{town.mid.code}"
    while path:
        response = client.get(path)
        seen += [offer["drug"]["name"] for offer in response.context["offers"]]
        path = response.context["more_url"]
    own = town.drug.preparation.generic_name
    assert [name for name in seen if name != own] == [
        "阿莫西林胶囊", "艾司唑仑片", "厄贝沙坦片", "二甲双胍片", "注射用头孢唑林钠",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "path",
    ["/nope", "/preparations/0", "/preparations/99999999999999999999", "/drugs/X", "/drugs/%00", "/drugs/';--",
     "/pharmacies/P1", "/pharmacies/%00", "/pharmacies/<b>", "/en/nope"],
)  # fmt: skip
def test_what_does_not_exist_is_a_404_in_words(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert ("No such page" if path.startswith("/en") else "没有这一页") in response.content.decode()


@pytest.mark.parametrize("text", ["%00", "'; DROP TABLE--", "<script>alert(1)</script>", "%25_%5C", "x" * 5000, "　 "])
def test_hostile_text_is_searched_for_and_shown_harmless(client, town, text):
    for path in (f"/search?q={text}", f"/pharmacies?q={text}", f"/pharmacies/{town.mid.code}?name={text}&after={text}"):
        response = client.get(path)
        assert response.status_code == 200
        assert b"<script>alert" not in response.content


def test_a_search_over_its_time_answers_503_and_says_when_to_come_back(client, town, monkeypatch):
    def late(*_args, **_options):
        raise SearchTimeout

    monkeypatch.setattr(compare, "find", late)
    response = client.get(f"/drugs/{town.drug.code}")
    assert (response.status_code, response["Retry-After"]) == (503, "60")
    assert "现在查的人太多" in response.content.decode()


def test_pages_are_for_reading_only(client, town):
    assert client.post("/search").status_code == 405


def test_an_empty_database_has_pages_too(client):
    for path in ("/", "/search?q=氨氯地平", "/pharmacies?q=x", "/about/prices"):
        assert client.get(path).status_code == 200


def test_home_offers_one_tile_per_name_of_the_chronic_lists(client, town):
    area = factories.region()
    other = factories.drug(factories.preparation("盐酸二甲双胍片", "片剂", "0.5g"))
    factories.drug(factories.preparation("感冒灵颗粒", "颗粒剂", "10g"))
    factories.drug(factories.preparation("盐酸二甲双胍片", "片剂", "0.25g"))
    factories.drug_list("two_diseases", area, town.drug, other)
    tiles = [tile.preparation for group in client.get("/").context["groups"] for tile in group.tiles]
    assert sorted(tile.generic_name for tile in tiles) == ["盐酸二甲双胍片", "苯磺酸氨氯地平片"]


def test_what_a_citizen_saw_is_not_the_newest_delivery(town):
    before = pages.last_report()
    long_ago = factories.AT - timedelta(days=30)
    observed.observe(pharmacy_id=town.mid.pk, drug_id=town.drug.pk, fen=1260, at=long_ago)
    assert pages.last_report() == before
    assert before is not None
