"""The command `backtest`: over a directory of data, and by asking a gateway."""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import numpy as np
import pytest
from click.testing import CliRunner, Result

from fleetgauge import commands
from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.routes import backtest_routes, query_routes
from gateway.metrics import Metrics
from gateway.query.catalog import Catalog
from gateway.query.service import Queries
from gateway.query.source import StoredSeries
from gateway.ruler.backtest import Backtests
from gateway.storage.store import Store
from remotewrite.decode.batch import Batch, SampleColumns
from runtime.logs import Log
from tests.gateway.http.querying import NO_LIMIT, NOW_MS, RULES
from tests.gateway.storage.samples import open_store
from timeseries.labels import Labels

MINUTE = 60_000
TEXT = "groups: [{name: g, rules: [{alert: Down, expr: up == 0, for: 2m}, {alert: B, expr: up > 1}]}]"
SAID = """\
Down would have fired once in 1h, 6m in all:
  {instance="x"}
    once, 6m in all
      2026-09-21 13:45:00Z  for 6m

B would not have fired in 1h.
"""


def filled(directory: Path) -> Store:
    store = open_store(directory)
    times = NOW_MS // MINUTE * MINUTE + np.arange(-60, 1) * MINUTE
    store.commit(
        Batch(
            samples=SampleColumns(
                refs=np.full(61, store.register(Labels({"__name__": "up", "instance": "x"})), np.int64),
                times=times,
                values=np.array([1.0] * 30 + [0.0] * 8 + [1.0] * 23),
                starts=np.zeros(61, np.int64),
            )
        )
    )
    return store


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "rules.yml").write_text(TEXT)
    return tmp_path / "rules.yml"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(commands, ["backtest", *map(str, arguments)])


def test_a_directory_is_looked_into(rules: Path, tmp_path: Path) -> None:
    filled(tmp_path / "data").close()
    result = run(rules, "--data-dir", tmp_path / "data", "--since", "-1h")
    assert (result.output, result.exit_code) == (SAID, 0)
    result = run(rules, "--data-dir", tmp_path / "data", "--rule", "B", "--format", "json")
    told = json.loads(result.output)
    assert [rule["name"] for rule in told["rules"]] == ["B"]
    assert told["until"] - told["since"] == 30 * 86_400


def test_what_can_not_be_done_is_told(rules: Path, tmp_path: Path) -> None:
    result = run(rules, "--data-dir", tmp_path / "nothing")
    assert (result.exit_code, result.output) == (1, f"Error: there are no data in {tmp_path}/nothing\n")
    filled(tmp_path / "data").close()
    assert run(rules, "--data-dir", tmp_path / "data", "--since", "soon").exit_code == 2
    rules.write_text("groups: 1")
    result = run(rules, "--data-dir", tmp_path / "data")
    assert (result.exit_code, "line 1: groups: must be a list." in result.output) == (2, True)
    assert run(tmp_path / "missing.yml").exit_code == 2


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with filled(tmp_path / "data") as store:
        queries = Queries(
            source=StoredSeries(store), rules=lambda: RULES, stopwatch=lambda: 0.0, memory=NO_LIMIT
        )
        catalog = Catalog(store)
        tries = Backtests(
            queries=queries,
            series=lambda matchers: catalog.confined(matchers).series,
            interval_ms=lambda: MINUTE,
        )
        app = application.create(
            routes=query_routes(queries=queries, catalog=catalog, now_ms=lambda: NOW_MS // MINUTE * MINUTE)
            | backtest_routes(backtests=tries, groups=lambda _: (), now_ms=lambda: NOW_MS),
            accounting=Accounting(Metrics(version="", python=""), clock=lambda: 0.0),
            errors=Errors(log=Log("test"), new_id=lambda: "id"),
        )
        with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()
            thread.join()


def test_a_gateway_is_asked(rules: Path, url: str) -> None:
    result = run(rules, "--url", url, "--since", "-1h")
    assert (result.output, result.exit_code) == (SAID, 0)
    result = run(rules, "--url", url, "--since", "now", "--until", "-1h")
    assert (result.exit_code, result.output) == (1, 'Error: "until" must not be before "since".\n')
    assert run(rules, "--url", "nowhere").exit_code == 2
    assert "can't be asked" in run(rules, "--url", "http://127.0.0.1:1").output


def test_a_rule_that_there_is_not_is_a_wrong_option(tmp_path: Path, rules: Path) -> None:
    filled(tmp_path / "data").close()
    answer = run(str(rules), "--data-dir", str(tmp_path / "data"), "--rule", "Up")
    assert (answer.exit_code, answer.stderr) == (2, f"Error: {rules}: there is no alert rule Up.\n")
