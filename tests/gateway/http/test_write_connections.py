"""Remote write seen from the wire: connections that stay open, and bodies in chunks."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from random import Random
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from gateway.http.server import BODY_BYTES_IN_MEMORY
from remotewrite.compression import compress
from remotewrite.model import Sample, Series
from tests.gateway.http.test_server import Running, running
from tests.gateway.http.wire import Wire
from tests.gateway.http.writing import V2, Endpoint, body_of, nameless, series_of
from tests.strategies import NOW_MS, reference_v1
from timeseries.labels import Labels

HEAD = b"POST /api/v1/write HTTP/1.1\r\nHost: t\r\nContent-Encoding: snappy\r\n"


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
def server(endpoint: Endpoint) -> Iterator[Running]:
    with running(endpoint.app) as started:
        yield started


def sized(body: bytes, *headers: bytes) -> bytes:
    lines = b"".join(line + b"\r\n" for line in (*headers, b"Content-Length: %d" % len(body)))
    return HEAD + lines + b"\r\n" + body


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def large_body() -> bytes:
    """Return a body that is larger than what is kept in memory, however well it is compressed."""
    noise = Random(1)
    series = [
        Series(
            labels=Labels({"__name__": "up", "noise": noise.randbytes(4000).hex()}),
            samples=[Sample(NOW_MS, 1.0)],
        )
        for _ in range(500)
    ]
    body = compress(reference_v1(series).SerializeToString())
    assert len(body) > 2 * BODY_BYTES_IN_MEMORY
    return body


def test_a_connection_stays_open_from_request_to_request(server: Running, endpoint: Endpoint) -> None:
    with Wire(server.port) as wire:
        for _ in range(100):
            answer = wire.ask(sized(body_of(series_of("up"))))
            assert (answer.status, answer.body) == (204, b"")
            assert {"connection", "content-length", "content-type"}.isdisjoint(answer.headers)
    assert len(endpoint.kept()) == 100


def test_a_connection_stays_open_after_a_refusal(server: Running) -> None:
    with Wire(server.port) as wire:
        for body, headers, status in (
            (body_of(nameless()), (), 400),
            (b"garbage", (), 400),
            (b"x", (b"Content-Type: text/plain",), 415),
            (body_of(series_of("up")), (), 204),
        ):
            assert wire.ask(sized(body, *headers)).status == status


def test_the_counts_of_2_0_are_on_the_wire_of_a_204(server: Running) -> None:
    with Wire(server.port) as wire:
        answer = wire.ask(sized(body_of(series_of("up"), version=V2), b"Content-Type: " + V2.encode()))
        assert answer.status == 204
        assert answer.headers["x-prometheus-remote-write-samples-written"] == "1"


@pytest.mark.parametrize("size", [1, 7, 1_000_000])
def test_a_body_may_come_in_chunks_without_a_length(server: Running, endpoint: Endpoint, size: int) -> None:
    body = body_of(series_of("up"), series_of("down"))
    with Wire(server.port) as wire:
        assert [wire.ask(chunked(body, size)).status for _ in range(2)] == [204, 204]
    assert [name for name, _, _ in endpoint.kept()] == ["up", "down"] * 2


def test_a_large_body_arrives_whole(server: Running, endpoint: Endpoint) -> None:
    body = large_body()
    with Wire(server.port) as wire:
        for request in (sized(body), chunked(body, 100_000)):
            assert wire.ask(request).status == 204
    assert len(endpoint.kept()) == 2 * 500


@pytest.mark.parametrize("more", [0, 1])
def test_a_body_of_the_usual_size_stays_in_memory_and_a_larger_one_does_not(more: int) -> None:
    kinds: list[bool] = []

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        kinds.append(isinstance(environ["wsgi.input"], BytesIO))
        start_response("204 No Content", [])
        return []

    with running(application) as server, Wire(server.port) as wire:
        wire.ask(sized(bytes(BODY_BYTES_IN_MEMORY + more)))
    assert kinds == [not more]
