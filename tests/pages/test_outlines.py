"""The map's outlines: from our own regions, small, cached, borders drawn once."""

import gzip
import json

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.factories import AT, outlined, region, renamed, square

pytestmark = pytest.mark.django_db


@pytest.fixture
def counties():
    """Two square counties side by side in one city."""
    cache.clear()
    both = square(114, 30, 115, 30.5)
    city = outlined(region("420100", "武汉市", outlined(region(), both)), both)
    outlined(region("420106", "武昌区", city), square(114, 30, 114.5, 30.5))
    outlined(region("420111", "洪山区", city), square(114.5, 30, 115, 30.5))
    yield
    cache.clear()


def features(response):
    return json.loads(gzip.decompress(response.content))["features"]


def get(client):
    return client.get("/map/outlines.geojson", headers={"Accept-Encoding": "gzip, br"})


def test_a_border_between_two_counties_is_drawn_once(client, counties):
    county = next(each for each in features(get(client)) if each["properties"]["is"] == "county")
    lines = county["geometry"]["coordinates"]
    between = [line for line in lines if all(abs(lng - 114.5) < 1e-6 for lng, _lat in line)]
    assert len(between) == 1


def test_the_land_is_one_polygon_and_every_county_has_its_name_inside(client, counties):
    found = features(get(client))
    assert [each["geometry"]["type"] for each in found if each["properties"]["is"] == "land"] == ["Polygon"]
    names = {
        each["properties"]["name"]: each["geometry"]["coordinates"] for each in found if "name" in each["properties"]
    }
    assert set(names) == {"武昌区", "洪山区"}
    assert 114 < names["武昌区"][0] < 114.5 < names["洪山区"][0] < 115


def test_a_county_under_a_new_name_stays_on_the_map(client, counties):
    renamed(region("420106"), "新武昌区")
    names = {each["properties"]["name"] for each in features(get(client)) if "name" in each["properties"]}
    assert names == {"新武昌区", "洪山区"}


def test_outlines_are_public_kept_for_a_day_and_set_no_cookie(client, counties):
    response = get(client)
    assert response["Content-Type"] == "application/geo+json"
    assert set(response["Cache-Control"].split(", ")) == {"public", "max-age=86400"}
    assert "Accept-Encoding" in response["Vary"]
    assert not response.cookies


def test_a_client_without_gzip_gets_plain_geojson(client, counties):
    response = client.get("/map/outlines.geojson")
    assert "Content-Encoding" not in response
    assert json.loads(response.content)["type"] == "FeatureCollection"


def test_the_second_request_asks_the_database_nothing(client, counties, django_assert_num_queries):
    get(client)
    with django_assert_num_queries(0):
        get(client)


def test_without_regions_the_outlines_are_empty(client):
    cache.clear()
    assert features(get(client)) == []
    cache.delete(f"outlines:{timezone.localdate(AT)}")
    cache.clear()
