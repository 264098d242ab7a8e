"""The log's rows: the samples of one commit as flat columns, with a checksum. Knows no SQLite."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.storage.errors import DamagedRow
from gateway.storage.tally import Tally
from timeseries.columns import Ints

# Version, whether start times follow, number of samples, number of the row. Before it stands a checksum.
_HEADER: Final = struct.Struct("<BBIQ")
_CHECKSUM_BYTES: Final = 4
_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Samples in the order they came; values as their bits, so that every NaN survives."""

    refs: Ints
    times: Ints
    bits: Ints
    starts: Ints | None

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.refs)

    def take(self, index: Ints) -> "Rows":
        """Return some of the rows."""
        starts = None if self.starts is None else self.starts[index]
        return Rows(refs=self.refs[index], times=self.times[index], bits=self.bits[index], starts=starts)


NO_ROWS: Final = Rows(
    refs=np.empty(0, np.int64), times=np.empty(0, np.int64), bits=np.empty(0, np.int64), starts=None
)


def join(parts: Sequence[Rows]) -> Rows:
    """Lay rows end to end, earlier ones first."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return NO_ROWS
    with_starts = any(part.starts is not None for part in parts)
    return Rows(
        refs=np.concatenate([part.refs for part in parts]),
        times=np.concatenate([part.times for part in parts]),
        bits=np.concatenate([part.bits for part in parts]),
        starts=np.concatenate([starts_of(part) for part in parts]) if with_starts else None,
    )


def sort_rows(rows: Rows, tally: Tally) -> Rows:
    """Sort by reference and time; of two samples for one time only the later one stays."""
    order = order_of(rows, tally)
    return rows if order is None else rows.take(order)


def order_of(rows: Rows, tally: Tally | None = None) -> Ints | None:
    """Return the order by reference and time, without all but the last of those that are equal in both.

    None when the rows are in this order already. The tally is told how many had another value than the one
    that stays. One number for both, where there is one, sorts several times faster than two; rows that come
    from sorted runs are nearly sorted, which a stable sort makes use of.
    """
    if not len(rows):
        return None
    keys, times = rows.refs, rows.times
    span = int(times.max()) - int(times.min()) + 1
    if (int(keys.max()) + 1) * span < 1 << 63:
        both = keys * span + (times - times.min())
        if (both[1:] > both[:-1]).all():
            return None
        order = np.argsort(both, kind="stable")
        both = both[order]
        same = both[1:] == both[:-1]
    else:
        order = np.lexsort((times, keys))
        same = (np.diff(keys[order]) == 0) & (np.diff(times[order]) == 0)
    if same.any():
        lost = np.flatnonzero(same)
        if tally is not None:
            tally.replace(int(np.count_nonzero(rows.bits[order[lost]] != rows.bits[order[lost + 1]])))
        order = np.delete(order, lost)
    return order


def starts_of(rows: Rows) -> Ints:
    """Return the start times, 0 where unknown."""
    return np.zeros(len(rows), np.int64) if rows.starts is None else rows.starts


def encode_rows(seq: int, rows: Rows) -> bytes:
    """Write a row of the log as it stands: it lives for minutes and is not compressed."""
    columns = [rows.refs.astype("<u4"), rows.times.astype("<i8"), rows.bits.astype("<i8")]
    if rows.starts is not None:
        columns.append(rows.starts.astype("<i8"))
    header = _HEADER.pack(_VERSION, rows.starts is not None, len(rows), seq)
    body = b"".join([header, *(column.tobytes() for column in columns)])
    return zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little") + body


def decode_rows(seq: int, raw: bytes, series: int) -> Rows:
    """Read a row of the log, of references below `series`; raises DamagedRow."""
    if len(raw) < _CHECKSUM_BYTES + _HEADER.size:
        raise DamagedRow("it is shorter than its header")
    if zlib.crc32(memoryview(raw)[_CHECKSUM_BYTES:]) != int.from_bytes(raw[:_CHECKSUM_BYTES], "little"):
        raise DamagedRow("its checksum is wrong")
    version, has_starts, count, number = _HEADER.unpack_from(raw, _CHECKSUM_BYTES)
    body = memoryview(raw)[_CHECKSUM_BYTES + _HEADER.size :]
    if version != _VERSION or has_starts > 1:
        raise DamagedRow(f"its version {version} is unknown")
    if number != seq:
        raise DamagedRow(f"it calls itself row {number}")
    if len(body) != count * (28 if has_starts else 20):
        raise DamagedRow("its size is not that of its samples")
    refs = np.frombuffer(body, "<u4", count).astype(np.int64)
    if count and int(refs.max()) >= series:
        raise DamagedRow("it names a series that is not there")
    return Rows(
        refs=refs,
        times=np.frombuffer(body, "<i8", count, 4 * count),
        bits=np.frombuffer(body, "<i8", count, 12 * count),
        starts=np.frombuffer(body, "<i8", count, 20 * count) if has_starts else None,
    )
