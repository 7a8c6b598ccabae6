from urllib.parse import parse_qs, urlsplit

import pytest

from pharmacies.geo import Gcj02, Point, Wgs84, bd09_of, haversine_m, wgs84_of
from pharmacies.navigation import links

NAME = "测试大药房(武昌店)"
ENCODED = "%E6%B5%8B%E8%AF%95%E5%A4%A7%E8%8D%AF%E6%88%BF%28%E6%AD%A6%E6%98%8C%E5%BA%97%29"
SHOP = Gcj02(114.307973, 30.542117)


def urls(name: str = NAME, place: Point = SHOP) -> dict[str, str]:
    return {link.key: link.url for link in links(name, place)}


def destination(key: str, url: str) -> Gcj02:
    """Where a link leads, read the way its provider reads it."""
    query = {field: values[0] for field, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}
    if key == "amap":
        assert query["coordinate"] == "gaode"
        lng, lat, _name = query["to"].split(",")
        return Gcj02(float(lng), float(lat))
    if key == "baidu":
        assert query["coord_type"] == "gcj02"
        where, _name = query["destination"].split("|")
        lat, lng = where.removeprefix("latlng:").split(",")
    elif key == "tencent":
        lat, lng = query["tocoord"].split(",")
    else:
        lat, lng = query["daddr"].split(",")
    return Gcj02(float(lng), float(lat))


def test_four_providers_in_the_order_they_are_shown_with_their_names() -> None:
    assert [(link.key, link.label) for link in links(NAME, SHOP)] == [
        ("amap", "高德地图"),
        ("baidu", "百度地图"),
        ("tencent", "腾讯地图"),
        ("apple", "苹果地图"),
    ]


def test_amap_wants_longitude_first() -> None:
    assert urls()["amap"].startswith(f"https://uri.amap.com/navigation?to=114.307973,30.542117,{ENCODED}&")


def test_baidu_wants_latitude_first_and_is_told_the_datum() -> None:
    url = urls()["baidu"]
    assert url.startswith("https://api.map.baidu.com/direction?")
    assert f"destination=latlng%3A30.542117%2C114.307973%7Cname%3A{ENCODED}&coord_type=gcj02" in url


def test_tencent_wants_latitude_first() -> None:
    url = urls()["tencent"]
    assert url.startswith(f"https://apis.map.qq.com/uri/v1/routeplan?type=drive&to={ENCODED}&")
    assert "&tocoord=30.542117,114.307973&" in url


def test_apple_wants_latitude_first() -> None:
    assert urls()["apple"] == "https://maps.apple.com/?daddr=30.542117,114.307973&dirflg=d"


@pytest.mark.parametrize("place", [SHOP, wgs84_of(SHOP), bd09_of(SHOP)])
def test_every_link_leads_to_the_same_door_whatever_the_datum_we_hold(place: Point) -> None:
    door = wgs84_of(SHOP)
    for key, url in urls(place=place).items():
        assert haversine_m(wgs84_of(destination(key, url)), door) < 0.2


@pytest.mark.parametrize("name", ["A,B|C 店", 'x"><script>alert(1)</script>', "a&to=1,2,b#c", "甲\n乙"])
def test_a_name_cannot_break_out_of_its_place(name: str) -> None:
    for key, url in urls(name=name).items():
        assert urlsplit(url).scheme == "https"
        assert not set(url) & set("\"'<> \n#|")
        assert haversine_m(wgs84_of(destination(key, url)), wgs84_of(SHOP)) < 0.2


def test_no_link_says_where_the_user_is() -> None:
    for url in urls().values():
        fields = set(parse_qs(urlsplit(url).query, keep_blank_values=True))
        assert not fields & {"from", "fromcoord", "origin", "saddr"}


def test_a_place_abroad_keeps_its_coordinates() -> None:
    assert "daddr=35.681200,139.767100&" in urls(place=Wgs84(139.7671, 35.6812))["apple"]
