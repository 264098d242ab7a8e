"""What the tests of the pages share: a fleet in a gateway, a browser, a tab that must stay free of errors."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest
from playwright.sync_api import Browser, expect

from gateway.http.web import BUILT
from tests.peers.required import go_without, require_peer
from tests.web.browser import WAIT_MS, Tab, running_browser, tab
from tests.web.fleet import Fleet, running_fleet

expect.set_options(timeout=WAIT_MS)

OpenTab = Callable[..., AbstractContextManager[Tab]]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, as long as these tests run: its event loop must not meet that of others."""
    require_peer("chromium")
    if not (BUILT / "index.html").exists():
        go_without("the web pages are not built; with Node.js at hand, `make setup` builds them")
    with running_browser() as running:
        yield running


@pytest.fixture(scope="package")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The gateway that all look at; whoever changes something in it puts it back."""
    with running_fleet(tmp_path_factory.mktemp("fleet")) as running:
        yield running


@pytest.fixture
def open_tab(browser: Browser, fleet: Fleet) -> OpenTab:
    """Opens tabs of other sizes, colours and languages."""
    return partial(tab, browser, fleet.url)


@pytest.fixture
def at(open_tab: OpenTab) -> Iterator[Tab]:
    """A tab on the fleet's gateway."""
    with open_tab() as made:
        yield made
