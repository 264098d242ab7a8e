"""Answers are compressed when they are large enough and the client takes it."""

import gzip
import json
from collections.abc import Callable
from typing import Final

import cramjam
import falcon
import pytest
from falcon.testing import TestClient

from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.encoding import MIN_BYTES, chosen
from gateway.http.errors import Errors
from gateway.metrics import Metrics
from runtime.logs import Log

DECODERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": gzip.decompress,
    "zstd": lambda body: bytes(cramjam.zstd.decompress(body)),
}


class Sized:
    """Answers as many bytes as the path says."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response, size: str) -> None:
        resp.data = json.dumps("x" * (int(size) - 2)).encode()


@pytest.fixture
def client() -> TestClient:
    app = application.create(
        routes={"/{size}": Sized()},
        accounting=Accounting(Metrics(version="", python=""), clock=lambda: 0.0),
        errors=Errors(log=Log("test"), new_id=lambda: "id-7"),
    )
    return TestClient(app)


@pytest.mark.parametrize("coding", DECODERS)
def test_a_large_answer_is_compressed(client: TestClient, coding: str) -> None:
    plain = client.simulate_get(f"/{MIN_BYTES}")
    answer = client.simulate_get(f"/{MIN_BYTES}", headers={"Accept-Encoding": coding})
    assert answer.headers["content-encoding"] == coding
    assert len(answer.content) < MIN_BYTES == len(plain.content)
    assert DECODERS[coding](answer.content) == plain.content
    assert plain.headers["vary"] == answer.headers["vary"] == "Accept-Encoding"


def test_a_small_answer_stays_as_it_is(client: TestClient) -> None:
    answer = client.simulate_get(f"/{MIN_BYTES - 1}", headers={"Accept-Encoding": "gzip, zstd"})
    assert "content-encoding" not in answer.headers
    assert len(answer.content) == MIN_BYTES - 1


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br, gzip ; q=0.1", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0, gzip", "gzip"),
        ("gzip;q=0", None),
        ("gzip; Q=0.000", None),
        ("gzip;q=0.001", "gzip"),
        ("", None),
        ("identity", None),
        (";,;q=", None),
    ],
)
def test_a_coding_is_chosen_by_name_unless_its_weight_is_zero(header: str, coding: str | None) -> None:
    assert chosen(header) == coding
