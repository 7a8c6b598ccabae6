"""The description of the API (OpenAPI 3.1) and its viewer, from local files."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.urls import reverse_lazy
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

FEED_TOKEN = {"type": "http", "scheme": "bearer", "description": "报送令牌：add_feed 建立报送时显示一次"}

schema = SpectacularJSONAPIView.as_view(
    custom_settings={"APPEND_COMPONENTS": {"securitySchemes": {"feedToken": FEED_TOKEN}}}
)

# Swagger UI writes style attributes; scripts stay files of our own here as everywhere.
viewer = csp_update({"style-src": [SELF, UNSAFE_INLINE]})(
    SpectacularSwaggerSplitView.as_view(url=reverse_lazy("api:schema"))
)
