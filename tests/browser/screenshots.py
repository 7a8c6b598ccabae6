"""The screenshots of the documentation, taken from a running demo at the widths of a phone and of a desk.

    bin/serve                                               # in one terminal: the demo province
    python -m tests.browser.screenshots http://127.0.0.1:8000   # in another, in the same folder

The pages of the desk need the demo's log-ins, var/demo-logins.txt or the file that DEMO_LOGINS names.
Writes docs/screenshots/<name>-phone.png and -desk.png. Look at them before they are committed.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Geolocation, Page, ViewportSize, sync_playwright

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
SIZES: dict[str, ViewportSize] = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1440, "height": 900}}
FLAGS = ["--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
DRUG = "苯磺酸氨氯地平片"
MOVING = "XC09CAT001A001020190022"
"""A product of the demo whose usual price moved in the 90 days before."""
POSITION: Geolocation = {"latitude": 30.545, "longitude": 114.302}
LARGEST = 250_000
"""Bytes of a picture: a repository keeps every version of it."""


def home(page: Page, url: str) -> None:
    page.goto(url + "/")


def suggestions(page: Page, url: str) -> None:
    page.goto(url + "/")
    page.locator("#q").press_sequentially("氨氯", delay=30)
    page.locator("#suggestions [role=option]").first.wait_for()
    page.keyboard.press("ArrowDown")


def search(page: Page, url: str) -> None:
    page.goto(url + "/search?q=lhx")


def compare(page: Page, url: str) -> None:
    """By position: the nearest shops beside their map."""
    page.goto(f"{url}/search?q={DRUG}")
    page.locator(".row-link").first.click()
    page.locator("[data-locate]").first.click()
    page.locator("[data-forget]").wait_for()
    page.wait_for_load_state("networkidle")


def drug(page: Page, url: str) -> None:
    """One maker's product."""
    page.goto(f"{url}/search?q={DRUG}")
    page.locator(".row-link").first.click()
    page.goto(url + (page.locator("a[href*='/drugs/']").first.get_attribute("href") or ""))
    page.wait_for_load_state("networkidle")


def dual_channel(page: Page, url: str) -> None:
    """A drug that hospitals and some pharmacies sell reimbursed, and the pharmacies where that holds."""
    page.goto(url + "/browse")
    page.locator(".list-card", has_text="双通道药品").locator(".list-link").first.click()
    page.locator(".row-link").first.click()
    page.locator(".paid-way .chip-link").click()
    page.wait_for_load_state("networkidle")


def history(page: Page, url: str) -> None:
    page.goto(f"{url}/drugs/{MOVING}")
    page.locator("#history").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('#history').scrollIntoView({block: 'start'})")


def browse(page: Page, url: str) -> None:
    page.goto(url + "/browse")


def changes(page: Page, url: str) -> None:
    page.goto(url + "/catalogue/changes")


def frontier(page: Page, url: str) -> None:
    """What is worth going to, with the chart of price and way."""
    compare(page, url)
    page.locator("label", has_text="又近又便宜").first.click()
    page.wait_for_load_state("networkidle")


def basket(page: Page, url: str) -> None:
    """Three drugs on the list, and where to buy them."""
    for preparation in (1, 7, 30):
        page.goto(f"{url}/preparations/{preparation}")
        page.get_by_role("button", name="加入药单").first.click()
    page.goto(url + "/list")
    for name in ("使用我的位置", "算一算"):
        button = page.get_by_role("button", name=name).first
        if button.is_visible():
            button.click()
            page.wait_for_load_state("networkidle")
    page.locator("#plan-form").evaluate("(each) => each.scrollIntoView()")


# -- the desk ---------------------------------------------------------------------------------------------------------


def log_in(page: Page, url: str, role: str) -> str:
    """As the demo's person in that role; the address of their page."""
    lines = LOGINS.read_text(encoding="utf-8").splitlines()
    username, password, address = next(line.split()[1:4] for line in lines if line.startswith(role))
    page.goto(url + "/staff/login")
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff")
    return url + address


def desk(page: Page, url: str) -> None:
    page.goto(log_in(page, url, "店长"))
    page.wait_for_load_state("networkidle")


