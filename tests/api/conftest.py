"""The API as a client sees it, in the small town, at ten in the morning."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.factories import AT, Town


@pytest.fixture
def town(db: None) -> Town:
    return factories.small_town()


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The edge takes its moment from `timezone.now`."""
    monkeypatch.setattr(timezone, "now", lambda: AT)


@pytest.fixture
def get(client: Client) -> Callable[..., Any]:
    """GET an address under /api/v1/ and return the parsed answer; `status` is what it must be."""

    def ask(address: str, *, status: int = 200, **query: Any) -> Any:
        response = client.get(f"/api/v1/{address}", query)
        assert response.status_code == status, response.content.decode()
        return response.json()

    return ask
