"""Who works here and what they did, in a real browser: without a mouse, at both widths, and clean for axe."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, ViewportSize, expect

from pharmacies import access, audit
from pharmacies.accounts import invitations
from pharmacies.audit import seals
from pharmacies.models import AuditEvent, Chain, Invitation, Membership, Pharmacy, User
from tests import factories as f
from tests.browser.conftest import Site
from tests.browser.test_accessibility import VARIANTS, opened, violations
from tests.factories import since
from tests.staff.signing import sign_in

PHONE, DESK = ViewportSize(width=390, height=844), ViewportSize(width=1440, height=900)
SHOTS = os.environ.get("PEOPLE_SHOTS", "")
"""A folder to put pictures of the pages into, for those who judge them by eye."""


def person(username: str, name: str, role: str, **place: Any) -> User:
    user = User.objects.create_user(username, first_name=name)
    Membership.objects.create(user=user, role=role, valid=since(), **place)
    return user


@pytest.fixture(scope="module")
def unblocked(django_db_blocker: Any) -> Iterator[None]:
    """The database in the test's own process too: Playwright's loop only waits while a test asks."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield
        connections.close_all()  # those of the loop, which nobody else sees


@pytest.fixture(scope="module")
def shop(site: Site, unblocked: None) -> Pharmacy:
    """A shop of a chain with its people, open invitations and a log."""
    chain = Chain.objects.create(name="楚康大药房连锁有限公司")
    shop = f.pharmacy("楚康大药房（夷陵路店）", chain=chain)
    person("boss-of-people", "王秀兰", "manager", pharmacy=shop)
    clerk = person("13812345678", "李国庆", "editor", pharmacy=shop)
    person("zhou", "周敏", "viewer", pharmacy=shop)
    person("chen", "陈卫东", "head_office", chain=chain)
    sub = person("hu", "胡蓉", "editor", chain=chain, within=shop.division)
    person("reviewer", "刘审核", "reviewer", area=shop.division.parent)
    person("auditor", "孙审计", "auditor", area=shop.division.parent)
    at = timezone.now()
    for name, role in (("张小燕", access.Role.EDITOR), ("赵强", access.Role.MANAGER)):
        invitations.invite(place=shop, role=role, name=name, by="boss-of-people", at=at)
    drugs = [f.drug(pack_count=count) for count in (14, 28)]
    with transaction.atomic():
        acts: list[tuple[User | str, access.Place]] = [(clerk, shop), (sub, shop), (clerk, shop), ("chen", chain)]
        for number, (by, place) in enumerate(acts):
            audit.record(
                at=at - timedelta(hours=30 - 9 * number),
                by=by,
                action=("desk.edit", "desk.edit", "desk.undo", "desk.edit")[number],
                subject="prices.FeedRun",
                subject_id=1200 + number,
                place=place,
                before={drug.code: "12.60 有货" for drug in drugs[: number + 1]},
                after={drug.code: f"1{3 + number}.50 有货" for drug in drugs[: number + 1]} | {"changes": 2},
                reason="厂家 11 月起调价，见通知 2026-118" if number == 0 else "",
            )
    seals.seal(at=at)
    return shop


def logged_in(page: Page, site: Site, username: str) -> Page:
    """The page with the session of that person."""
    client = sign_in(Client(), User.objects.get(username=username))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site.url}])
    return page