def uploads(page: Page, url: str) -> None:
    page.goto(log_in(page, url, "店长") + "/uploads")


def standing(page: Page, url: str) -> None:
    page.goto(log_in(page, url, "店长") + "/standing")


def shop(page: Page, url: str) -> None:
    page.goto(log_in(page, url, "店长") + "/shop")


def audit(page: Page, url: str) -> None:
    page.goto(log_in(page, url, "店长") + "/audit")


def head_office(page: Page, url: str) -> None:
    page.goto(log_in(page, url, "总部管理员"))


def console(page: Page, url: str) -> None:
    page.goto(log_in(page, url, "发布人"))
    page.wait_for_load_state("networkidle")


def lead(page: Page, url: str) -> None:
    """The one that stands out most in the county."""
    page.goto(log_in(page, url, "经办人") + "/leads")
    page.locator("main table a[href*='/leads/']").first.click()
    page.wait_for_load_state("networkidle")


def case(page: Page, url: str) -> None:
    page.goto(log_in(page, url, "经办人") + "/cases")
    page.locator("main table a[href*='/cases/']").first.click()
    page.wait_for_load_state("networkidle")


def county_map(page: Page, url: str) -> None:
    page.goto(log_in(page, url, "发布人") + "/map")
    page.wait_for_load_state("networkidle")


def index(page: Page, url: str) -> None:
    page.goto(log_in(page, url, "发布人") + "/index")
    page.wait_for_load_state("networkidle")


def passthrough(page: Page, url: str) -> None:
    page.goto(log_in(page, url, "发布人") + "/passthrough")
    page.wait_for_load_state("networkidle")


def report(page: Page, url: str) -> None:
    """A citizen says that a price is wrong."""
    shop = log_in(page, url, "店长").rpartition("/")[2]
    page.goto(f"{url}/report/{shop}?kind=closed")


LOGINS = Path(os.environ.get("DEMO_LOGINS", "var/demo-logins.txt"))
STAFF = {
    "desk": desk,
    "uploads": uploads,
    "standing": standing,
    "shop": shop,
    "audit": audit,
    "head-office": head_office,
    "console": console,
    "lead": lead,
    "case": case,
    "map": county_map,
    "index": index,
    "passthrough": passthrough,
    "report": report,
}
SCENES: dict[str, Callable[[Page, str], None]] = {
    "home": home,
    "suggestions": suggestions,
    "search": search,
    "compare": compare,
    "drug": drug,
    "dual-channel": dual_channel,
    "history": history,
    "browse": browse,
    "changes": changes,
    "frontier": frontier,
    "list": basket,
    **STAFF,
}


def take(browser: Browser, url: str, name: str, size: str) -> int:
    """One picture; the number of its bytes."""
    context = browser.new_context(
        viewport=SIZES[size],
        locale="zh-CN",
        color_scheme="light",
        reduced_motion="reduce",
        geolocation=POSITION,
        permissions=["geolocation"],
    )
    page = context.new_page()
    SCENES[name](page, url)
    page.wait_for_timeout(1500)  # the map draws itself
    file = FOLDER / f"{name}-{size}.png"
    page.screenshot(path=file)
    context.close()
    with Image.open(file) as picture:  # 256 colours are all a page has, and a third of the bytes
        small = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(file, optimize=True)
    return file.stat().st_size


def main() -> int:
    """1 when a picture is too large."""
    parser = argparse.ArgumentParser(description="Take the screenshots of the documentation from a running demo.")
    parser.add_argument("url", nargs="?", default="http://127.0.0.1:8000")
    parser.add_argument("--only", choices=SCENES, action="append")
    asked = parser.parse_args()
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-headless-shell")
    if not path:
        print("no Chromium: install it, or set CHROMIUM to its path", file=sys.stderr)
        return 2
    large = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        known = [name for name in SCENES if name not in STAFF or LOGINS.exists()]
        for name in asked.only or known:
            for size in SIZES:
                many = take(browser, asked.url.rstrip("/"), name, size)
                print(f"{name}-{size}.png  {many // 1000} kB")
                large += [f"{name}-{size}.png"] if many > LARGEST else []
        browser.close()
    if large:
        print(f"larger than {LARGEST // 1000} kB: {', '.join(large)}", file=sys.stderr)
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
