"""The web pages as the gateway serves them: headers, caching, and what it says when they are not built."""

from itertools import count
from pathlib import Path
from typing import Final

import pytest
from falcon.testing import TestClient

from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.web import PAGES, Files, read_files, web_routes
from gateway.metrics import Metrics
from runtime.logs import Log

FILES: Final = Files(b"<!doctype html>", {"main-A1.js": b"let a", "styles-B2.css": b"a {}"})


def client(files: Files) -> TestClient:
    ticks = count()
    return TestClient(
        application.create(
            routes=web_routes(files),
            accounting=Accounting(Metrics(version="", python=""), clock=lambda: float(next(ticks))),
            errors=Errors(log=Log("test"), new_id=lambda: "id-7"),
        )
    )


@pytest.mark.parametrize("path", [path.replace("{name}", "web-1") for path in PAGES])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_each_page_is_the_document_with_a_strict_policy(path: str, method: str) -> None:
    answer = client(FILES).simulate_request(method, path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    rules = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache", "a newer gateway has other scripts"
    assert answer.content == (FILES.document if method == "GET" else b"")


@pytest.mark.parametrize(
    ("name", "media"),
    [("main-A1.js", "text/javascript; charset=utf-8"), ("styles-B2.css", "text/css; charset=utf-8")],
)
def test_scripts_and_styles_are_kept_forever(name: str, media: str) -> None:
    answer = client(FILES).simulate_get(f"/assets/{name}")
    assert (answer.status_code, answer.content) == (200, FILES.named[name])
    assert answer.headers["content-type"] == media
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["main-old.js", "index.html", "..%2Fweb.py", "%2e%2e", "main-A1.js%00"])
def test_there_is_no_other_file(name: str) -> None:
    answer = client(FILES).simulate_get(f"/assets/{name}")
    assert answer.status_code == 404
    assert "cache-control" not in answer.headers, "it may be there later"


@pytest.mark.parametrize("path", ["/", "/agents/web-1", "/status"])
def test_pages_that_are_not_built_say_what_it_takes(path: str, tmp_path: Path) -> None:
    answer = client(read_files(tmp_path / "nowhere")).simulate_get(path)
    assert answer.status_code == 404
    assert "`make setup` builds them" in answer.text


def test_only_scripts_and_styles_are_read(tmp_path: Path) -> None:
    for name in ("index.html", "main-A1.js", "styles-B2.css", "made-123", "main-A1.js.map"):
        (tmp_path / name).write_text(name)
    files = read_files(tmp_path)
    assert files.document == b"index.html"
    assert set(files.named) == {"main-A1.js", "styles-B2.css"}
