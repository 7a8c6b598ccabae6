"""One walk through all that the desk is for, by keyboard alone, with a live worker: from a slip of paper to a till's token.

Head office comes in, invites an editor, who corrects a price, brings a spreadsheet and takes it back; head office changes
a price in all shops and gives a till its token. After each step a citizen reads the price. axe sees every page.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, expect
from python_calamine import CalamineWorkbook

from tests.browser.conftest import DESK, PHONE, Site
from tests.browser.journey_world import HERE, PRODUCTS, THERE, Town, town, working
from tests.browser.keyboard import Hands
from tests.browser.test_accounts import code
from tests.browser.walking import Walker
from tests.prices.live_worker import until
from tests.staff.sheets_world import xlsx

pytestmark = pytest.mark.services
PASSWORD = "two-shops-and-one-more"
EDITED, BROUGHT, ORDERED, PUSHED = "25.20", "26.40", "24.00", "23.50"
REASON = "供货价翻倍，见调价通知"


@pytest.fixture(scope="module")
def live(site: Site, django_db_blocker: Any) -> Iterator[str]:
    """The address at which a worker publishes what is handed in."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with working(site) as url:
            yield url
        connections.close_all()


@dataclass
class Walk(Walker):
    """By keyboard, through the desk of a town."""

    town: Town = field(kw_only=True)

    def somebody(self) -> tuple[Page, Hands]:
        page = self.browse()
        return page, Hands(page)

    def citizen_reads(self, page: Page, *, here: str, there: str) -> None:
        """On the public pages of the product and of the shop, what it and its sister ask."""
        page.goto(f"{self.url}/drugs/{self.town.drug.code}")
        for shop, price in ((self.town.shop, here), (self.town.sister, there)):
            card = page.locator("article.card").filter(has=page.get_by_text(shop.name, exact=True))
            expect(card.locator(".card-top")).to_contain_text(price)
        self.look(page, PRODUCTS[0], "for citizens")
        page.goto(f"{self.url}/pharmacies/{self.town.shop.code}?name={PRODUCTS[0]}")
        expect(page.locator(".row-price")).to_contain_text(here)
        self.look(page, self.town.shop.name, "for citizens")

    def come_in(self, slip: str, username: str) -> tuple[Page, Hands]:
        """From the slip to the start page: an account, a phone, the recovery codes."""
        page, hands = self.somebody()
        page.goto(slip)
        self.look(page, "请开通账号")
        hands.fill(page.get_by_label("用户名"), username)
        hands.fill(page.get_by_label("新密码"), PASSWORD)
        hands.fill(page.get_by_label("再输一次"), PASSWORD)
        hands.key("Enter")
        hands.press(page.locator(".qr-key summary"))
        secret = page.locator("#key").inner_text()
        self.look(page, "绑定手机")
        hands.fill(page.get_by_label("6 位动态码"), code(secret))
        hands.key("Enter")
        expect(page.locator(".codes li")).to_have_count(10)
        self.look(page, "恢复码")
        hands.press(page.get_by_role("link", name="我已收好，继续"))
        self.look(page, "您好")
        hands.press(page.locator(".place-card"))
        return page, hands


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_from_a_slip_to_a_token_by_keyboard_alone(browser: Browser, live: str, viewport: dict[str, int]) -> None:
    walk = Walk(browser, live, viewport, town=town(f"测程{viewport['width']}"))
    modern, _hands = walk.somebody()
    walk.citizen_reads(modern, here=HERE, there=THERE)
    modern.context.close()
    citizen = browser.new_page(java_script_enabled=False, locale="zh-CN")  # who draws no map each time
    office = walk.come_in(walk.town.slip_of_head_office(live), f"office{viewport['width']}")
    editor = walk.come_in(invited(walk, *office), f"editor{viewport['width']}")
    edited_with_a_reason(walk, *editor)
    walk.citizen_reads(citizen, here=EDITED, there=THERE)
    brought_as_a_spreadsheet(walk, *editor)
    walk.citizen_reads(citizen, here=BROUGHT, there=THERE)
    taken_back(walk, *editor)
    walk.citizen_reads(citizen, here=EDITED, there=THERE)
    ordered_for_all_shops(walk, *office)
    walk.citizen_reads(citizen, here=ORDERED, there=ORDERED)
    slug, token = token_made(walk, *office)
    run = pushed(walk, slug, token)
    expect_run(walk, *office, run)
    walk.citizen_reads(citizen, here=PUSHED, there=PUSHED)
    for page in (citizen, office[0], editor[0]):
        page.context.close()
    walk.nothing_was_wrong()


