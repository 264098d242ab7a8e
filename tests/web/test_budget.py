"""What a browser has to fetch: little for the first page, and the editor only where queries are written."""

import gzip
import re
from collections.abc import Iterator
from typing import Final

import pytest

from gateway.http.web import BUILT
from tests.peers.required import go_without

FIRST_LOAD_BYTES: Final = 80_000
"""As gzip: under a second on a slow mobile line."""

_STATIC: Final = re.compile(r"""(?:from|import)\s*"\./([\w.-]+\.js)\"""")


@pytest.fixture(scope="module")
def document() -> str:
    if not (BUILT / "index.html").exists():
        go_without("the web pages are not built; with Node.js at hand, `make setup` builds them")
    return (BUILT / "index.html").read_text()


def reached(*names: str) -> set[str]:
    """These scripts, and all that they load before they run."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _STATIC.findall((BUILT / name).read_text())
    return found


def one(pattern: str) -> str:
    [file] = BUILT.glob(pattern)
    return file.name


def weight(names: Iterator[str] | set[str]) -> int:
    return sum(len(gzip.compress((BUILT / name).read_bytes())) for name in names)


def test_the_first_load_is_light(document: str) -> None:
    loaded = {name for name in re.findall(r'/assets/([\w.-]+)"', document) if name.endswith(".css")}
    loaded |= reached(one("main-*.js"), one("overview-*.js"))
    assert weight(loaded | {"index.html"}) <= FIRST_LOAD_BYTES


def test_the_editor_is_loaded_only_where_queries_are_written(document: str) -> None:
    heavy = {
        file.name
        for file in BUILT.glob("*.js")
        if "EditorView" in file.read_text() or weight({file.name}) > 60_000
    }
    for page in ("overview", "host", "compare", "alerts", "login"):
        assert not heavy & reached(one("main-*.js"), one(f"{page}-*.js")), page


def test_nothing_is_built_for_tests_only() -> None:
    assert not [file for file in BUILT.glob("*.js") if "axe-core" in file.read_text()]
