"""Requests made of the API's own description, and nonsense: each gets an answer in time, none a stack trace.

Each seed is one request. More: FLEETGAUGE_TEST_SEEDS=seed-seed, or `make fuzz`.
"""

import gzip
import json
import os
import random
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import cramjam
import pytest
from falcon.testing import Result, TestClient

from gateway.http.openapi.document import operations_in
from gateway.settings import Query
from remotewrite.model import Sample, Series
from runtime.values import Duration, Size
from tests.gateway.http.writing import V1, V2, body_of
from tests.gateway.whole import whole
from timeseries.labels import Labels

SEEDS: Final = os.environ.get("FLEETGAUGE_TEST_SEEDS", "0-4999")
TIMEOUT_S: Final = 1
MOST_S: Final = 8.0
"""The time of a query, and what a busy machine may add."""

TEXTS: Final = (
    "", " ", "0", "-1", "1", "1.5", "1e308", "-1e308", "NaN", "Inf", "9" * 400, "9223372036854775808",
    "0x1", "1_000", "null", "true", "[]", "{}", "\x00", "\n", "\u2028", "é", "𝄞", "%", "%zz", "+", "&", "=",
    ";", "'", '"', "\\", "../..", "<script>", "${jndi:x}", "a" * 5000, "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z", "2026-02-30T00:00:00Z", "-292273086-05-16T16:47:06Z",
    "5m", "-5m", "1y1ms", "99999999y", "1ms", "0s",
)  # fmt: skip
QUERIES: Final = (
    "up", 'up{job="a"}', "{}", '{__name__=~".+"}', "up[5m]", "up[5m:1s]", "rate(up[5m])", "sum by (n) (up)",
    "1/0", "up @ end()", "up offset -1000y", "topk(1e9, up)", "quantile_over_time(0.5, up[1y])",
    "label_replace(up, 'a', '$9', 'n', '(.*)')", "absent(up[1000y:1ms])", "up * on(n) group_left up",
    "count_values('n', up)", "(" * 500, "-" * 3000 + "1", "up" + " + up" * 300,
    "histogram_quantile(0.9, up)", "predict_linear(up[5m], 1e308)", 'up{n=~"(a+)+b"}', "sort_desc(up)",
    "'text'", "{\"up\"}",
)  # fmt: skip
TIMES: Final = ("0", "1790000000", "1790000600", "1790000600.123", "2026-09-21T13:33:20Z", "-1", "1e12")
HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "Accept": ("*/*", "application/openmetrics-text", ";;q=x", "text/plain;q=2"),
    "Accept-Encoding": ("gzip", "zstd", "gzip;q=0, *", "br,,;"),
    "Content-Type": (
        V1, V2, "application/json", "application/x-www-form-urlencoded", "application/x-protobuf;proto=x",
        ";", "text/html; charset=x",
    ),
    "Content-Encoding": ("snappy", "zstd", "gzip", "identity", "x"),
    "X-Request-Id": ("abc", "a b", "<script>"),
    "Authorization": ("Bearer x", "Basic x", "Bearer", "Basic OjE="),
    "Cookie": ("a=b", "session=x; =", ";;;"),
    "Origin": ("http://evil.example", "null"),
}  # fmt: skip
ERROR: Final = re.compile(rb'\{"status": "error", "errorType": "\w+", "error": ".+"\}')
BODIES: Final = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b'{"a":' * 200,
    b"\xff\xfe",
    b"\x00" * 1000,
    b'{"status": NaN}',
    b"a=b&a=c&%zz",
)


def written(version: str) -> bytes:
    series = [
        Series(
            labels=Labels({"__name__": "up", "job": "a", "n": str(number)}),
            samples=[Sample((1_790_000_000 + step) * 1000, float(step)) for step in range(0, 600, 15)],
        )
        for number in range(5)
    ]
    return body_of(*series, version=version)


