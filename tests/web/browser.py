"""A browser as a person has one, which takes note of all that goes wrong in it.

Knows how pages are looked at, and no page.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Response,
    Route,
    expect,
    sync_playwright,
)

from tests.house.tree import ROOT
from tests.peers.required import find_program

FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT_MS: Final = 10_000
TURN_MS: Final = 30
QUIET_TURNS: Final = 4
"""So long nothing is asked: what was answered has had its time to ask more, and to be drawn."""
AXE: Final = ROOT / "gateway" / "web" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE: Final = ("serious", "critical")

Language = Literal["en", "zh"]
Scheme = Literal["light", "dark"]


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Run Chromium. Nothing else that has an event loop runs in this thread meanwhile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_program("chromium"), args=list(FLAGS), env={**os.environ, "TZ": "UTC"}
        )
        yield browser
        browser.close()


@dataclass
class Tab:
    """One page of the gateway, in a profile of its own."""

    page: Page
    url: str
    troubles: list[str] = field(default_factory=list)
    """What went wrong: errors that scripts threw or told, requests that failed or left the gateway."""
    allowed: list[re.Pattern[str]] = field(default_factory=list)
    asking: set[Request] = field(default_factory=set)

    def watch(self) -> None:
        """Take note from here on; no request leaves the gateway."""
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self._note(f"threw: {error}"))
        self.page.on("request", self._asked)
        self.page.on("requestfinished", self._finished)
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)
        self.page.route(lambda address: not address.startswith((self.url, "data:", "blob:")), self._refuse)

    def allow(self, pattern: str) -> None:
        """Expect a trouble: it is none."""
        self.allowed.append(re.compile(pattern))

    def found(self) -> list[str]:
        """The troubles that nobody expected."""
        return [each for each in self.troubles if not any(one.search(each) for one in self.allowed)]

    def open(self, path: str) -> None:
        """Go to a page, until it has asked all that it asks at first."""
        self.asking.clear()
        self.page.goto(self.url + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the page is there and asks nothing any more."""
        expect(self.page.locator("main")).to_be_visible()
        quiet = 0
        while quiet < QUIET_TURNS:
            self.page.wait_for_timeout(TURN_MS)
            quiet = 0 if self.asking else quiet + 1

    @property
    def address(self) -> str:
        """Path and parameters, as the address bar has them."""
        return self.page.url.removeprefix(self.url)

    def goes(self, to: str | Callable[[str], bool]) -> None:
        """Wait until the address is this one."""
        self.page.wait_for_url(self.url + to if isinstance(to, str) else to)

    def overflow(self) -> list[str]:
        """What is wider than the window: the page must not scroll sideways."""
        wide: list[str] = self.page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth ? [] :
              [...document.querySelectorAll("body *")]
                .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
                .map((each) => `${each.tagName.toLowerCase()}.${each.className}`).slice(0, 8)
                .concat(`${document.documentElement.scrollWidth} px of ${innerWidth}`)"""
        )
        return wide

    def barriers(self) -> list[str]:
        """What axe finds that keeps people out."""
        if not self.page.evaluate("() => 'axe' in window"):
            # By the debugger, past the policy of the page: it lets in no script but its own.
            self.page.evaluate(f"() => {{ {AXE.read_text()} }}")
        found: dict[str, Any] = self.page.evaluate("() => axe.run({resultTypes: ['violations']})")
        return [
            f"{one['impact']} {one['id']}: {one['help']}: {node['html'][:160]}"
            for one in found["violations"]
            if one["impact"] in GRAVE
            for node in one["nodes"]
        ]

    def shoot(self, file: Path) -> None:
        """Make a picture of what is seen."""
        self.page.screenshot(path=file, animations="disabled")

    def _note(self, trouble: str) -> None:
        self.troubles.append(f"{self.address}: {trouble}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._note(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        self.asking.add(request)

    def _finished(self, request: Request) -> None:
        self.asking.discard(request)

    def _failed(self, request: Request) -> None:
        self.asking.discard(request)
        # A page that was left, or that asks anew, gives up what it asked.
        if request.failure != "net::ERR_ABORTED":
            self._note(f"request failed: {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._note(f"answered {response.status}: {response.url}")

    def _refuse(self, route: Route) -> None:
        self._note(f"wants what is not the gateway's: {route.request.url}")
        route.abort()


@contextmanager
def tab(
    browser: Browser,
    url: str,
    *,
    size: tuple[int, int] = (1280, 900),
    scheme: Scheme = "light",
    language: Language = "en",
) -> Iterator[Tab]:
    """Open a tab in a profile of its own; at the end nothing may have gone wrong in it."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        locale={"en": "en-GB", "zh": "zh-CN"}[language],
        timezone_id="UTC",
        reduced_motion="reduce",
    )
    context.set_default_timeout(WAIT_MS)
    try:
        made = Tab(context.new_page(), url)
        made.watch()
        yield made
        assert made.found() == []
    finally:
        context.close()
