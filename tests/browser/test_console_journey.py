"""One walk through all that the console is for, with a live worker: from a citizen's report and a spike in a till's feed to
the outcome that the citizen reads.

In between a lead that explains itself, a case, a letter, the pharmacy's answer at its desk, and a publication by two
people; then a back-test, a look at the past, and an official of another county who sees none of it. axe sees every page.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from celery import current_app
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from pharmacies.models import User
from prices.models import Case, Lead, ReportGroup
from tests.browser.conftest import DESK, PHONE, Site
from tests.browser.console_world import (
    DAY,
    EARLIER,
    JUMPED_DAYS,
    PASSWORD,
    RIGHT,
    SEEN,
    SLIP,
    SPIKE,
    USUAL,
    County,
    county,
    on_the_phone,
    worked_out,
)
from tests.browser.journey_world import working
from tests.browser.walking import Walker
from tests.monitoring.test_watch import settled
from tests.prices.live_worker import until
from tests.staff.signing import sign_in

pytestmark = pytest.mark.services
SAID = "价签上是二十七块五（演示）"
NUMBER = "鄂医保提〔2026〕7号"
ASKED = "请说明这个药品的标价为何上涨。"
ANSWERED = "进价上涨，附供货单。"
TOLD = "经核实，药店进价上涨，标价与申报一致。感谢您的反馈。"
PDF = b"%PDF-1.4 delivery note"


@dataclass
class Walk(Walker):
    county: County = field(kw_only=True)

    def come_in(self, who: str, path: str) -> Page:
        """That person's browser, logged in, at an address of the workbench."""
        page = self.browse()
        client = sign_in(Client(), User.objects.get(username=self.county.username(who)))
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.url}])
        page.goto(f"{self.url}{path}")
        return page

    def log_in(self, who: str) -> Page:
        """By password and the phone's digits, to the one place that this person speaks for."""
        page, username = self.browse(), self.county.username(who)
        page.goto(f"{self.url}/staff/login")
        self.look(page, "登录工作台")
        page.get_by_label("用户名").fill(username)
        page.get_by_label("密码").fill(PASSWORD)
        page.locator("main button[type=submit]").click()
        self.look(page, "输入动态码")
        page.get_by_label("6 位动态码").fill(on_the_phone(username))
        page.locator("main button[type=submit]").click()
        self.look(page, "您好")
        page.locator(".place-card").click()
        return page

    def menu(self, page: Page, name: str) -> None:
        page.get_by_role("navigation", name="这里的页面").get_by_role("link", name=name, exact=True).click()

    def step(self, page: Page, name: str, **fields: str) -> None:
        """A step of a case that asks for something: opened, filled in, sent."""
        box = page.locator("details.case-step").filter(has=page.locator("summary", has_text=re.compile(f"^{name}$")))
        box.locator("summary").click()
        for label, text in fields.items():
            box.get_by_label(label).fill(text)
        box.get_by_role("button").click()


