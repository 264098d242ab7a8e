"""Queries through the real program: it tells how it was started, and answers within its settings."""

from datetime import datetime
from pathlib import Path

import requests
import yaml

from gateway.settings import GatewaySettings
from runtime.settings import load
from tests.gateway.programs import running

LISTEN = ("gateway", "--listen", "127.0.0.1:0")


def test_the_program_tells_how_it_was_started(tmp_path: Path) -> None:
    flags = ("--query.timeout", "30s", "--query.max-concurrency", "1", "--data-dir", str(tmp_path))
    with running(*LISTEN, *flags, FLEETGAUGE_RETENTION="12h") as gateway:

        def told(path: str) -> dict[str, str]:
            answer = requests.get(f"{gateway.url}/api/v1/status/{path}", timeout=5).json()
            data: dict[str, str] = answer["data"]
            return data

        assert told("flags")["query.timeout"] == "30s"
        assert told("flags")["retention"] == "12h"
        file = tmp_path / "told.yml"
        file.write_text(told("config")["yaml"])
        settings = load(GatewaySettings, file=file, environ={}, flags={})
        assert (settings.query.timeout.ms, settings.query.max_concurrency) == (30_000, 1)
        assert yaml.safe_load(told("config")["yaml"])["retention"] == "12h"
        runtime = told("runtimeinfo")
        assert runtime["storageRetention"] == "12h"
        assert datetime.fromisoformat(runtime["startTime"]) <= datetime.fromisoformat(runtime["serverTime"])


def test_the_program_answers_queries_within_its_settings(tmp_path: Path) -> None:
    with running(*LISTEN, "--data-dir", str(tmp_path), "--query.max-samples", "10") as gateway:

        def ask(query: str, **parameters: str) -> requests.Response:
            asked = {"query": query, "time": "4", **parameters}
            return requests.get(f"{gateway.url}/api/v1/query", params=asked, timeout=5)

        assert ask("1+1").json()["data"] == {"resultType": "scalar", "result": [4, "2"]}
        assert ask("1", timeout="0").status_code == 503
        series = " or ".join(f'label_replace(vector(1), "n", "{number}", "", "")' for number in range(3))
        span = {"query": series, "start": "0", "end": "9", "step": "1"}
        answer = requests.get(f"{gateway.url}/api/v1/query_range", params=span, timeout=5)
        assert answer.status_code == 422
        assert "more than 10 values at once" in answer.json()["error"]
        text = requests.get(f"{gateway.url}/metrics", timeout=5).text
        assert 'fleetgauge_query_queries_total{kind="instant",outcome="success"} 1.0' in text
        assert 'fleetgauge_query_queries_total{kind="range",outcome="too_large"} 1.0' in text
        assert "fleetgauge_query_waiting 0.0" in text


def test_the_connection_is_kept_and_large_answers_are_compressed(tmp_path: Path) -> None:
    with running(*LISTEN, "--data-dir", str(tmp_path)) as gateway, requests.Session() as session:
        span = {"query": "time() / 3", "start": "0", "end": "5000", "step": "1"}
        for _ in range(2):
            answer = session.post(f"{gateway.url}/api/v1/query_range", data=span, timeout=5)
            assert answer.headers["content-encoding"] == "gzip"
            assert "connection" not in answer.headers
            assert len(answer.json()["data"]["result"][0]["values"]) == 5001
