"""Logging in, where the gateway has users: in, out, and nowhere else."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, expect

from tests.gateway.programs import run, running
from tests.web.browser import Tab, tab

pytestmark = pytest.mark.peer("chromium")

PASSWORD: Final = "correct horse"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway with an admin, ann, and a viewer, vic."""
    directory = tmp_path_factory.mktemp("access")
    (directory / "password").write_text(PASSWORD)
    data = ("--data-dir", str(directory / "data"))
    for name, role in (("ann", "admin"), ("vic", "viewer")):
        flags = ("--role", role, "--password-file", str(directory / "password"))
        added = run("user", "add", name, *flags, *data)
        assert added.returncode == 0, added.stderr
    with running("gateway", "--listen", "127.0.0.1:0", *data) as program:
        yield program.url


@pytest.fixture
def at(browser: Browser, gateway: str) -> Iterator[Tab]:
    with tab(browser, gateway) as made:
        made.allow("401")
        yield made


def log_in(tab: Tab, name: str = "ann", password: str = PASSWORD) -> None:
    tab.page.get_by_label("Name").fill(name)
    tab.page.get_by_label("Password").fill(password)
    tab.page.get_by_role("button", name="Log in").click()


def test_who_is_not_known_logs_in_and_comes_to_what_was_asked(at: Tab) -> None:
    at.open("/status")
    at.goes("/login?to=%2Fstatus")
    log_in(at)
    at.goes("/status")
    at.settle()
    at.page.get_by_role("button", name="Log out").click()
    at.goes("/login")
    at.open("/")
    at.goes(lambda address: "/login" in address)


def test_a_wrong_password_is_told_and_nothing_is_lost(at: Tab) -> None:
    at.open("/login?to=%2Falerts")
    log_in(at, password="wrong")
    expect(at.page.get_by_role("alert")).to_be_visible()
    expect(at.page.get_by_label("Name")).to_have_value("ann")
    log_in(at)
    at.goes("/alerts")
    at.settle()


@pytest.mark.parametrize(
    "to", ["//evil.example/", "/\\evil.example/", "https://evil.example/", "javascript:alert(1)"]
)
def test_logging_in_never_leads_elsewhere(at: Tab, to: str) -> None:
    at.open("/login?to=" + to)
    log_in(at)
    at.goes("/")
    at.settle()


def test_the_cookie_is_no_scripts_business(at: Tab) -> None:
    at.open("/login")
    log_in(at)
    at.goes("/")
    at.settle()
    [cookie] = at.page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] in ("Lax", "Strict")
    assert at.page.evaluate("document.cookie") == ""


def test_a_viewer_meets_no_crash(at: Tab) -> None:
    at.allow("40[034]")
    at.open("/login")
    log_in(at, "vic")
    at.goes("/")
    for path in ("/", "/compare", "/alerts", "/explore", "/status", "/status?tab=tokens", "/agents/none"):
        at.open(path)
        said = at.page.get_by_role("heading", level=1).or_(at.page.get_by_role("alert"))
        expect(said.first).to_be_visible()
