"""County outlines (区县界线) for the map, from our own regions: a sketch (示意图), no survey."""

import gzip
import json
from datetime import date
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from prices.sql import statement

TOLERANCE_DEGREES = 0.0015
"""About 150 m: no corner shows at the zoom of a city."""
KEPT_SECONDS = 3600


@require_safe
@cache_control(public=True, max_age=24 * 3600)
def outlines(request: HttpRequest) -> HttpResponse:
    """GeoJSON: one polygon of `land`, lines of `city` and `county`, a point per county `name`."""
    day = timezone.localdate()
    packed = cache.get(f"outlines:{day}")
    if packed is None:
        packed = gzip.compress(collection(day), mtime=0)
        cache.set(f"outlines:{day}", packed, KEPT_SECONDS)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        answer = HttpResponse(packed, content_type="application/geo+json")
        answer["Content-Encoding"] = "gzip"
    else:
        answer = HttpResponse(gzip.decompress(packed), content_type="application/geo+json")
    patch_vary_headers(answer, ["Accept-Encoding"])
    return answer


def collection(day: date) -> bytes:
    """The divisions of `day` as a FeatureCollection in WGS-84 (outlines.sql)."""
    with connection.cursor() as cursor:
        cursor.execute(statement("outlines"), {"day": day, "tolerance": TOLERANCE_DEGREES})
        features = [_feature(*row) for row in cursor.fetchall()]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def _feature(feature: str, name: str, geometry: str) -> dict[str, Any]:
    properties = {"is": feature} | ({"name": name} if name else {})
    return {"type": "Feature", "properties": properties, "geometry": json.loads(geometry)}
