"""Reads requests and commits what can be kept of them.

Owns the order: headers, size, room, decoding, times, commit. Called from many threads at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from gateway.ingest import outcome
from gateway.ingest.admission import EVERYTHING, Admission, Tables
from gateway.ingest.budget import Budget
from gateway.ingest.errors import Unavailable, UnsupportedMedia
from gateway.ingest.media import V1, Version, codec_of, version_of
from gateway.ingest.outcome import Outcome, Work
from gateway.ingest.port import SeriesStore
from gateway.ingest.taken import Taken
from gateway.ingest.window import Window
from remotewrite.compression import CODECS, Codec
from remotewrite.decode.batch import Batch
from remotewrite.errors import MalformedRequest, RequestTooLarge


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """`now_ms` is the time of day, in ms since 1970; `stopwatch` counts seconds from anywhere."""

    now_ms: Callable[[], int]
    stopwatch: Callable[[], float]


class Receiver:
    """Takes requests for one store."""

    def __init__(
        self,
        store: SeriesStore,
        *,
        clocks: Clocks,
        budget: Budget,
        pass_on: Callable[[Taken], None] | None = None,
    ) -> None:
        """`pass_on` returns when what was taken is kept for others, too; it raises Unavailable."""
        self._store = store
        self._tables = Tables(store.register)
        self._pass_on = pass_on
        self._clocks = clocks
        self._budget = budget

    def receive(
        self,
        *,
        content_type: str,
        encoding: str,
        read: Callable[[], bytes],
        admission: Admission = EVERYTHING,
    ) -> Outcome:
        """Take one request, of it the series that are admitted.

        `read` gives its body, and is not called when its headers are refused.
        """
        try:
            version, codec = version_of(content_type), codec_of(encoding)
        except UnsupportedMedia as error:
            return outcome.of_error(error)
        body = read()
        try:
            with self._budget.hold(codec.size(body)):
                return self._keep(body, version, codec, admission)
        except (MalformedRequest, RequestTooLarge, Unavailable) as error:
            return outcome.of_error(error, version.name)

    def forget(self) -> None:
        """Ask the store anew for the reference of every series."""
        self._tables.forget()

    def _keep(self, body: bytes, version: Version, codec: Codec, admission: Admission) -> Outcome:
        started = self._clocks.stopwatch()
        decoded = codec.decompress(body)
        batch = version.decode(decoded, self._tables.of(admission))
        window = Window(oldest_ms=self._store.oldest_ms(), now_ms=self._clocks.now_ms())
        batch = window.clip(batch, self._store.labels)
        work = Work(
            compressed_bytes=len(body),
            decoded_bytes=len(decoded),
            decode_seconds=self._clocks.stopwatch() - started,
        )
        if _holds_anything(batch):
            self._store.commit(batch)
            if self._pass_on is not None:
                came = body if codec is CODECS["snappy"] else b""
                number: Literal[1, 2] = 1 if version is V1 else 2
                self._pass_on(Taken(batch=batch, version=number, decoded=decoded, body=came))
        # Only now: what a request that was not kept has taught must be learnt again.
        batch.learnt.keep()
        return outcome.of_batch(batch, version.name, work)


def _holds_anything(batch: Batch) -> bool:
    return bool(len(batch.samples) or batch.histograms or batch.exemplars or batch.metadata)
