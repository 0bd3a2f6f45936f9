"""The desk in a real Chromium: cases by keyboard alone, fifty of them at length, and pages that everybody can use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import ODD_NAMES, Served, browsing, chromium, records, serving_desk

IMPACTS = {"serious", "critical"}

EVERYWHERE = {"sign-in", "queue", "case", "reveal", "history", "overview", "disputes", "cases/none", "keys"}


@pytest.fixture(scope="module")
def chrome(require: Callable[[str, str], None]) -> Iterator[Any]:
    require("playwright", "install the package playwright, which drives a browser")
    require("axe_playwright_python", "install the package axe-playwright-python, which finds what is hard to use")
    if chromium() is None:
        require("chromium", "install Chromium, as by 'apt-get install chromium'")
    with browsing() as browser:
        yield browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_desk(tmp_path_factory.mktemp("desk"), records(drawn=30, n=110)) as desk:
        yield desk


class Reader:
    """Somebody at a keyboard."""

    def __init__(self, chrome: Any, served: Served, **given: Any) -> None:
        usual = {"viewport": {"width": 1280, "height": 800}, "base_url": served.address}
        self.context = chrome.new_context(**(usual | given))
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.complaints: list[str] = []
        self.pressed = 0
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1

    def send(self, key: str = "Enter") -> None:
        """Press a key that leads to another page."""
        # By then the script listens to keys, which is all that the next one needs.
        with self.page.expect_navigation(wait_until="domcontentloaded"):
            self.press(key)

    def sign_in(self, key: str) -> None:
        self.page.goto("/desk/sign-in")
        self.page.locator("#key:focus").wait_for()
        self.page.keyboard.type(key)
        self.send()

    def decide(self, key: str) -> int:
        """Answer the case in sight and confirm it; how many keys that took."""
        before = self.pressed
        self.press(key)
        self.send()
        assert self.page.locator("#revealed-title").count() == 1
        self.send()
        return self.pressed - before

    @property
    def heading(self) -> str:
        text: str = self.page.locator("h1").inner_text()
        return text

    @property
    def settled(self) -> int:
        """How many cases the overview says are settled."""
        self.page.goto("/desk/overview")
        return int(self.text_of(".tiles div:nth-child(3) dd").split()[0])

    @property
    def chosen(self) -> str | None:
        """The verdict that is chosen."""
        chosen = self.page.locator("input[name=relationship]:checked")
        value: str | None = chosen.get_attribute("value") if chosen.count() else None
        return value

    def text_of(self, selector: str) -> str:
        text: str = self.page.locator(selector).first.inner_text()
        return " ".join(text.split())

    def fits(self, name: str) -> None:
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{name} is wider than the screen by {wide} pixels"

    def inspect(self, name: str, dark: set[str]) -> None:
        """Have axe look for what keeps people from using a page, and where it is among `dark` at its colours there."""
        from axe_playwright_python.sync_playwright import Axe

        self.fits(name)
        found = Axe().run(self.page).response["violations"]
        if name in dark:
            self.page.emulate_media(color_scheme="dark")
            found += self.page.evaluate("axe.run({runOnly: ['color-contrast']}).then(found => found.violations)")
            self.page.emulate_media(color_scheme="light")
        told = [f"{each['impact']} {each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]
        assert not {each["impact"] for each in found} & IMPACTS, f"{name}: {told}"


def test_cases_by_keyboard_alone(chrome: Any, served: Served) -> None:
    decide_many(chrome, served, 6)


@pytest.mark.slow
def test_fifty_cases_by_keyboard_alone(chrome: Any, tmp_path: Path) -> None:
    with serving_desk(tmp_path, records(drawn=50, n=50)) as served:
        decide_many(chrome, served, 50)


def decide_many(chrome: Any, served: Served, cases: int) -> None:
    lea = Reader(chrome, served)
    lea.sign_in(served.keys["Lea"])
    settled = lea.settled

    ann = Reader(chrome, served)
    ann.sign_in(served.keys["Ann"])
    assert ann.heading == "Queue"
    ann.send()
    assert max(ann.decide("cu"[place % 2]) for place in range(cases)) == 3

    assert lea.settled == settled + cases
    lea.page.wait_for_load_state("networkidle")
    assert lea.page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    assert ann.complaints == lea.complaints == []


def test_another_mind_and_back_again(chrome: Any, served: Served) -> None:
    ann = Reader(chrome, served)
    ann.sign_in(served.keys["Ann"])
    ann.send()

    # After the reveal: both answers are kept.
    ann.press("c")
    ann.send()
    assert "Client" in ann.text_of(".sides .you")
    ann.press("u", "3")
    ann.send()
    assert ann.text_of(".notice").startswith("Saved: Customer")

    ann.send("z")
    assert ann.text_of(".notice").startswith("Taken back")
    assert ann.page.locator("#revealed-title").count() == 0
    ann.press("p")
    ann.send()
    ann.send()
    assert ann.text_of(".notice").startswith("Saved: Prospect")

    passed_by = ann.heading
    ann.send("s")
    assert ann.text_of(".notice").startswith(f"Skipped {passed_by}")
    assert ann.heading != passed_by

    ann.page.goto("/desk/history")
    said = ann.page.locator("tbody tr").all_inner_texts()[:4]
    assert all(word in row for word, row in zip(("Prospect", "taken back", "Customer", "Client"), said, strict=True))
    assert ann.complaints == []


def test_keys_mean_what_is_typed(chrome: Any, served: Served) -> None:
    ann = Reader(chrome, served)
    ann.sign_in(served.keys["Ann"])
    ann.send()
    ann.page.locator("#note").focus()
    ann.press("c", "?")
    assert ann.page.locator("#note").input_value() == "c?"
    assert ann.chosen is None
    ann.page.locator("#note").blur()
    ann.press("u")
    assert ann.chosen == "customer"
    # An arrow goes on scrolling; it does not change the verdict.
    ann.press("ArrowDown")
    assert ann.chosen == "customer"

    ann.press("?")
    assert ann.page.locator("dialog#keys").is_visible()
    ann.page.locator("#single-keys").uncheck()
    ann.press("Escape", "c")
    assert not ann.page.locator("dialog#keys").is_visible()
    assert ann.chosen == "customer"
    ann.page.reload()
    ann.press("c")
    assert ann.chosen != "client"
    assert ann.complaints == []


def test_everything_works_without_a_script(chrome: Any, served: Served) -> None:
    ann = Reader(chrome, served, java_script_enabled=False)
    ann.sign_in(served.keys["Ann"])
    ann.page.get_by_role("button", name="Take the next case").click()
    ann.page.get_by_role("radio", name="Customer").check(force=True)
    ann.page.get_by_role("button", name="Save and compare").click()
    assert "Customer" in ann.text_of(".sides .you")
    ann.page.get_by_role("button", name="Confirm and go on").click()
    ann.page.get_by_role("button", name="Undo").click()
    assert ann.text_of(".notice").startswith("Taken back")
    assert ann.page.locator("kbd:visible").count() == 0


def test_the_queue_of_a_telephone_is_read_without_moving_it_about(chrome: Any, served: Served) -> None:
    ann, phone = (Reader(chrome, served), {"viewport": {"width": 390, "height": 844}})
    ann.sign_in(served.keys["Ann"])
    ann.page.get_by_role("button", name="Take the next case").click()
    lea = Reader(chrome, served, **phone)
    lea.sign_in(served.keys["Lea"])
    lea.fits("queue")
    # Neither is a table moved within its frame, nor a line broken that names a page, an id or who is on it.
    assert lea.page.evaluate("(box => box.scrollWidth - box.clientWidth)(document.querySelector('.scroll'))") <= 0
    heights = "found => found.map(each => each.getBoundingClientRect().height)"
    for selector in (".top nav a", ".queue td.id:not(:empty)", ".queue td.holder:not(:empty)"):
        found = lea.page.locator(selector).evaluate_all(heights)
        assert found, selector
        assert max(found) < 48, selector
    assert "taken by Ann" in lea.page.locator(".queue td.holder:not(:empty)").first.evaluate(
        "each => getComputedStyle(each, '::before').content.replaceAll('\"', '') + each.textContent"
    )


@pytest.mark.parametrize(
    ("width", "dark"),
    [
        (1280, {"case", "reveal"}),
        pytest.param(1280, EVERYWHERE, marks=pytest.mark.slow),
        pytest.param(390, EVERYWHERE, marks=pytest.mark.slow),
    ],
)
def test_pages_are_usable_by_everybody(chrome: Any, tmp_path: Path, width: int, dark: set[str]) -> None:
    # Of its own: the accounts with odd names must not have been answered.
    with serving_desk(tmp_path, records(drawn=30, n=110)) as served:
        lea = Reader(chrome, served, viewport={"width": width, "height": 844}, color_scheme="light")
        lea.page.goto("/desk/sign-in")
        lea.inspect("sign-in", dark)
        lea.sign_in(served.keys["Lea"])
        lea.inspect("queue", dark)
        for place, name in enumerate(ODD_NAMES):
            lea.page.goto(f"/desk/?account=crm-000000{place}")
            lea.page.locator("td.name a").first.click()
            assert lea.heading == name
            assert lea.page.title() == f"{name if len(name) <= 60 else name[:59] + '…'} · Rapport"
            lea.fits(name)
        lea.page.get_by_role("button", name="Take this case").click()
        lea.inspect("case", dark)
        lea.page.get_by_role("radio", name="Client").check(force=True)
        lea.page.get_by_role("button", name="Save and compare").click()
        lea.inspect("reveal", dark)
        for page in ("history", "overview", "disputes", "cases/none"):
            lea.page.goto(f"/desk/{page}")
            lea.inspect(page, dark)
        lea.page.goto("/desk/")
        lea.press("?")
        lea.inspect("keys", dark)
        assert [each for each in lea.complaints if "404" not in each] == []
