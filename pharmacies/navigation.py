"""导航: links that open a map application with the pharmacy as destination.

A link names the destination only. Where the user stands is for the map application to know, so that it never reaches
anybody's log through a link of ours. Each provider gets the point in a datum it understands, and https only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.utils.translation import gettext_lazy

from pharmacies.geo import Gcj02, Point, gcj02_of

SOURCE = "yaobi"
"""How the providers' statistics call us; no key is needed for these links."""


@dataclass(frozen=True, slots=True)
class Link:
    """One map application: `key` for styles and tests, `label` in the reader's language, `url`."""

    key: str
    label: str
    url: str


def links(name: str, place: Point) -> list[Link]:
    """Navigation links to `place`, called `name`, one for each provider, in the order they are shown."""
    point = gcj02_of(place)
    plain = _separators_replaced(name)
    return [Link(key, str(label), url(plain, point)) for key, label, url in _PROVIDERS]


def _separators_replaced(name: str) -> str:
    """A comma or a bar would end the name inside the providers' own little formats; the full-width ones do not."""
    return " ".join(name.replace(",", "，").replace("|", "｜").split())


def _amap(name: str, to: Gcj02) -> str:
    """高德: longitude first, GCJ-02."""
    query = f"to={to.lng:.6f},{to.lat:.6f},{quote(name, safe='')}&mode=car&policy=1&src={SOURCE}"
    return f"https://uri.amap.com/navigation?{query}&coordinate=gaode&callnative=1"


def _baidu(name: str, to: Gcj02) -> str:
    """百度: latitude first. It would take BD-09 by default; coord_type tells it that this point is GCJ-02."""
    query = {
        "destination": f"latlng:{to.lat:.6f},{to.lng:.6f}|name:{name}",
        "coord_type": "gcj02",
        "mode": "driving",
        "output": "html",
        "src": f"webapp.{SOURCE}.{SOURCE}",
    }
    return "https://api.map.baidu.com/direction?" + urlencode(query, quote_via=quote)


def _tencent(name: str, to: Gcj02) -> str:
    """腾讯: latitude first, GCJ-02."""
    query = f"type=drive&to={quote(name, safe='')}&tocoord={to.lat:.6f},{to.lng:.6f}&referer={SOURCE}"
    return f"https://apis.map.qq.com/uri/v1/routeplan?{query}"


def _apple(name: str, to: Gcj02) -> str:
    """Apple: latitude first; its mainland maps are drawn in GCJ-02. It takes no name beside a coordinate."""
    return f"https://maps.apple.com/?daddr={to.lat:.6f},{to.lng:.6f}&dirflg=d"


_PROVIDERS: tuple[tuple[str, object, Callable[[str, Gcj02], str]], ...] = (
    ("amap", gettext_lazy("高德地图"), _amap),
    ("baidu", gettext_lazy("百度地图"), _baidu),
    ("tencent", gettext_lazy("腾讯地图"), _tencent),
    ("apple", gettext_lazy("苹果地图"), _apple),
)