def addresses(shop: Pharmacy) -> dict[str, tuple[str, str]]:
    """Who looks at which page."""
    clerk = Membership.objects.get(user__username="13812345678")
    slip = Invitation.objects.filter(pharmacy=shop).order_by("pk")[0]
    area = shop.division.parent
    assert area is not None
    return {
        "people": ("boss-of-people", f"/desk/{shop.code}/people"),
        "person": ("boss-of-people", f"/desk/{shop.code}/people/{clerk.pk}"),
        "slip": ("boss-of-people", f"/staff/invitations/{slip.pk}/slip"),
        "audit": ("boss-of-people", f"/desk/{shop.code}/audit"),
        "audit, nothing": ("boss-of-people", f"/desk/{shop.code}/audit?who=zzzz"),
        "chain people": ("chen", f"/chain/{shop.chain_id}/people"),
        "chain audit": ("chen", f"/chain/{shop.chain_id}/audit"),
        "console": ("reviewer", f"/console/{area.code}?q=楚康"),
        "console people": ("reviewer", f"/console/{area.code}/people"),
        "console audit": ("auditor", f"/console/{area.code}/audit"),
        "not allowed": ("zhou", f"/desk/{shop.code}/people"),
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_axe_finds_nothing(browser: Browser, site: Site, shop: Pharmacy, variant: str) -> None:
    options = VARIANTS[variant]
    page = opened(browser, options)
    found: dict[str, list[str]] = {}
    for name, (username, address) in addresses(shop).items():
        logged_in(page, site, username)
        page.goto(site.url + ("/en" if options.get("english") else "") + address)
        if broken := violations(page):
            found[name] = broken
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{variant}.png", full_page=True)
    page.context.close()
    assert found == {}


@pytest.mark.parametrize("elder", ["0", "1"], ids=["standard", "elder"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_is_wider_than_the_page(
    browser: Browser, site: Site, shop: Pharmacy, viewport: Any, elder: str
) -> None:
    page = browser.new_context(viewport=viewport, locale="zh-CN").new_page()
    page.add_init_script(f"localStorage.setItem('elder', '{elder}')")
    for name, (username, address) in addresses(shop).items():
        logged_in(page, site, username)
        page.goto(site.url + address)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], name
    page.context.close()


def test_somebody_is_invited_with_the_keyboard_alone(browser: Browser, site: Site, shop: Pharmacy) -> None:
    page = logged_in(browser.new_context(viewport=DESK, locale="zh-CN").new_page(), site, "boss-of-people")
    page.goto(f"{site.url}/desk/{shop.code}/people")
    page.locator("#id_name").focus()
    page.keyboard.type("钱多多")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")  # from 查看员 to 录入员
    page.keyboard.press("Enter")
    expect(page.locator(".slip-name")).to_have_text("钱多多")
    invitation = Invitation.objects.get(name="钱多多")
    assert invitation.role == "editor"
    page.goto(f"{site.url}/desk/{shop.code}/people")
    page.get_by_role("button", name="撤回 钱多多").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("给 钱多多 的邀请已撤回")
    page.context.close()


def test_a_role_is_ended_and_the_log_tells_it(browser: Browser, site: Site, shop: Pharmacy) -> None:
    person("gone", "要走的人", "editor", pharmacy=shop)
    page = logged_in(browser.new_context(viewport=PHONE, locale="zh-CN").new_page(), site, "boss-of-people")
    page.goto(f"{site.url}/desk/{shop.code}/people")
    page.get_by_role("link", name="改动 要走的人").click()
    page.locator("#id_end_reason").fill("离职")
    page.get_by_role("button", name="结束 要走的人 的角色").click()
    expect(page.get_by_role("status")).to_contain_text("要走的人 已不能再进入")
    page.goto(f"{site.url}/desk/{shop.code}/audit")
    newest = page.locator(".log-line").first
    expect(newest).to_contain_text("结束角色")
    expect(newest).to_contain_text("离职")
    page.context.close()


def test_the_log_is_taken_as_a_file(browser: Browser, site: Site, shop: Pharmacy, tmp_path: Path) -> None:
    page = logged_in(browser.new_context(viewport=DESK, locale="zh-CN").new_page(), site, "boss-of-people")
    page.goto(f"{site.url}/desk/{shop.code}/audit?action=desk.edit")
    with page.expect_download() as download:
        page.get_by_role("button", name="导出 CSV").click()
    file = tmp_path / "audit.csv"
    download.value.save_as(file)
    text = file.read_text(encoding="utf-8-sig")
    assert "厂家 11 月起调价" in text
    assert "desk.undo" not in text
    assert AuditEvent.objects.filter(action="audit.export", pharmacy=shop).exists()
    page.context.close()
