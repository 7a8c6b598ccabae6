"""The shapes of interfaces.md, literally: keys, types, money as strings, times in +08:00, codes for ids."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from config import __version__
from prices.models import Offer
from tests import factories
from tests.factories import AT, Town

Get = Callable[..., Any]
HERE = {"lat": 30.545, "lng": 114.302}
PHARMACY = ["code", "name", "kind", "address", "phone", "lng", "lat", "designations", "open_now"]
DRUG = ["code", "name", "spec", "manufacturer", "pack_count", "unit"]
OFFER = [
    *["pharmacy", "drug", "price", "unit_price", "cost", "distance_m", "stock", "source", "as_of", "stale", "rank"],
]


def test_one_offer_reads_as_written(get: Get, town: Town) -> None:
    answer = get("offers", drug=town.drug.code, limit=1, **HERE)
    assert list(answer) == ["origin", "results", "next"]
    assert answer["origin"] == {"lat": 30.545, "lng": 114.302}
    assert answer["results"] == [
        {
            "pharmacy": {
                "code": town.near_dear.code,
                "name": "近而贵大药房",
                "kind": "pharmacy",
                "address": town.near_dear.address,
                "phone": "027-88880000",
                "lng": 114.302,
                "lat": 30.547698,
                "designations": ["designated"],
                "open_now": None,
            },
            "drug": {
                "code": town.drug.code,
                "name": "苯磺酸氨氯地平片",
                "spec": "5mg×14片",
                "manufacturer": "辉瑞制药有限公司",
                "pack_count": 14,
                "unit": "片",
            },
            "price": "18.90",
            "unit_price": "1.3500",
            "cost": "19.20",
            "distance_m": 300.0,
            "stock": "in",
            "source": "declared",
            "as_of": "2026-11-21T10:00:00+08:00",
            "stale": False,
            "rank": 1,
        }
    ]


def test_offers_without_an_origin_are_the_cheapest_of_a_region(get: Get, town: Town) -> None:
    answer = get("offers", drug=town.drug.code, region="420106")
    assert answer["origin"] is None
    assert [row["price"] for row in answer["results"]] == ["12.60", "15.00", "18.90", "11.00"]
    assert {(row["distance_m"], row["cost"]) for row in answer["results"]} == {(None, None)}
    assert answer["next"] is None


def test_the_default_radius_is_5_km_and_a_region_alone_has_none(get: Get, town: Town) -> None:
    far = factories.pharmacy("远郊药房", north_m=9000)
    factories.offer(town.drug, far, "5.00")
    factories.rebuild_today()
    here = {"drug": town.drug.code, **HERE}

    def named(**query: Any) -> list[str]:
        return [row["pharmacy"]["name"] for row in get("offers", **here, **query)["results"]]

    assert "远郊药房" not in named()
    assert "远郊药房" in named(radius_m=10000)
    assert "远郊药房" in named(region="420100")
    assert "远郊药房" not in named(region="420100", radius_m=5000)
    assert named(region=factories.hongshan().code) == []


def test_pages_of_offers_follow_each_other_by_the_next_address(get: Get, town: Town, client: Client) -> None:
    whole = get("offers", drug=town.drug.code, sort="cheapest", **HERE)["results"]
    address = f"/api/v1/offers?drug={town.drug.code}&sort=cheapest&lat=30.545&lng=114.302&limit=1"
    walked = []
    while address:
        answer = client.get(address).json()
        walked += answer["results"]
        address = answer["next"]
    assert walked == whole
    assert [row["rank"] for row in walked] == [1, 2, 3, 4]


def test_the_position_is_rounded_half_up_before_anything_else(get: Get, town: Town) -> None:
    answer = get("offers", drug=town.drug.code, lat="30.5445", lng="114.3024999", limit=1)
    assert answer["origin"] == {"lat": 30.545, "lng": 114.302}
    assert "30.5445" not in answer["next"]
    assert "114.3024999" not in answer["next"]


def test_quantity_and_travel_make_the_cost(get: Get, town: Town) -> None:
    row = get("offers", drug=town.drug.code, quantity=2, yuan_per_km="0.5", sort="cheapest", **HERE)["results"][0]
    assert (row["price"], row["cost"]) == ("12.60", "27.20")
    free = get("offers", drug=town.drug.code, yuan_per_km=0, sort="cheapest", **HERE)["results"][0]
    assert free["cost"] == "12.60"


def test_a_preparation_compares_all_its_products(get: Get, town: Town) -> None:
    large = factories.drug(town.drug.preparation, pack_count=28)
    factories.offer(large, town.near_dear, "20.00")
    answer = get("offers", preparation=town.drug.preparation_id, sort="cheapest", **HERE)
    assert [(row["unit_price"], row["drug"]["pack_count"]) for row in answer["results"][:2]] == [
        ("0.7143", 28),
        ("0.9000", 14),
    ]
    per_shop = get("offers", preparation=town.drug.preparation_id, per_pharmacy="true", **HERE)["results"]
    assert [row["drug"]["pack_count"] for row in per_shop] == [28, 14, 14, 14]


def test_filters_of_stock_hours_kinds_and_reimbursement(get: Get, town: Town) -> None:
    clinic = factories.pharmacy("社区卫生服务中心", kind="clinic", north_m=50, hours="24/7")
    dual = factories.pharmacy("双通道药房", north_m=60, designations=("designated", "dual_channel"))
    for shop in (clinic, dual):
        factories.offer(town.drug, shop, "13.00", stock=0)
    factories.drug_list("dual_channel", factories.region(), town.drug)
    factories.rebuild_today()

    def named(**query: Any) -> list[str]:
        return [row["pharmacy"]["name"] for row in get("offers", drug=town.drug.code, **HERE, **query)["results"]]

    assert "社区卫生服务中心" not in named()
    assert named(institutions="clinic,hospital") == ["社区卫生服务中心"]
    assert named(institutions="clinic,pharmacy", open_now="true") == ["社区卫生服务中心"]
    assert named(reimbursed_as="dual_channel") == ["双通道药房"]
    assert named(reimbursed_as="chronic_disease") == []
    assert "双通道药房" not in named(in_stock="true")


def test_a_stale_generated_price_says_so(get: Get, town: Town) -> None:
    generated = factories.feed("demo", generated=True)
    Offer.objects.filter(pharmacy_id=town.stale.pk).update(feed_id=generated.pk)
    row = get("offers", drug=town.drug.code, **HERE)["results"][-1]
    assert (row["source"], row["stale"], row["rank"]) == ("generated", True, 4)
    assert row["as_of"] == "2026-11-01T10:00:00+08:00"


def test_a_drug(get: Get, town: Town) -> None:
    answer = get(f"drugs/{town.drug.code}")
    assert list(answer) == [
        *DRUG,
        *["preparation", "trade_name", "approval_no", "barcode", "rx_class", "quality", "class"],
    ]
    assert answer["preparation"] == town.drug.preparation_id
    assert answer["class"] is None
    factories.match(town.drug, factories.listing())
    assert get(f"drugs/{town.drug.code.lower()}")["class"] == "甲"


def test_drugs_and_preparations_are_found_by_initials(get: Get, town: Town) -> None:
    drugs = get("drugs", q="bhsaldpp")
    assert list(drugs) == ["results", "next"]
    assert [row["code"] for row in drugs["results"]] == [town.drug.code]
    (preparation,) = get("preparations", q="bhsaldpp")["results"]
    assert list(preparation) == ["id", "name", "dosage_form", "strength", "drugs"]
    assert [list(drug) for drug in preparation["drugs"]] == [DRUG]
    assert get(f"preparations/{preparation['id']}") == preparation


def test_text_search_is_paged(get: Get, town: Town, client: Client) -> None:
    for _product in range(4):
        factories.drug(town.drug.preparation)
    first = get("drugs", q="氨氯地平", limit=3)
    second = client.get(first["next"]).json()
    assert len({row["code"] for row in first["results"] + second["results"]}) == 5
    assert second["next"] is None


def test_a_pharmacy(get: Get, town: Town) -> None:
    answer = get(f"pharmacies/{town.mid.code}")
    assert list(answer) == [*PHARMACY, "region", "status", "hours", "distance_m"]
    assert (answer["region"], answer["status"], answer["distance_m"]) == ("420106", "normal", None)


def test_pharmacies_near_a_place_come_nearest_first_whatever_their_status(get: Get, town: Town) -> None:
    factories.pharmacy("停业药房", north_m=10, status="suspended")
    factories.rebuild_today()
    answer = get("pharmacies", radius_m=1000, **HERE)
    assert [(row["name"], row["distance_m"], row["status"]) for row in answer["results"]] == [
        ("停业药房", 10.0, "suspended"),
        ("路口药店", 100.0, "normal"),
        ("近而贵大药房", 300.0, "normal"),
        ("久未报送药房", 800.0, "normal"),
    ]


def test_pharmacies_in_a_box_include_its_edges_and_nothing_beyond(get: Get, town: Town) -> None:
    shop = factories.pharmacy("界上药房", lng=114.5, lat=30.6)
    factories.pharmacy("界外药房", lng=114.5000001, lat=30.6)
    factories.rebuild_today()
    answer = get("pharmacies", bbox="114.4,30.5,114.5,30.6")
    assert [row["code"] for row in answer["results"]] == [shop.code]
    assert answer["results"][0]["distance_m"] is None


@pytest.mark.parametrize("q", ["远而廉", "大药房 远而", "远而廉大药房", "yel", "%远", "廉"])
def test_a_pharmacy_is_found_by_name_and_initials(q: str, get: Get, town: Town) -> None:
    type(town.far_cheap).objects.filter(pk=town.far_cheap.pk).update(initials="yeldyf")
    names = [row["name"] for row in get("pharmacies", q=q)["results"]]
    assert names == ([] if q == "%远" else ["远而廉大药房"])


def test_pharmacies_are_paged_in_every_way_of_asking(get: Get, town: Town, client: Client) -> None:
    for query in ({"q": "药"}, {"bbox": "114,30,115,31"}, {"radius_m": 5000, **HERE}, {"q": "药房", **HERE}):
        whole = get("pharmacies", **query)["results"]
        assert len(whole) >= 4
        address = get("pharmacies", limit=2, **query)["next"]
        walked = get("pharmacies", limit=2, **query)["results"]
        while address:
            answer = client.get(address).json()
            walked += answer["results"]
            address = answer["next"]
        assert walked == whole


def test_what_a_pharmacy_sells_is_listed_by_name_and_not_ranked(get: Get, town: Town) -> None:
    other = factories.drug(factories.preparation("阿莫西林胶囊", "胶囊剂", "0.25g"), pack_count=24, unit="粒")
    factories.offer(other, town.mid, "9.60", stock=3)
    answer = get(f"pharmacies/{town.mid.code}/offers", limit=1)
    assert list(answer["results"][0]) == OFFER
    row = answer["results"][0]
    assert (row["drug"]["name"], row["price"], row["rank"]) == ("阿莫西林胶囊", "9.60", None), "a before b: by pinyin"
    assert answer["next"]
    rows = get(f"pharmacies/{town.mid.code}/offers")["results"]
    assert [(row["drug"]["spec"], row["stock"]) for row in rows] == [("0.25g×24粒", "out"), ("5mg×14片", "in")]


def test_status(get: Get, town: Town) -> None:
    feed = factories.feed()
    factories.report(feed, town.mid, AT - timedelta(days=8))
    answer = get("status")
    assert list(answer) == ["version", "offers", "pharmacies", "as_of", "feeds", "regions"]
    assert (answer["version"], answer["offers"], answer["pharmacies"]) == (__version__, 5, 4)
    assert answer["as_of"] == "2026-11-13T10:00:00+08:00"
    assert answer["feeds"] == [
        {"id": "town", "name": "", "as_of": "2026-11-13T10:00:00+08:00", "pharmacies": 1, "late": False}
    ]
    assert answer["regions"][0] == {"code": "420000", "name": "湖北省", "level": "province", "parent": None}


def test_money_is_always_a_string_with_its_decimals(get: Get, town: Town) -> None:
    for row in get("offers", drug=town.drug.code, **HERE)["results"]:
        assert re.fullmatch(r"\d+\.\d{2}", row["price"])
        assert re.fullmatch(r"\d+\.\d{4}", row["unit_price"])
        assert Decimal(row["cost"]) >= Decimal(row["price"])
        assert isinstance(row["distance_m"], float)


def test_the_public_api_sets_no_cookie_and_lets_any_site_ask(client: Client, town: Town) -> None:
    for address in (
        "drugs?q=a",
        f"offers?drug={town.drug.code}&lat=30.5&lng=114.3",
        "status",
        "schema/",
        "docs/",
        "docs/?script=",
    ):
        response = client.get(
            f"/api/v1/{address}", HTTP_COOKIE=f"sessionid={'a' * 32}", HTTP_ORIGIN="https://example.org"
        )
        assert response.status_code == 200
        assert "Set-Cookie" not in response.headers
        assert not response.cookies
    assert client.get("/api/v1/status")["Access-Control-Allow-Origin"] == "*"


def test_an_answer_about_a_position_is_kept_by_nobody(client: Client, town: Town) -> None:
    response = client.get(f"/api/v1/offers?drug={town.drug.code}&lat=30.545&lng=114.302")
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("asked", "redirected"),
    [
        ("/api/v1/drugs/?q=a&limit=2", "/api/v1/drugs?q=a&limit=2"),
        ("/api/v1/status/", "/api/v1/status"),
        ("/api/v1/schema", "/api/v1/schema/"),
        ("/api/v1/docs", "/api/v1/docs/"),
    ],
)
def test_the_other_form_of_an_address_is_redirected(asked: str, redirected: str, client: Client) -> None:
    response = client.get(asked)
    assert (response.status_code, response["Location"]) == (301, redirected)
    assert client.post(asked).status_code == 404
