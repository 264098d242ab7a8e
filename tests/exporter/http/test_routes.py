"""What each route answers, over a real connection."""

import gzip
import json
import logging
from html.parser import HTMLParser
from typing import Final

import pytest

from exporter.exposition import openmetrics, text
from exporter.families import Family
from tests.exporter.http.serving import COUNTED, LOADED, Agent, ask, ask_on, connect, large, serving

OPENMETRICS: Final = "application/openmetrics-text"


def test_metrics_are_text_by_default() -> None:
    with serving() as pages:
        got = ask(pages, "/metrics")
    assert (got.status, got.body) == (200, text.page([LOADED, COUNTED]))
    assert got.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert got.headers["content-length"] == str(len(got.body))
    assert got.headers["vary"] == "Accept, Accept-Encoding"


def test_metrics_are_openmetrics_for_who_asks() -> None:
    with serving() as pages:
        got = ask(pages, "/metrics", Accept=OPENMETRICS)
    assert (got.status, got.body) == (200, openmetrics.page([LOADED, COUNTED]))
    assert got.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("collect[]=stat", [COUNTED]),
        ("collect%5B%5D=stat&collect[]=loadavg", [LOADED, COUNTED]),
        ("exclude[]=stat", [LOADED]),
        ("exclude[]=stat&exclude[]=loadavg", []),
        ("other=1", [LOADED, COUNTED]),
    ],
)
def test_collectors_are_chosen_by_name(query: str, shown: list[Family]) -> None:
    with serving() as pages:
        assert ask(pages, f"/metrics?{query}").body == text.page(shown)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("collect[]=loadavg&exclude[]=stat", "collect[] and exclude[] cannot be used together."),
        ("collect[]=x&collect[]=stat", "No such collector: x. These run: loadavg, stat."),
        ("exclude[]=y", "No such collector: y. These run: loadavg, stat."),
        ("&".join(["a=1"] * 201), "The request cannot be read: the query has more than 200 parameters."),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_wrong_choice_is_refused_with_what_is_wrong(method: str, query: str, sentence: str) -> None:
    with serving() as pages:
        got = ask(pages, f"/metrics?{query}", method)
    assert got.status == 400
    if method == "GET":
        assert json.loads(got.body) == {"status": "error", "errorType": "bad_data", "error": sentence}


def test_as_many_parameters_as_allowed_are_taken() -> None:
    with serving() as pages:
        assert ask(pages, "/metrics?" + "&".join(["a=1"] * 200)).status == 200


@pytest.mark.parametrize(("size", "is_compressed"), [(1023, False), (1024, True)])
def test_what_is_large_enough_is_compressed(size: int, is_compressed: bool) -> None:
    with serving(large(size)) as pages:
        got = ask(pages, "/metrics", Accept_Encoding="gzip")
    assert ("content-encoding" in got.headers) is is_compressed
    assert len(gzip.decompress(got.body) if is_compressed else got.body) == size


def test_head_has_the_headers_of_a_page_and_asks_no_collector() -> None:
    def fail() -> None:
        raise AssertionError("nobody wants this page")

    with serving(Agent(before=fail)) as pages:
        connection = connect(pages)
        for path in ("/metrics", "/health", "/", "/-/healthy"):
            got = ask_on(connection, path, "HEAD")
            assert (got.status, got.body) == (200, b"")
        connection.close()


@pytest.mark.parametrize(("good", "status", "word"), [(True, 200, "ok"), (False, 503, "failing")])
def test_health_says_what_the_agent_knows_of_itself(good: bool, status: int, word: str) -> None:
    with serving(Agent(good=good)) as pages:
        got = ask(pages, "/health")
    assert (got.status, got.headers["content-type"]) == (status, "application/json")
    assert json.loads(got.body) == {"status": word, "collectors": {"loadavg": "ok"}, "state_dir": "state"}


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_reload_says_what_is_wrong_line_by_line(method: str) -> None:
    agent = Agent()
    with serving(agent) as pages:
        assert json.loads(ask(pages, "/reload", method).body) == {"status": "success"}
        agent.problems = ["agent.yml, line 1: wrong.", "agent.yml, line 2: wrong, too."]
        got = ask(pages, "/reload", method, body=b"ignored")
    assert got.status == 400
    assert json.loads(got.body)["error"] == "agent.yml, line 1: wrong.\nagent.yml, line 2: wrong, too."


def test_another_site_cannot_make_a_browser_reload() -> None:
    def fail() -> None:
        raise AssertionError

    with serving(Agent(before=fail)) as pages:
        assert ask(pages, "/reload", "POST", Origin="http://evil.example").status == 403


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]


def test_the_front_page_names_the_host_and_leads_on_without_scripts() -> None:
    with serving() as pages:
        got = ask(pages, "/")
        parser = Links()
        parser.feed(got.body.decode())
        assert parser.links
        assert [ask(pages, link).status for link in parser.links] == [200] * len(parser.links)
    assert "<h1>box &lt;1&gt;</h1>" in got.body.decode()
    assert "1.2.3" in got.body.decode()
    assert parser.tags.isdisjoint({"script", "style"})
    assert "default-src 'none'" in got.headers["content-security-policy"]
    assert got.headers["x-content-type-options"] == "nosniff"


def test_alive_is_a_line_of_text() -> None:
    with serving() as pages:
        assert ask(pages, "/-/healthy").body == b"The agent serves requests.\n"


def test_an_unknown_path_is_not_found_and_an_unknown_method_not_allowed() -> None:
    with serving() as pages:
        lost = ask(pages, "/metric")
        wrong = ask(pages, "/metrics", "DELETE")
    assert (lost.status, json.loads(lost.body)["errorType"]) == (404, "not_found")
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD")
    assert json.loads(wrong.body)["error"] == "/metrics takes GET, HEAD, not DELETE."


def test_a_failing_page_is_a_500_whose_id_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ZeroDivisionError("secret")

    with serving(Agent(before=fail)) as pages, caplog.at_level(logging.ERROR):
        connection = connect(pages)
        got = ask_on(connection, "/metrics")
        assert ask_on(connection, "/-/healthy").status == 200
        connection.close()
    assert (got.status, json.loads(got.body)["errorType"]) == (500, "internal")
    assert b"id-1" in got.body
    assert b"secret" not in got.body
    [record] = caplog.records
    assert record.msg == "page.failed"
    assert record.fields["id"] == "id-1"  # type: ignore[attr-defined]
