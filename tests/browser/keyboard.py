"""Somebody without a mouse: whatever is used has been reached by keys, is seen where it is, and shows that it has the focus."""

from dataclasses import dataclass

from playwright.sync_api import FileChooser, Locator, Page, expect

FURTHEST = 80
"""Tabs after which somebody gives up."""
FOCUSED = "(each) => each === document.activeElement"
SEEN = """(each) => {
  const box = each.getClientRects()[0];
  const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return {
    covered: !hit || !(each.contains(hit) || (each.labels && [...each.labels].some((label) => label.contains(hit)))),
    ring: getComputedStyle(each).outlineStyle !== "none",
  };
}"""


@dataclass(frozen=True)
class Hands:
    page: Page

    def key(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name)

    def text(self, text: str) -> None:
        """Into whatever has the focus, in place of what stands there."""
        self.key("Control+A")
        self.page.keyboard.type(text)

    def reach(self, goal: Locator) -> None:
        """By Tab, from where the focus is."""
        expect(goal).to_be_visible()
        found = goal.element_handle()
        for _tab in range(FURTHEST):
            if found.evaluate(FOCUSED):
                assert found.evaluate(SEEN) == {"covered": False, "ring": True}, goal
                return
            self.key("Tab")
        raise AssertionError(f"{FURTHEST} tabs do not lead to {goal}")

    def press(self, goal: Locator, key: str = "Enter") -> None:
        """A link or a button."""
        self.reach(goal)
        self.key(key)

    def fill(self, goal: Locator, text: str) -> None:
        self.reach(goal)
        self.text(text)
        expect(goal).to_have_value(text)

    def choose(self, goal: Locator) -> None:
        """A radio button: Tab comes to the group, arrows go through it."""
        name = goal.get_attribute("name")
        inside = "(name) => document.activeElement.name === name"
        for _tab in range(FURTHEST):
            if self.page.evaluate(inside, name):
                break
            self.key("Tab")
        for _arrow in range(FURTHEST):
            if goal.is_checked():
                return
            self.key("ArrowDown")
        raise AssertionError(f"the arrows do not lead to {goal}")

    def select(self, goal: Locator, value: str) -> None:
        self.reach(goal)
        for _arrow in range(FURTHEST):
            if goal.input_value() == value:
                return
            self.key("ArrowDown")
        raise AssertionError(f"the arrows do not lead to {value}")

    def file(self, goal: Locator, *, name: str, data: bytes) -> None:
        """The system's own window of files is not the page's: it opens by a key and brings the file."""
        with self.page.expect_file_chooser() as opened:
            self.press(goal)
        chooser: FileChooser = opened.value
        chooser.set_files({"name": name, "mimeType": "application/octet-stream", "buffer": data})
