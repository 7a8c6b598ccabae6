"""Somebody with a shop and a phone, and how they log in through the pages."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from pharmacies.accounts import totp
from tests.factories import AT

PASSWORD, OTHER, SEED = "three-shops-1", "four-shops-22", "a seed"


@dataclass
class Clock:
    at: datetime = AT

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


def code_now(seed: str = SEED, *, step: int = 0) -> str:
    return totp.code_at(seed, totp.step_of(timezone.now()) + step)


def password(client: Client, password: str = PASSWORD, username: str = "li", **extra: Any) -> Any:
    return client.post("/staff/login", {"username": username, "password": password}, **extra)


def log_in(client: Client, goal: str = "/staff") -> Any:
    password(client)
    return client.post("/staff/code", {"code": code_now(), "next": goal})


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", response.content.decode()))


def is_in(client: Client) -> bool:
    return client.get("/staff").status_code == 200
