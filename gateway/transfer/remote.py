"""The two ends that are a running gateway: reads by remote read, writes by remote write.

Any Prometheus can be read likewise, and any receiver of remote write 2.0 filled. Knows no files.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request

from delivery.remotewrite import RemoteWrite
from delivery.retry import Answer, Verdict, retry_after_s
from gateway.client.api import opener_of
from gateway.transfer.bundle import Bundle
from gateway.transfer.errors import NotMoved
from gateway.transfer.frames import bundle_of, requests_of
from remotewrite.compression import compress, decompress
from remotewrite.decode.table import SeriesTable
from remotewrite.decode.v1 import decode_v1
from remotewrite.encode.v2 import encode_v2
from remotewrite.errors import RemoteWriteError, RequestTooLarge
from remotewrite.read.asking import encode_ask, results_of
from remotewrite.read.request import ReadQuery
from timeseries.labels import METRIC_NAME, Labels
from timeseries.matcher import Matcher, MatchType
from timeseries.metadata import Metadata, MetricType

_TIMEOUT_SECONDS: Final = 150.0

# An answer with all the samples that a gateway gives at once.
_MAX_ANSWER: Final = 512 << 20
# How the time that is asked for at once begins; it doubles while answers are small.
_FIRST_SPAN_MS: Final = 86_400_000
_SMALL_ANSWER: Final = 200_000

# A receiver that is away for longer is away.
_ATTEMPTS: Final = 6
_MAX_WAIT_S: Final = 30.0

_TYPES: Final = {kind.name.lower(): kind for kind in MetricType}
_PROTOBUF: Final = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}


class Peer:
    """A server at a URL."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url = url.rstrip("/")
        self._opener = opener_of(url)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[Answer, bytes]:
        """Return the answer, whatever its status; raises NotMoved when there is none."""
        request = Request(f"{self._url}{path}", body, {**headers, **self._headers})  # noqa: S310 - checked
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
                return _answer(response.status, response.headers), response.read()
        except HTTPError as error:
            with error:
                return _answer(error.code, error.headers), error.read()
        except (OSError, HTTPException, ValueError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise NotMoved(f"{self._url} can't be reached: {reason}. Is --url right?") from None

    def now(self) -> float:
        """Return the server's time."""
        return float(self.ask("query", [("query", "time()")])["result"][0])

    def ask(self, path: str, parameters: Sequence[tuple[str, str]]) -> Any:
        """Return the data of an answer of the API; raises NotMoved."""
        url = f"{self._url}/api/v1/{path}?{urlencode(parameters)}"
        try:
            with self._opener.open(Request(url, headers=self._headers), timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310 - checked
                return json.loads(response.read())["data"]
        except HTTPError as error:
            with error:
                raise NotMoved(f"{url} was refused: {sentence_of(error.code, error.read())}") from None
        except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
            raise NotMoved(f"{self._url} can't be asked: {error}. Is --url right?") from None


def _answer(status: int, headers: Any) -> Answer:
    return Answer(status=status, headers={name.lower(): value for name, value in headers.items()})


def sentence_of(status: int, raw: bytes) -> str:
    """Return what a server says of what it refused."""
    try:
        return str(json.loads(raw)["error"])
    except (ValueError, KeyError, TypeError):
        return f"{status} {raw[:200].decode(errors='replace')}".strip()


class RemoteSeries:
    """Reads a server."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    @cached_property
    def metadata(self) -> Mapping[str, Metadata]:
        """What families mean."""
        return {
            family: Metadata(
                family=family,
                type=_TYPES.get(some[0]["type"], MetricType.UNKNOWN),
                help=some[0]["help"],
                unit=some[0]["unit"],
            )
            for family, some in self._peer.ask("metadata", ()).items()
        }

    def bundles(self, selectors: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> Iterator[Bundle]:
        """Give all samples of the series that any selector takes: metric by metric, time by time."""
        asked = [("match[]", f"{{{','.join(map(str, one))}}}") for one in selectors]
        span = [("start", f"{start_ms / 1000:.3f}"), ("end", f"{end_ms / 1000:.3f}")]
        for metric in self._peer.ask(f"label/{METRIC_NAME}/values", [*asked, *span]):
            own = Matcher(name=METRIC_NAME, type=MatchType.EQUAL, value=metric)
            yield from self._metric([(*one, own) for one in selectors], start_ms, end_ms)

    def _metric(self, selectors: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> Iterator[Bundle]:
        span_ms = _FIRST_SPAN_MS
        while start_ms <= end_ms:
            until_ms = min(end_ms, start_ms + span_ms - 1)
            bundle = self._read(selectors, start_ms, until_ms)
            if bundle is None:
                if span_ms == 1:
                    raise NotMoved(f"there are too many samples at {start_ms} ms to be read at once")
                span_ms //= 2
                continue
            yield bundle
            start_ms = until_ms + 1
            if bundle.size < _SMALL_ANSWER:
                span_ms *= 2

    def _read(self, selectors: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> Bundle | None:
        """Return all samples of a time, None if they are too many."""
        queries = [ReadQuery(matchers=tuple(one), start_ms=start_ms, end_ms=end_ms) for one in selectors]
        answer, raw = self._peer.post("/api/v1/read", compress(encode_ask(queries)), _PROTOBUF)
        if answer.status == 400 and b"exceeded sample limit" in raw:
            return None
        if answer.status != 200:
            raise NotMoved(f"remote read was refused: {sentence_of(answer.status, raw)}")
        series: dict[Labels, int] = {}
        table = SeriesTable(lambda labels: series.setdefault(labels, len(series)))
        try:
            # A series that several selectors take is in several results; being the same, it is one again.
            body = b"".join(results_of(decompress(raw, _MAX_ANSWER)))
            batch = decode_v1(body, table)
        except RequestTooLarge:
            return None
        except RemoteWriteError as error:
            raise NotMoved(f"the answer can't be read: {error}") from None
        return bundle_of(batch, list(series)).sorted()


class RemoteFiller:
    """Writes to a server; `refused` hears what it would not take."""

    def __init__(
        self, peer: Peer, *, refused: Callable[[str], None], wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._peer = peer
        self._refused = refused
        self._wait = wait
        self._talk = RemoteWrite()

    def take(self, bundle: Bundle) -> None:
        """Send a bundle; raises NotMoved."""
        about = {one.family: one for one in bundle.metadata}
        for request in requests_of(bundle.sorted(), about):
            self._send(compress(encode_v2(request)))

    def _send(self, body: bytes) -> None:
        for attempt in range(_ATTEMPTS):
            again = attempt + 1 < _ATTEMPTS
            request, headers = self._talk.request(body)
            answer, raw = self._peer.post("/api/v1/write", request, headers)
            verdict = self._talk.judge(answer)
            if verdict is Verdict.TAKEN:
                return
            sentence = sentence_of(answer.status, raw)
            if verdict is Verdict.REFUSED:
                self._refused(sentence)
                return
            if verdict is Verdict.RETRY and again:
                self._wait(min(max(retry_after_s(answer, now_s=0), 2.0**attempt / 10), _MAX_WAIT_S))
            elif verdict is not Verdict.ANEW:
                break
        raise NotMoved(f"remote write was refused: {sentence}")

    def finish(self, done: Callable[[int, int], None]) -> None:
        """All is sent already."""
