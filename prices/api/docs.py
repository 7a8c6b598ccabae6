"""The description of the API (OpenAPI 3.1) and its viewer, from local files."""

from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.urls import reverse_lazy
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

FEED_TOKEN = {"type": "http", "scheme": "bearer", "description": "报送令牌：add_feed 建立报送时显示一次"}

schema = SpectacularJSONAPIView.as_view(
    custom_settings={"APPEND_COMPONENTS": {"securitySchemes": {"feedToken": FEED_TOKEN}}}
)


class Viewer(SpectacularSwaggerSplitView):
    """Swagger UI. Its script asks for a CSRF token that no call needs: without a token there is no cookie either."""

    http_method_names = ("get", "head")  # the framework's answer to OPTIONS has no page

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)

        def forget_token(_rendered: Response) -> None:
            request.META["CSRF_COOKIE_NEEDS_UPDATE"] = False

        response.add_post_render_callback(forget_token)
        return response


# Swagger UI writes style attributes; scripts stay files of our own here as everywhere.
viewer = csp_update({"style-src": [SELF, UNSAFE_INLINE]})(Viewer.as_view(url=reverse_lazy("api:schema")))
