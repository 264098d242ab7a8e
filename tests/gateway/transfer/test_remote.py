"""Sending to a gateway: it waits for one that is away, tells what was refused, and gives up in the end."""

from collections.abc import Mapping, Sequence

import pytest

from delivery.retry import Answer
from gateway.transfer.errors import NotMoved
from gateway.transfer.remote import Peer, RemoteFiller, RemoteSeries
from remotewrite.compression import compress
from remotewrite.read.response import encode_read
from tests.gateway.transfer.test_formats import UP, bundle
from timeseries.matcher import Matcher, MatchType

KEPT = {"x-prometheus-remote-write-samples-written": "1"}


class Scripted(Peer):
    """A server that gives these answers, one after the other."""

    def __init__(self, *answers: tuple[int, Mapping[str, str], bytes]) -> None:
        self.answers = [*answers]
        self.asked: list[tuple[bytes, Mapping[str, str]]] = []

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[Answer, bytes]:  # noqa: ARG002
        self.asked.append((body, headers))
        status, own, raw = self.answers.pop(0)
        return Answer(status=status, headers=own), raw


def send(peer: Peer) -> tuple[list[str], list[float]]:
    refused: list[str] = []
    waits: list[float] = []
    RemoteFiller(peer, refused=refused.append, wait=waits.append).take(bundle([(UP, 1, 0, 0)]))
    return refused, waits


def test_it_waits_as_long_as_it_is_told_and_then_longer() -> None:
    answers = [(503, {"retry-after": "7"}, b""), (500, {}, b""), (429, {"retry-after": "9999"}, b"")]
    assert send(Scripted(*answers, (204, KEPT, b""))) == ([], [7.0, 0.2, 30.0])


def test_it_gives_up_in_the_end() -> None:
    with pytest.raises(NotMoved, match="remote write was refused: full"):
        send(Scripted(*[(503, {}, b'{"error":"full"}')] * 6))


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_someone_must_mend_ends_it_at_once(status: int) -> None:
    with pytest.raises(NotMoved, match="not you"):
        send(Scripted((status, {}, b'{"error":"not you"}')))


def test_what_was_refused_is_told() -> None:
    assert send(Scripted((400, {}, b'{"error":"too old"}'))) == (["too old"], [])


def test_a_receiver_that_knows_only_1_0_gets_that() -> None:
    peer = Scripted((204, {}, b""), (204, {}, b""))
    assert send(peer) == ([], [])
    assert [headers["X-Prometheus-Remote-Write-Version"] for _, headers in peer.asked] == ["2.0.0", "0.1.0"]


class Metric(Scripted):
    """A server with one metric."""

    def ask(self, path: str, parameters: Sequence[tuple[str, str]]) -> object:  # noqa: ARG002
        return ["up"]


def test_time_is_halved_where_there_are_too_many_samples() -> None:
    too_many: tuple[int, dict[str, str], bytes] = (400, {}, b'{"error":"exceeded sample limit (5)"}')
    nothing: tuple[int, dict[str, str], bytes] = (200, {}, compress(encode_read([[]])))
    peer = Metric(too_many, too_many, *[nothing] * 3)
    matchers = [Matcher(name="job", type=MatchType.EQUAL, value="a")]
    found = list(RemoteSeries(peer).bundles([matchers], 0, 86_400_000))
    assert (len(found), len(peer.answers), len(peer.asked)) == (3, 0, 5)


def test_time_is_not_halved_without_end() -> None:
    peer = Metric(*[(400, {}, b"exceeded sample limit")] * 40)
    with pytest.raises(NotMoved, match="too many samples at 5 ms"):
        list(RemoteSeries(peer).bundles([[]], 5, 10**9))
