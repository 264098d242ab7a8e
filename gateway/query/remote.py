"""The store as a remote reader sees it: raw samples of series, as bytes of the wire. Knows no HTTP."""

from typing import Final

from gateway.query.confined import Matchers
from gateway.query.pieces import TooManySamples, pieces
from gateway.query.source import without_those_of
from gateway.storage.store import Store
from remotewrite.read.request import ReadQuery, ReadRequest
from remotewrite.read.response import encode_read, series_messages
from timeseries.labels import Labels

MAX_READ_SAMPLES: Final = 5_000_000
"""Samples and histograms of one request: about 100 MB of an answer before it is compressed. 800 series of
15 s for a day have fewer."""


class RemoteReader:
    """Answers requests for samples."""

    def __init__(self, store: Store, *, max_samples: int = MAX_READ_SAMPLES) -> None:
        self._store = store
        self.max_samples = max_samples

    def answer(self, request: ReadRequest, within: Matchers = ()) -> bytes:
        """Return the answer, not yet compressed, of what matches; raises TooManySamples."""
        room = self.max_samples
        results = []
        for query in request.queries:
            messages, used = self._result(query, room, within)
            room -= used
            results.append(messages)
        return encode_read(results)

    def _result(self, query: ReadQuery, room: int, within: Matchers) -> tuple[list[bytes], int]:
        """Return the messages of a query's series, sorted by labels, and how many samples they have."""
        store = self._store
        refs = store.index.select((*query.matchers, *within))
        histograms = store.histograms.select(refs, query.start_ms, query.end_ms)
        used = sum(map(len, histograms.values()))
        if used > room:
            raise TooManySamples
        found: list[tuple[Labels, bytes]] = []
        for piece in pieces(store, refs, query.start_ms, query.end_ms, room - used):
            here = {row: histograms[ref] for row, ref in enumerate(piece.refs.tolist()) if ref in histograms}
            columns = piece.columns.where(without_those_of(here, piece.columns)) if here else piece.columns
            found += series_messages(store.index.labels_of(piece.refs), columns, here)
            used += len(columns.times)
        return [message for _, message in sorted(found)], used