def invited(walk: Walk, page: Page, hands: Hands) -> str:
    """Head office goes to its shop and gives somebody a slip; the link on it."""
    walk.look(page, "总部")
    hands.press(page.get_by_role("link", name="门店", exact=True))
    walk.look(page, "门店")
    hands.press(page.get_by_role("link", name=walk.town.shop.name))
    hands.press(page.get_by_role("link", name="人员", exact=True))
    walk.look(page, "人员")
    hands.fill(page.get_by_label("姓名"), "李国庆")
    hands.choose(page.locator("input[name=role][value=editor]"))
    hands.key("Enter")
    expect(page.locator(".slip-name")).to_have_text("李国庆")
    walk.look(page, "邀请单")
    return page.locator(".slip-link").inner_text()


def edited_with_a_reason(walk: Walk, page: Page, hands: Hands) -> None:
    """Searched, corrected, warned of, explained: without a mouse and without Tab through the table."""
    page.locator("#desk[data-ready]").wait_for()
    walk.look(page, "价格")
    hands.key("/")
    page.keyboard.type(PRODUCTS[0])
    hands.key("Enter")
    price = page.locator("tr[data-row] [data-price]")
    expect(price).to_be_focused()
    expect(price).to_have_value(HERE)
    page.keyboard.type(EDITED)
    hands.key("Enter")
    expect(page.locator("[data-ask]")).to_contain_text("是您上次价格的 2.0 倍")
    expect(page.locator("#desk-reason")).to_be_focused()
    walk.look(page, "价格", "warned")
    page.keyboard.type(REASON)
    hands.key("Enter")
    expect(page.locator("tr[data-row]")).to_contain_text("已公示")
    walk.look(page, "价格", "published")
    hands.press(page.get_by_role("link", name="报送批次", exact=True))
    walk.look(page, "报送批次")
    hands.press(page.locator("tbody th a").first)
    expect(page.locator(".pairs")).to_contain_text(REASON)
    walk.look(page, "批次", "with its reason")


def brought_as_a_spreadsheet(walk: Walk, page: Page, hands: Hands) -> None:
    hands.press(page.get_by_role("link", name="表格上传", exact=True))
    walk.look(page, "表格上传")
    with page.expect_download() as download:
        hands.press(page.get_by_role("link", name="下载 XLSX"))
    rows = CalamineWorkbook.from_path(download.value.path()).get_sheet_by_index(0).to_python()
    price, mine = rows[0].index("零售价"), next(row for row in rows if walk.town.drug.code in row)
    assert mine[price] == float(EDITED)
    mine[price] = float(BROUGHT)
    data = xlsx(*rows)
    hands.file(page.locator("#file"), name=download.value.suggested_filename, data=data)
    hands.press(page.get_by_role("button", name="上传并预览"))
    expect(page.locator(".sheet-summary")).to_contain_text("1 改价")
    expect(page.locator(".sheet-rows tbody tr")).to_contain_text([BROUGHT])
    walk.look(page, walk.town.shop.name, "preview")
    hands.press(page.get_by_role("button", name="公示", exact=True))
    expect(page.get_by_text("采用 3 行，其中改动 1")).to_be_visible()
    walk.look(page, walk.town.shop.name, "published")