class Maker:
    """Makes a request for an operation of the document."""

    def __init__(self, seed: int, found: Mapping[str, Any]) -> None:
        self.chance = random.Random(seed)
        self.path, self.method, self.operation = self.chance.choice(list(operations_in(found)))

    def ask(self, client: TestClient) -> Result:
        path = self.path
        values: list[tuple[str, str]] = []
        for parameter in self.operation["parameters"]:
            if parameter["in"] == "path":
                value = quote(self._value(parameter) or "x", safe="")
                path = re.sub(r"{" + re.escape(parameter["name"]) + r"[^}]*}", value, path)
            elif self.chance.random() < 0.75:
                values += [
                    (parameter["name"], self._value(parameter))
                    for _ in range(self.chance.choice((1, 1, 1, 3)))
                ]
        if self.chance.random() < 0.1:
            values.append((self.chance.choice(TEXTS), self.chance.choice(TEXTS)))
        headers = {
            name: self.chance.choice(some) for name, some in HEADERS.items() if self.chance.random() < 0.2
        }
        body = self._body(headers)
        query = urlencode(values)
        if body is None and self.method != "GET" and self.chance.random() < 0.5:
            headers["Content-Type"], body, query = "application/x-www-form-urlencoded", query.encode(), ""
        if self.chance.random() < 0.05:
            query = self.chance.choice(("%", "a=%ff", "&&&", "=", "a", "match[]=%00", "&?" * 100))
        return client.simulate_request(
            self.method, path.replace("%00", "%20"), query_string=query, headers=headers, body=body or b""
        )

    def _value(self, parameter: Mapping[str, Any]) -> str:  # noqa: PLR0911
        if self.chance.random() < 0.2:
            return self.chance.choice(TEXTS)
        name, schema = parameter["name"], parameter["schema"]
        schema = schema.get("items", schema)
        if "enum" in schema:
            return str(self.chance.choice(schema["enum"]))
        if name in ("query", "match[]", "expr"):
            return self.chance.choice(QUERIES)
        if name in ("start", "end", "time", "at", "from", "to"):
            return self.chance.choice(TIMES)
        if schema["type"] in ("integer", "number"):
            return str(self.chance.choice((0, 1, 2, 10, -1, 1 << 40)))
        if name in ("step", "timeout", "lookback_delta"):
            return self.chance.choice(("15s", "1", "0.001", "1h", "60"))
        return self.chance.choice(("up", "job", "n", "a", str(parameter.get("example", "x"))))

    def _body(self, headers: dict[str, str]) -> bytes | None:
        wanted = self.operation.get("requestBody", {}).get("content", {})
        if not wanted or "application/x-www-form-urlencoded" in wanted:
            return None
        media = headers.setdefault("Content-Type", self.chance.choice(list(wanted)))
        if self.chance.random() < 0.4:
            return self.chance.choice(BODIES)
        if "json" in media:
            return json.dumps(self._json(3)).encode()
        body = bytearray(written(V2 if media == V2 else V1))
        for _ in range(self.chance.choice((0, 1, 3, 20))):
            body[self.chance.randrange(len(body))] = self.chance.randrange(256)
        return bytes(body)

    def _json(self, depth: int) -> object:
        kind = self.chance.randrange(6 if depth else 4)
        match kind:
            case 0:
                return self.chance.choice((0, -1, 1.5, 1 << 70, True, None))
            case 1 | 2 | 3:
                return self.chance.choice(TEXTS)
            case 4:
                return [self._json(depth - 1) for _ in range(self.chance.randrange(4))]
            case _:
                names = ("name", "id", "labels", "groups", "text", "time", self.chance.choice(TEXTS))
                return {name: self._json(depth - 1) for name in names if self.chance.random() < 0.6}


def plain(answer: Result) -> bytes:
    """The body as it was before it was compressed."""
    match answer.headers.get("content-encoding") if answer.content else None:
        case "gzip":
            return gzip.decompress(answer.content)
        case "zstd":
            return bytes(cramjam.zstd.decompress(answer.content))
        case _:
            return answer.content


def problems_of(maker: Maker, answer: Result, body: bytes, seconds: float) -> Iterator[str]:
    """What no answer may be."""
    if answer.status_code >= 500 and answer.status_code != 503:
        yield f"status {answer.status_code}"
    if seconds > MOST_S:
        yield f"{seconds:.1f} s"
    if not answer.headers.get("x-request-id"):
        yield "no request id"
    if b"Traceback" in body or b'File "' in body:
        yield "a stack trace"
    if maker.path.startswith("/api/v2/") and answer.status_code == 200 and not body:
        return  # as Alertmanager does
    if maker.method == "HEAD" or answer.status_code in (204, 304):
        if answer.content:
            yield "a body where there is none"
        return
    media = answer.headers.get("content-type", "").partition(";")[0]
    said = maker.operation["responses"].get(str(answer.status_code), {}).get("content", {})
    if answer.status_code >= 400:
        if media != "application/json":
            yield f"an error as {media}"
        elif not has_sentence(json.loads(body)):
            yield "an error without a sentence"
    elif media and media not in said:
        yield f"{media} is not said to be an answer with {answer.status_code}"
    elif media == "application/json" and said[media]["schema"] and json.loads(body)["status"] != "success":
        yield "no envelope"


@pytest.mark.timeout(3000)
def test_every_request_gets_an_answer(tmp_path: Path) -> None:
    first, last = map(int, SEEDS.split("-"))
    query = Query(timeout=Duration.parse(f"{TIMEOUT_S}s"), max_memory=Size.parse("64MiB"))
    found: list[str] = []
    statuses: dict[int, int] = {}
    with whole(tmp_path, query=query) as gateway:
        client = TestClient(gateway.entrance)
        for version in (V1, V2):
            sent = {"Content-Type": version, "Content-Encoding": "snappy"}
            answer = client.simulate_post("/api/v1/write", body=written(version), headers=sent)
            assert answer.status_code == 204
        document = client.simulate_get("/openapi.json").json
        for seed in range(first, last + 1):
            maker = Maker(seed, document)
            began = time.monotonic()
            answer = maker.ask(client)
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            seconds, body = time.monotonic() - began, plain(answer)
            found += [
                f"seed {seed}: {maker.method} {maker.path}: {problem}: {body[:200]!r}"
                for problem in problems_of(maker, answer, body, seconds)
            ]
    assert not found, "\n".join(found[:50])
    if last - first > 1000:  # it has to say yes and no
        assert {200, 204, 400} <= set(statuses)


def has_sentence(error: object) -> bool:
    """Tell whether an error says what was wrong: in the envelope, or bare, as Alertmanager's API does."""
    if isinstance(error, dict):
        return error["status"] == "error" and all(map(error.get, ("error", "errorType")))
    return isinstance(error, str) and error != ""
