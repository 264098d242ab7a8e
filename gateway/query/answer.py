"""What a query came to, as the JSON that Prometheus' HTTP API has for it. Evaluates nothing."""

from collections.abc import Iterator, Sequence
from itertools import compress, pairwise
from typing import Final

import numpy as np

from gateway.query.jsontext import encoded, number, numbers, stamp
from promql.cells import has_object
from promql.engine import Answer
from promql.histograms.model import FloatHistogram
from promql.histograms.text import json_of
from promql.values import Scalar, Vector, Windows
from timeseries.columns import offsets_of
from timeseries.labels import Labels

TRUNCATED: Final = "results truncated due to limit"
"""The warning of an answer that is not all there is."""

# Values that are written at once: meanwhile no other thread runs.
_CELLS_AT_ONCE: Final = 1 << 16


def series_count(answer: Answer) -> int:
    """Count the series of an answer; a scalar or a text has none."""
    return len(answer.value.labels) if isinstance(answer.value, Vector | Windows) else 0


def write_instant(answer: Answer, limit: int | None = None) -> bytes:
    """Write what an instant query came to, with the first series up to the limit."""
    value = answer.value
    at = stamp(answer.steps.start_ms)
    if isinstance(value, Vector):
        return _data("vector", b"[" + b",".join(_samples(value, at, limit)) + b"]")
    if isinstance(value, Windows):
        return _data("matrix", b"[" + b",".join(_windows(value, limit)) + b"]")
    if isinstance(value, str):
        return _data("string", b"[%b,%b]" % (at.encode(), encoded(value)))
    return _data("scalar", f'[{at},"{number(float(value[0]))}"]'.encode())


def write_range(answer: Answer, limit: int | None = None) -> bytes:
    """Write what a range query came to; a scalar is a series without labels."""
    value = answer.value
    times = [stamp(time_ms) for time_ms in answer.steps.times.tolist()]
    if isinstance(value, np.ndarray):
        value = _as_vector(value)
    assert isinstance(value, Vector)  # noqa: S101 - the engine refuses all else in a range query
    return _data("matrix", b"[" + b",".join(_rows(value, times, limit)) + b"]")


def _as_vector(scalar: Scalar) -> Vector:
    return Vector(
        labels=[Labels()],
        values=scalar.reshape(1, -1),
        present=np.ones((1, len(scalar)), np.bool_),
        drop_name=np.zeros(1, np.bool_),
    )


def _data(kind: str, result: bytes) -> bytes:
    return b'{"resultType":"%b","result":%b}' % (kind.encode(), result)


def _samples(vector: Vector, at: str, limit: int | None) -> Iterator[bytes]:
    values = numbers(vector.values[:limit, 0])
    histograms = [None] * len(values) if vector.histograms is None else vector.histograms[:limit, 0].tolist()
    for labels, value, histogram in zip(vector.labels, values, histograms, strict=False):
        if histogram is None:
            yield b'{"metric":%b,"value":[%b,"%b"]}' % (encoded(dict(labels)), at.encode(), value)
        else:
            shown = encoded(json_of(histogram))
            yield b'{"metric":%b,"histogram":[%b,%b]}' % (encoded(dict(labels)), at.encode(), shown)


def _rows(vector: Vector, times: Sequence[str], limit: int | None) -> Iterator[bytes]:
    size = max(_CELLS_AT_ONCE // max(len(times), 1), 1)
    rows = len(vector) if limit is None else min(limit, len(vector))
    for first in range(0, rows, size):
        yield from _some_rows(vector, times, slice(first, min(first + size, rows)))


def _some_rows(vector: Vector, times: Sequence[str], some: slice) -> Iterator[bytes]:
    """Write each row in one join: what stands before a value is the same in all rows."""
    labels, present = vector.labels[some], vector.present[some]
    histograms = None if vector.histograms is None else vector.histograms[some]
    floats = present if histograms is None else present & ~has_object(histograms)
    counts = floats.sum(axis=1)
    values = numbers(vector.values[some][floats])
    openings = [f'"],[{time},"'.encode() for time in times]
    bounds = pairwise(offsets_of(counts).tolist())
    for row, (name, (first, last)) in enumerate(zip(labels, bounds, strict=True)):
        own = openings if last - first == len(openings) else compress(openings, floats[row].tolist())
        shown = None if histograms is None else histograms[row].tolist()
        yield _series(name, list(own), values[first:last], _histograms(times, shown))


def _windows(windows: Windows, limit: int | None) -> Iterator[bytes]:
    for row, labels in enumerate(windows.labels[:limit]):
        floats = slice(int(windows.first[row, 0]), int(windows.last[row, 0]))
        openings = [f'"],[{stamp(at)},"'.encode() for at in windows.columns.times[floats].tolist()]
        values = numbers(windows.columns.values[floats])
        some = slice(int(windows.histogram_first[row, 0]), int(windows.histogram_last[row, 0]))
        times = [stamp(at) for at in windows.histogram_times[some].tolist()]
        yield _series(labels, openings, values, _histograms(times, windows.histograms[some].tolist()))


def _series(labels: Labels, openings: list[bytes], values: list[bytes], histograms: list[bytes]) -> bytes:
    parts = [b'{"metric":', encoded(dict(labels))]
    if values:
        pieces = [b""] * (2 * len(values))
        pieces[::2], pieces[1::2] = openings, values
        parts += (b',"values":[', b"".join(pieces)[3:], b'"]]')
    if histograms:
        parts += (b',"histograms":[', b",".join(histograms), b"]")
    parts.append(b"}")
    return b"".join(parts)


def _histograms(times: Sequence[str], found: Sequence[FloatHistogram | None] | None) -> list[bytes]:
    if found is None:
        return []
    return [
        b"[%b,%b]" % (at.encode(), encoded(json_of(histogram)))
        for at, histogram in zip(times, found, strict=True)
        if histogram is not None
    ]