@pytest.fixture(scope="module")
def unblocked(site: Site, django_db_blocker: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield
        connections.close_all()


@pytest.fixture(scope="module")
def counties(site: Site, unblocked: None) -> Iterator[dict[int, County]]:
    """One for each width."""
    now = timezone.now()
    made = {
        PHONE["width"]: county("420115", "江夏区", now=now),
        DESK["width"]: county("420116", "黄陂区", now=now),
    }
    with worked_out(now):
        yield made


@pytest.fixture(scope="module")
def live(site: Site, counties: dict[int, County]) -> Iterator[str]:
    """The address at which a worker publishes and watches."""
    with working(site) as url:
        yield url


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_from_a_spike_to_the_outcome_that_a_citizen_reads(
    browser: Browser, live: str, counties: dict[int, County], viewport: dict[str, int]
) -> None:
    walk = Walk(browser, live, viewport, county=counties[viewport["width"]])
    citizen = walk.browse()
    code = reported(walk, citizen)
    run = pushed(walk)
    manager = walk.come_in("manager", f"/desk/{walk.county.shop.code}")
    quarantined(walk, manager, run)
    watched(walk)
    officer = walk.log_in("officer")
    explained(walk, officer)
    opened_as_a_case(walk, officer)
    asked_in_writing(walk, officer)
    answered_at_the_desk(walk, manager)
    reviewer = walk.come_in("reviewer", f"/console/{walk.county.area.code}")
    closed_and_proposed(walk, reviewer)
    not_yet(walk, citizen, code)
    publisher = walk.come_in("publisher", "/console/420000")
    published(walk, publisher)
    read(walk, citizen, code)
    tried_on_the_past(walk, reviewer)
    looked_back(walk, officer)
    strangers_see_nothing(walk)
    for page in (citizen, manager, officer, reviewer, publisher):
        page.context.close()
    walk.nothing_was_wrong()


def reported(walk: Walk, page: Page) -> str:
    """From the product's page; the code that is shown once."""
    page.goto(f"{walk.url}/drugs/{walk.county.spiked.code}")
    card = page.locator("article.card").filter(has=page.get_by_text(walk.county.shop.name, exact=True))
    expect(card.locator(".card-top")).to_contain_text(USUAL)
    walk.look(page, walk.county.spiked.preparation.generic_name, "for citizens")
    card.get_by_role("link", name="价格不符").click()
    expect(page.locator(".report-drug")).to_contain_text(f"药店申报的价：{USUAL} 元")
    walk.look(page, "价格不符")
    page.get_by_label("店里标的价（元）").fill(SEEN)
    page.get_by_label("还想说的").fill(SAID)
    page.get_by_role("button", name="发送").click()
    walk.look(page, "收到了，谢谢您")
    return page.locator("#code").inner_text()


def pushed(walk: Walk) -> int:
    """The till sends a spike, a slip and what has not changed; the number of the run."""
    prices = {walk.county.spiked: SPIKE, walk.county.slipped: SLIP, walk.county.jumped: USUAL}
    rows = [
        {"pharmacy_code": walk.county.shop.code, "drug_code": drug.code, "price": price}
        for drug, price in prices.items()
    ]
    with httpx.Client(base_url=walk.url, headers={"Authorization": f"Bearer {walk.county.token}"}) as till:
        answer = till.post(f"/api/v1/feeds/{walk.county.feed}/runs", json={"rows": rows})
        assert answer.status_code == 202, answer.text
        run = int(answer.json()["run"])
        until(lambda: till.get(f"/api/v1/runs/{run}").json()["state"] == "published", "the till's prices are public")
    return run


def quarantined(walk: Walk, page: Page, run: int) -> None:
    """The pharmacy reads at its desk which row was kept back, and why; citizens see the price as it was."""
    walk.menu(page, "报送批次")
    walk.look(page, "报送批次")
    page.get_by_role("link", name=str(run), exact=True).click()
    slip = page.locator("tr").filter(has=page.get_by_text(walk.county.slipped.code))
    expect(slip).to_contain_text("像是应报价格的 10 倍")
    walk.look(page, "批次", "with a row kept back")
    answer = page.request.get(f"{walk.url}/drugs/{walk.county.slipped.code}")
    assert RIGHT in answer.text()
    assert SLIP not in answer.text()


def watched(walk: Walk) -> None:
    """The worker looks at what has changed: one lead, and none of the slip."""
    settled()
    current_app.send_task("prices.tasks.watch_prices", queue="small")
    mine = Lead.objects.filter(area=walk.county.area)
    until(mine.exists, "the watch has found the spike")
    lead = mine.get()
    assert (lead.drug_id, lead.pharmacy_id, lead.price_fen) == (walk.county.spiked.pk, walk.county.shop.pk, 2690)


def explained(walk: Walk, page: Page) -> None:
    """From the overview to the lead, which says why in words, and says the same when it is worked out again."""
    walk.look(page, walk.county.area.name)
    expect(page.locator(".top-leads")).to_contain_text(walk.county.shop.name)
    walk.menu(page, "线索")
    walk.look(page, "价格异动线索")
    rows = page.locator(".console-table tbody tr")
    expect(rows).to_have_count(1)
    rows.locator("a").first.click()
    headline = page.locator("h2.lead-headline")
    expect(headline).to_have_text("比这家店过去 28 天的常见价高 42%，同城 12 家中最高。")
    expect(page.locator(".lead-movement")).to_contain_text(f"从 {USUAL} 元涨到 {SPIKE} 元（涨 42%）")
    walk.look(page, walk.county.spiked.preparation.generic_name, "a lead")
    page.get_by_role("link", name="复算", exact=True).click()
    expect(page.get_by_text("复算结果与当时一致。")).to_be_visible()
    walk.look(page, "复算")
    page.get_by_role("link", name="回到这条线索").click()


def opened_as_a_case(walk: Walk, page: Page) -> None:
    """With the lead, and with what the citizen said about the same product."""
    page.get_by_role("link", name="立为核查事项").click()
    expect(page.locator("input[name=lead]")).to_be_checked()
    page.locator("label.case-pick", has_text="价格不符").click()
    expect(page.locator("input[name=report]")).to_be_checked()
    walk.look(page, "立为核查事项")
    page.get_by_role("button", name="立项", exact=True).click()
    expect(page.locator(".case-facts")).to_contain_text("待初核")
    expect(page.locator("main")).to_contain_text(SAID)
    walk.look(page, walk.county.spiked.preparation.generic_name, "a case")
    walk.menu(page, "市民反馈")
    page.get_by_label("状态").select_option(label="已转核查事项")
    page.get_by_role("button", name="查找", exact=True).click()
    page.locator(".console-table tbody a").click()
    walk.look(page, "价格不符", "an official's")
    page.locator(".notice a").click()


def asked_in_writing(walk: Walk, page: Page) -> None:
    """开始核实, then the letter with its number: a Word document that holds it."""
    page.get_by_role("button", name="开始核实").click()
    expect(page.locator(".case-facts")).to_contain_text("核实中")
    walk.step(page, "发提醒函", 请药店说明什么=ASKED, 文号=NUMBER)
    expect(page.locator(".case-facts")).to_contain_text("已发提醒函")
    walk.look(page, walk.county.spiked.preparation.generic_name, "asked in writing")
    with page.expect_download() as download:
        page.get_by_role("link", name=NUMBER).click()
    assert download.value.suggested_filename == f"提醒函-{NUMBER}.docx"
    with zipfile.ZipFile(download.value.path()) as file:
        assert "word/document.xml" in file.namelist()
        text = re.sub(r"<[^>]+>", "", file.read("word/document.xml").decode())
    for part in (NUMBER, ASKED, walk.county.shop.name, SPIKE, "不等于违规"):
        assert part in text, part


def answered_at_the_desk(walk: Walk, page: Page) -> None:
    walk.menu(page, "反馈与问询")
    walk.look(page, "反馈与问询")
    page.get_by_role("link", name=f"提醒函{NUMBER}").click()
    expect(page.locator("main")).to_contain_text(ASKED)
    expect(page.locator("main")).not_to_contain_text(SAID)
    walk.look(page, "提醒函", "at the desk")
    page.get_by_label("回复").fill(ANSWERED)
    page.locator("#document").set_input_files({"name": "供货单.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.get_by_role("button", name="回复").click()
    expect(page.get_by_role("link", name="供货单.pdf")).to_be_visible()
    walk.look(page, "提醒函", "answered")


def closed_and_proposed(walk: Walk, page: Page) -> None:
    """The reviewer reads the answer, closes the case and writes what the public may read; publishing is not theirs."""
    walk.menu(page, "核查事项")
    walk.look(page, "核查事项")
    page.locator(".console-table tbody a").first.click()
    expect(page.locator(".case-facts")).to_contain_text("已回复")
    expect(page.locator("main")).to_contain_text(ANSWERED)
    with page.expect_download() as download:
        page.evaluate("document.querySelector('a[href*=\"/documents/\"]').setAttribute('download', '')")
        page.get_by_role("link", name="供货单.pdf").click()
    assert download.value.path().read_bytes() == PDF
    walk.step(page, "说明成立，办结", 理由="供货单与标价一致。")
    expect(page.locator(".case-facts")).to_contain_text("办结 · 已说明")
    walk.step(page, "拟公开结果", 公开内容=TOLD)
    expect(page.get_by_text("公开稿是您自己拟的：须由另一位发布人发布")).to_be_visible()
    assert page.get_by_role("button", name="发布结果").count() == 0
    walk.look(page, walk.county.spiked.preparation.generic_name, "proposed")
    refused = page.evaluate(
        """() => {
          const sent = new FormData(document.querySelector("form[method=post] [name=do]").form);
          sent.set("do", "publish");
          return fetch(location.href, {method: "POST", body: sent}).then((answer) => answer.status);
        }"""
    )
    assert refused == 422
    assert Case.objects.get(area=walk.county.area).published_at is None


def tracked(walk: Walk, page: Page, code: str) -> None:
    page.goto(f"{walk.url}/track")
    page.get_by_label("查询码").fill(code)
    page.get_by_role("button", name="查看").click()


def not_yet(walk: Walk, page: Page, code: str) -> None:
    """What one person has written nobody reads."""
    tracked(walk, page, code)
    expect(page.locator(".report-outcome")).to_contain_text("核查中")
    expect(page.locator(".report-outcome")).not_to_contain_text("进价上涨")


def published(walk: Walk, page: Page) -> None:
    """By another, of the province."""
    walk.menu(page, "核查事项")
    page.get_by_label("状态").select_option(label="办结")
    page.get_by_role("searchbox").last.fill(walk.county.shop.code)
    page.get_by_role("button", name="查找", exact=True).click()
    page.locator(".console-table tbody a").first.click()
    page.get_by_role("button", name="发布结果").click()
    expect(page.locator(".case-public")).to_contain_text("周审核拟稿，吴发布于")
    walk.look(page, walk.county.spiked.preparation.generic_name, "published")


def read(walk: Walk, page: Page, code: str) -> None:
    tracked(walk, page, code)
    outcome = page.locator(".report-outcome")
    expect(outcome).to_contain_text("已办结")
    expect(outcome).to_contain_text(TOLD)
    expect(outcome).not_to_contain_text(walk.county.shop.name)
    walk.look(page, "查处理结果")


def tried_on_the_past(walk: Walk, page: Page) -> None:
    """A draft of a rule on the last two weeks, in which a neighbour's price jumped."""
    walk.menu(page, "规则")
    walk.look(page, "规则")
    page.get_by_role("link", name="与本店过去的价格相比").click()
    today = timezone.localdate()
    page.get_by_label("从", exact=True).fill(f"{today - (JUMPED_DAYS + 4) * DAY}")
    page.get_by_label("到", exact=True).fill(f"{today - DAY}")
    walk.look(page, "与本店过去的价格相比")
    page.get_by_role("button", name="先做历史回测").click()
    expect(page.locator("#state .badge")).to_have_text("已完成")
    expect(page.locator(".rule-verdict")).to_contain_text("会给出 1 条线索")
    expect(page.locator("#examples tbody tr")).to_contain_text(
        [re.compile(f"{walk.county.neighbour.name}.*{EARLIER}", re.DOTALL)]
    )
    walk.look(page, "历史回测", "done")


def looked_back(walk: Walk, page: Page) -> None:
    """The product an hour before the spike."""
    walk.menu(page, "指标")
    page.get_by_role("link", name="按日期回看").click()
    page.get_by_label("药品或药店").fill(walk.county.spiked.code)
    before = timezone.localtime(timezone.now() - timedelta(hours=1))
    page.get_by_label("看哪个时点").fill(f"{before:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="查看", exact=True).click()
    row = page.locator(".console-table tbody tr").filter(has_text=walk.county.shop.name)
    expect(row).to_contain_text(USUAL)
    expect(row).not_to_contain_text(SPIKE)
    walk.look(page, "按日期回看")


def strangers_see_nothing(walk: Walk) -> None:
    """An official of the county next to it: nothing in the lists, and nothing behind an address that was passed on."""
    theirs, mine = walk.county.elsewhere.code, walk.county.area.code
    page = walk.come_in("stranger", f"/console/{theirs}")
    expect(page.locator("main")).not_to_contain_text(walk.county.shop.name)
    walk.look(page, walk.county.elsewhere.name, "without leads")
    for name, heading in (("leads", "价格异动线索"), ("cases", "核查事项"), ("reports", "市民反馈")):
        page.goto(f"{walk.url}/console/{theirs}/{name}?state=all")
        expect(page.locator(".console-table")).to_contain_text("没有")
        expect(page.locator("main")).not_to_contain_text(walk.county.shop.name)
        walk.look(page, heading, "empty")
    owned = {
        "leads": Lead.objects.get(area=walk.county.area).pk,
        "cases": Case.objects.get(area=walk.county.area).pk,
        "reports": ReportGroup.objects.get(pharmacy=walk.county.shop).pk,
    }
    for name, pk in owned.items():
        for area in (theirs, mine):
            answer = page.goto(f"{walk.url}/console/{area}/{name}/{pk}")
            assert answer is not None
            assert answer.status == 404, answer.url
    walk.look(page, "")
    page.context.close()
