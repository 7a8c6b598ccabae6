"""Several people's browsers at one width, and what is wrong with the pages that they come to."""

from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS
from tests.browser.test_accessibility import opened, violations


@dataclass
class Walker:
    browser: Browser
    url: str
    viewport: dict[str, int]
    found: dict[str, list[str]] = field(default_factory=dict)
    """What axe says of each page that has been looked at."""
    complaints: list[str] = field(default_factory=list)

    def browse(self) -> Page:
        """A browser of somebody's own."""
        page = opened(self.browser, {"viewport": self.viewport, "color_scheme": "light"})
        page.context.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def look(self, page: Page, heading: str, state: str = "") -> None:
        """The page under that heading has come; the first time, in that state, it is examined."""
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        page.wait_for_load_state()
        name = f"{heading} {state}"
        if name in self.found:
            return
        self.found[name] = violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= self.viewport["width"], name

    def nothing_was_wrong(self) -> None:
        assert {name: broken for name, broken in self.found.items() if broken} == {}
        assert self.complaints == []
