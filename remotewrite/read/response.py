"""Writes the answer to a remote reader: series as in remote write 1.0, all their samples at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from remotewrite.encode.fields import LENGTH, delimited, key
from remotewrite.encode.samples import histogram_fields
from remotewrite.encode.v1 import LabelFields
from timeseries.columns import Columns, Floats, Ints, offsets_of
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels

_RESULT: Final = key(1, LENGTH)
_SERIES: Final = key(1, LENGTH)
_HISTOGRAM: Final = key(4, LENGTH)

# A sample: its key and length, the key and eight bytes of its value, the key of its time. The time follows.
_SAMPLE_TAG: Final = 0x12
_VALUE_TAG: Final = 0x09
_TIME_TAG: Final = 0x10
_BEFORE_TIME: Final = 12
_LENGTH_BEFORE_TIME: Final = _BEFORE_TIME - 2
# A varint has seven bits a byte, and in all but the last the eighth set.
_LONGER_FROM: Final = np.array([1 << 7 * bytes_ for bytes_ in range(1, 10)], np.uint64)
_MORE: Final = np.uint8(0x80)
_LAST: Final = np.uint8(0)


def encode_read(results: Iterable[Iterable[bytes]]) -> bytes:
    """Return the answer, not yet compressed: for each query the messages of its series."""
    return b"".join(
        delimited(_RESULT, b"".join([delimited(_SERIES, message) for message in messages]))
        for messages in results
    )


def series_messages(
    labels: Sequence[Labels], columns: Columns, histograms: Mapping[int, Sequence[HistogramSample]]
) -> Iterator[tuple[Labels, bytes]]:
    """Write each series that has something: its labels, its row of the columns, its histograms by number.

    Stale markers stay: the reader needs them to see where a series ends.
    """
    write = LabelFields().fields
    samples, offsets = sample_messages(columns.times, columns.values)
    bounds = pairwise(offsets[columns.offsets].tolist())
    for number, (own, (start, end)) in enumerate(zip(labels, bounds, strict=True)):
        more = histograms.get(number, ())
        if start < end or more:
            parts = [write(own), samples[start:end], *histogram_fields(_HISTOGRAM, more, starts=False)]
            yield own, b"".join(parts)


def sample_messages(times: Ints, values: Floats) -> tuple[bytes, Ints]:
    """Return the samples as fields of their series, and where each begins and the last one ends."""
    unsigned = times.view(np.uint64)
    widths = 1 + np.searchsorted(_LONGER_FROM, unsigned, side="right")
    width = int(widths.max(initial=1))
    rows = np.empty((len(times), _BEFORE_TIME + width), np.uint8)
    rows[:, 0] = _SAMPLE_TAG
    rows[:, 1] = _LENGTH_BEFORE_TIME + widths
    rows[:, 2] = _VALUE_TAG
    rows[:, 3:11] = values.astype("<f8").view(np.uint8).reshape(-1, 8)
    rows[:, 11] = _TIME_TAG
    for place in range(width):
        seven = (unsigned >> np.uint64(7 * place) & np.uint64(0x7F)).astype(np.uint8)
        rows[:, _BEFORE_TIME + place] = seven | np.where(widths > place + 1, _MORE, _LAST)
    used = np.arange(_BEFORE_TIME + width) < (_BEFORE_TIME + widths)[:, None]
    raw = rows.tobytes() if used.all() else rows[used].tobytes()
    return raw, offsets_of(_BEFORE_TIME + widths)