def taken_back(walk: Walk, page: Page, hands: Hands) -> None:
    hands.press(page.get_by_role("button", name="撤回这次上传"))
    expect(page.get_by_text("已撤回。")).to_be_visible()
    walk.look(page, walk.town.shop.name, "taken back")


def ordered_for_all_shops(walk: Walk, page: Page, hands: Hands) -> None:
    hands.press(page.locator(".logo"))
    hands.press(page.locator(".place-card"))
    hands.fill(page.get_by_role("searchbox"), walk.town.drug.code)
    hands.key("Enter")
    walk.look(page, "价格", "found")
    hands.press(page.get_by_role("link", name=PRODUCTS[0]))
    expect(page.locator(".sheet-summary")).to_contain_text("2 家在售")
    walk.look(page, PRODUCTS[0])
    hands.fill(page.get_by_label("零售价（元）"), ORDERED)
    hands.key("Enter")
    expect(page.get_by_text("接受 2 家，改价 2 家。")).to_be_visible()
    hands.press(page.get_by_role("link", name="刷新门店价格"))
    expect(page.locator(".sheet-summary")).to_contain_text("价格一致")
    walk.look(page, PRODUCTS[0], "published")


def token_made(walk: Walk, page: Page, hands: Hands) -> tuple[str, str]:
    """The till's name in addresses and its token, which the page shows once."""
    hands.press(page.get_by_role("link", name="接口令牌", exact=True))
    walk.look(page, "接口令牌", "none")
    hands.fill(page.get_by_label("收银系统的名称"), "总部收银系统")
    hands.select(page.get_by_label("每次报送"), "delta")
    hands.press(page.get_by_role("button", name="新建"))
    token = page.locator("#new-token").inner_text()
    walk.look(page, "接口令牌", "a new one")
    slug = page.locator("tbody tr td").first.inner_text()
    return slug, token


def pushed(walk: Walk, slug: str, token: str) -> int:
    """The till sends its prices, and once more because the answer was lost on the way; the number of the one run."""
    shops = (walk.town.shop, walk.town.sister)
    rows = [{"pharmacy_code": shop.code, "drug_code": walk.town.drug.code, "price": PUSHED} for shop in shops]
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "monday-1"}
    runs = set()
    with httpx.Client(base_url=walk.url, headers=headers) as till:
        for _time in range(2):
            answer = till.post(f"/api/v1/feeds/{slug}/runs", json={"rows": rows})
            assert answer.status_code == 202, answer.text
            runs.add(answer.json()["run"])
        (run,) = runs
        until(lambda: till.get(f"/api/v1/runs/{run}").json()["state"] == "published", "the till's prices are public")
        other = till.post(f"/api/v1/feeds/{slug}/runs", json={"rows": rows[:1]})
        assert other.status_code == 422, other.text
    return int(run)


def expect_run(walk: Walk, page: Page, hands: Hands, run: int) -> None:
    """Head office reads on its page what became of the till's delivery."""
    hands.press(page.get_by_role("link", name="接口令牌", exact=True))
    line = page.locator("tbody tr")
    expect(line).to_contain_text(f"{run} · 已发布 · 接受 2，退回 0")
    expect(line).not_to_contain_text("还没有用过")
    assert page.locator("#new-token").count() == 0
    walk.look(page, "接口令牌", "used")


@pytest.mark.parametrize("spoilt", ["goal.tabIndex = -1", "lid.hidden = false", "goal.style.outline = 'none'"])
def test_the_hands_notice_what_a_keyboard_cannot_use(browser: Browser, spoilt: str) -> None:
    """Out of reach, under something, without a ring: the walk can fail."""
    page = browser.new_page()
    page.set_content(
        """<a href="#" id="first">前</a> <a href="#" id="goal">这里</a>
        <div id="lid" style="position: fixed; inset: 0" hidden></div>"""
    )
    hands, goal = Hands(page), page.locator("#goal")
    hands.reach(goal)
    hands.reach(page.locator("#first"))
    page.evaluate(spoilt)
    with pytest.raises(AssertionError):
        hands.reach(goal)
    page.close()
