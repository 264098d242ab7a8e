"""`fleetgauge query` against a running gateway, and against what is none."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
import requests

from remotewrite.compression import compress
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Sample, Series
from tests.gateway.programs import run, running
from timeseries.labels import Labels


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A gateway with a series of the last ten minutes for each of two hosts."""
    with running("gateway", "--listen", "127.0.0.1:0") as program:
        now_ms = time.time_ns() // 1_000_000
        series = [
            Series(
                labels=Labels({"__name__": "load", "host": host}),
                samples=[Sample(now_ms - 15_000 * ago, level) for ago in range(40, -1, -1)],
            )
            for host, level in (("a", 1.0), ("b", 2.5))
        ]
        answer = requests.post(f"{program.url}/api/v1/write", data=compress(encode_v1(series)), timeout=10)
        assert answer.status_code == 204
        yield program.url


def ask(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return run("query", "--url", url, *arguments, COLUMNS="80")


def test_a_table_is_what_one_gets(url: str) -> None:
    answer = ask(url, "load")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == "__name__  host  value\nload      a         1\nload      b       2.5\n"


def test_a_range_has_a_row_for_each_point(url: str) -> None:
    answer = ask(url, 'load{host="b"}', "--last", "1m", "--step", "30s", "--format", "csv")
    assert answer.returncode == 0
    header, *rows = [line.split(",") for line in answer.stdout.splitlines()]
    assert header == ["time", "__name__", "host", "value"]
    assert [row[1:] for row in rows] == [["load", "b", "2.5"]] * 3


def test_times_may_be_relative_and_are_the_servers(url: str) -> None:
    answer = ask(url, "time()", "--start", "now-1h", "--end", "-30m", "--step", "10m", "--format", "json")
    [series] = json.loads(answer.stdout)["data"]["result"]
    seconds = [at for at, _ in series["values"]]
    assert [later - seconds[0] for later in seconds] == pytest.approx([0, 600, 1200, 1800])
    assert abs(time.time() - 3600 - seconds[0]) < 60
    assert ask(url, "time()", "--time", "1790000000.5").stdout == "       value\n1790000000.5\n"


def test_a_chart_shows_the_last_hour_without_colour_in_a_pipe(url: str) -> None:
    answer = ask(url, "load", "--format", "chart")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "\x1b" not in answer.stdout
    *_, a, b = answer.stdout.splitlines()
    assert a == 'A load{host="a"}  min 1  max 1  last 1'
    assert b == 'B load{host="b"}  min 2.5  max 2.5  last 2.5'
    assert max(map(len, answer.stdout.splitlines())) == 80


def test_what_is_to_be_said_of_an_answer_goes_beside_it(url: str) -> None:
    answer = ask(url, "rate(load[5m])", "--format", "json")
    assert answer.returncode == 0
    assert "metric might not be a counter" in answer.stderr
    assert json.loads(answer.stdout)["status"] == "success"
    nothing = ask(url, "nothing")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "No series.\n")


def test_a_query_that_is_wrong_exits_with_one(url: str) -> None:
    answer = ask(url, "load{")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith(
        'Error: invalid parameter "query": 1:6: parse error: unexpected end of input'
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--time", "soon"], '"soon" is no time.'),
        (["--last", "ever"], '"ever" is no duration.'),
        (["--step", "1s"], "--end and --step need --start or --last"),
        (["--end", "now"], "--end and --step need --start or --last"),
        (["--start", "2", "--end", "1"], "the end is before the start"),
        (["--start", "-1h", "--last", "1h"], "give one of --time, --start and --last"),
        (["--time", "now", "--last", "1h"], "give one of --time, --start and --last"),
        (["--time", "now", "--format", "chart"], "a chart needs a range"),
        (["--url", "localhost:9095"], '"localhost:9095" is no URL. Write http://host:port'),
        (["--url", "http://[::1"], '"http://[::1" is no URL: '),
    ],
)
def test_wrong_usage_exits_with_two(url: str, arguments: list[str], sentence: str) -> None:
    answer = ask(url, "load", *arguments)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith(f"Error: {sentence}")


class Strange(BaseHTTPRequestHandler):
    """Answers as something that is no Prometheus."""

    answers: ClassVar = {
        "page": (200, b"<html>"),
        "list": (200, b"[]"),
        "empty": (200, b"{}"),
        "proxy": (502, b"<html>"),
        "text": (400, b'"no"'),
    }

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.answers.get(self.path.split("/")[1], (0, b""))
        if status:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def strange() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Strange) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("page", "answered, but not with JSON: is this the URL of a Prometheus API?"),
        ("list", "answered, but not with JSON: is this the URL of a Prometheus API?"),
        ("empty", "the answer is not one of Prometheus' API"),
        ("proxy", "answered 502: is this the URL of a Prometheus API?"),
        ("text", "answered 400: is this the URL of a Prometheus API?"),
        ("gone", "can't be asked: Remote end closed connection without response. Is --url right?"),
    ],
)
def test_a_server_that_is_no_prometheus_is_told(strange: str, kind: str, sentence: str) -> None:
    answer = ask(f"{strange}/{kind}/", "up")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_server_that_is_not_there_is_told() -> None:
    answer = run("query", "--url", "http://127.0.0.1:1", "up")
    assert answer.returncode == 1
    assert answer.stderr == "Error: http://127.0.0.1:1 can't be asked: Connection refused. Is --url right?\n"


def test_a_server_on_this_machine_is_asked_without_the_proxy(url: str) -> None:
    nowhere = "http://127.0.0.1:1"
    answer = run("query", "--url", url, "1", http_proxy=nowhere, HTTP_PROXY=nowhere, no_proxy="", NO_PROXY="")
    assert (answer.returncode, answer.stdout) == (0, "value\n    1\n")
