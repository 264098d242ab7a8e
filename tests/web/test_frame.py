"""The frame of all pages: the way around, theme, language, keys; wide and narrow, for everyone."""

import re
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.web.browser import Language, Scheme, Tab
from tests.web.conftest import OpenTab

pytestmark = pytest.mark.peer("chromium")

PAGES: Final = {
    "Overview": "/",
    "Compare": "/compare",
    "Alerts": "/alerts",
    "Explore": "/explore",
    "Status": "/status",
}
HOST: Final = "/agents/web-1"
EVERY: Final = (*PAGES.values(), HOST, "/login")


def background(tab: Tab) -> str:
    return str(tab.page.evaluate("getComputedStyle(document.body).backgroundColor"))


def is_dark(tab: Tab) -> bool:
    return sum(map(int, re.findall(r"\d+", background(tab))[:3])) < 200


def test_links_lead_to_each_page_and_back_leads_back(at: Tab) -> None:
    at.open("/")
    at.page.evaluate("window.loadedOnce = true")
    links = at.page.get_by_role("navigation")
    for name, path in PAGES.items():
        links.get_by_role("link", name=name).click()
        at.goes(path)
        expect(links.get_by_role("link", name=name)).to_have_attribute("aria-current", "page")
        expect(at.page.get_by_role("heading", level=1).first).to_be_visible()
    for path in reversed(list(PAGES.values())[:-1]):
        at.page.go_back()
        at.goes(path)
    assert at.page.evaluate("window.loadedOnce"), "the document was never loaded again"


def test_a_page_is_there_after_loading_it_again(at: Tab) -> None:
    at.open(HOST)
    heading = at.page.get_by_role("heading", level=1).first
    expect(heading).to_be_visible()
    said = heading.text_content()
    at.page.reload()
    expect(heading).to_have_text(said or "")


def test_the_first_link_skips_to_the_page(at: Tab) -> None:
    at.open("/")
    at.page.keyboard.press("Tab")
    skip = at.page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_is_the_systems_until_one_is_chosen(open_tab: OpenTab, scheme: Scheme) -> None:
    with open_tab(scheme=scheme) as at:
        at.open("/")
        assert is_dark(at) == (scheme == "dark")
        shown = []
        for _ in range(3):
            at.page.get_by_role("button", name=re.compile("^Theme")).click()
            shown.append(
                (at.page.get_by_role("button", name=re.compile("^Theme")).get_attribute("title"), is_dark(at))
            )
        assert shown == [("Theme: dark", True), ("Theme: light", False), ("Theme: system", scheme == "dark")]


def test_a_chosen_theme_and_language_stay(at: Tab) -> None:
    at.open("/")
    at.page.keyboard.press("t")
    at.page.get_by_role("button", name="中文").click()
    expect(at.page.get_by_role("link", name="告警")).to_be_visible()
    at.page.reload()
    expect(at.page.get_by_role("link", name="告警")).to_be_visible()
    expect(at.page.locator("html")).to_have_attribute("lang", "zh")
    assert is_dark(at)
    at.page.get_by_role("button", name="English").click()
    expect(at.page.get_by_role("link", name="Alerts")).to_be_visible()


def test_the_browsers_language_is_the_first_choice(open_tab: OpenTab) -> None:
    with open_tab(language="zh") as at:
        at.open("/")
        expect(at.page.get_by_role("link", name="总览")).to_be_visible()


def test_ctrl_k_finds_hosts_and_pages(at: Tab) -> None:
    at.open("/")
    at.page.keyboard.press("Control+k")
    box = at.page.get_by_role("searchbox", name="Find hosts and pages")
    expect(box).to_be_focused()
    box.fill("WEB-2")
    expect(at.page.get_by_role("dialog").get_by_role("listitem")).to_have_text(["web-2"])
    box.press("Enter")
    at.goes("/agents/web-2")
    expect(at.page.get_by_role("dialog")).to_have_count(0)


def test_escape_closes_a_dialog(at: Tab) -> None:
    at.open("/")
    for key in ("Control+k", "?"):
        at.page.keyboard.press(key)
        expect(at.page.get_by_role("dialog")).to_be_visible()
        at.page.keyboard.press("Escape")
        expect(at.page.get_by_role("dialog")).to_have_count(0)


def test_keys_lead_to_pages_and_are_listed(at: Tab) -> None:
    at.open("/")
    for key, path in zip("caeso", ("/compare", "/alerts", "/explore", "/status", "/"), strict=True):
        at.page.locator("body").press("g")
        at.page.locator("body").press(key)
        at.goes(path)
    at.settle()
    at.page.keyboard.press("?")
    expect(at.page.get_by_role("dialog", name="Keys")).to_contain_text("Ctrl-K")


def test_a_letter_in_a_field_is_a_letter(at: Tab) -> None:
    at.open("/")
    at.page.keyboard.press("Control+k")
    box = at.page.get_by_role("searchbox", name="Find hosts and pages")
    box.press_sequentially("gat?")
    expect(box).to_have_value("gat?")
    assert at.address == "/"


@pytest.mark.parametrize("path", ["/nowhere", "/agents/web-1/more"])
def test_what_is_no_page_is_not_found(at: Tab, path: str) -> None:
    at.allow("404")
    answer = at.page.goto(at.url + path)
    assert answer is not None
    assert answer.status == 404


def test_a_page_that_asks_for_elsewhere_would_be_caught(open_tab: OpenTab) -> None:
    with open_tab() as at:
        at.open("/")
        at.page.evaluate("fetch('https://example.org/').catch(() => 0)")
        assert any("example.org" in each for each in at.found())
        at.allow("example.org|Content Security Policy|violates")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_scrolls_sideways_on_a_phone(open_tab: OpenTab, language: Language) -> None:
    with open_tab(size=(360, 740), language=language) as at:
        assert {path: wide for path in EVERY if (wide := opened(at, path).overflow())} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(open_tab: OpenTab, scheme: Scheme) -> None:
    with open_tab(scheme=scheme) as at:
        assert {path: barred for path in EVERY if (barred := opened(at, path).barriers())} == {}


def opened(tab: Tab, path: str) -> Tab:
    tab.open(path)
    return tab
