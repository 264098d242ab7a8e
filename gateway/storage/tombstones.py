"""Tombstones: which samples were deleted, until none of them is left anywhere. Knows no SQLite.

A deletion covers what is there at its moment and nothing that comes later, so a tombstone names the last row
of the log then: it covers that row and those before it, and parts that end with one of them. In the head the
samples are gone at once.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from gateway.storage.errors import DamagedData
from gateway.storage.head import Head, Run
from gateway.storage.part import Part
from gateway.storage.rows import Rows
from gateway.storage.samples import Wanted
from timeseries.columns import Bools, Ints

# Every read asks each of them; upkeep makes them fewer long before.
MAX_TOMBSTONES: Final = 1000

# Id, log_seq, part_id, record_id, start and end, number of references.
_HEADER: Final = struct.Struct("<6qI")
_CHECKSUM_BYTES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tombstone:
    """Some series, by their sorted references, are empty from start to end, both included."""

    id: int
    # The last row of the log that it covers.
    log_seq: int
    # Parts with this id or a later one were written without what it covers.
    part_id: int
    # The last row of histograms or exemplars that it covers; 0 when they are rid of it.
    record_id: int
    start_ms: int
    end_ms: int
    refs: Ints

    def overlaps(self, start_ms: int, end_ms: int) -> bool:
        """Tell whether a time from start to end is covered."""
        return self.start_ms <= end_ms and start_ms <= self.end_ms

    def reaches(self, part: Part) -> bool:
        """Tell whether a part is old enough, and of the right times, to hold samples that are covered."""
        return (
            part.log_seq <= self.log_seq
            and part.id < self.part_id
            and self.overlaps(part.min_time, part.max_time)
        )

    def touches(self, part: Part) -> bool:
        """Tell whether a part may hold samples that are covered: it has a series of those, too."""
        return self.reaches(part) and bool(np.isin(self.refs, part.refs).any())

    def covers(self, rows: Rows) -> Bools:
        """Mark the samples that are covered."""
        inside: Bools = (rows.times >= self.start_ms) & (rows.times <= self.end_ms)
        if inside.any():
            inside &= np.isin(rows.refs, self.refs)
        return inside


def covering(tombstones: Sequence[Tombstone], log_seq: int) -> Sequence[Tombstone]:
    """Return those that cover samples whose last row of the log is this one."""
    return [one for one in tombstones if one.log_seq >= log_seq]


def clear_part(found: Rows, wanted: Wanted, tombstones: Sequence[Tombstone], part: Part) -> Rows:
    """Return what was found in a part and was not deleted."""
    return clear_found(found, wanted, [one for one in tombstones if one.reaches(part)])


def clear(rows: Rows, tombstones: Sequence[Tombstone]) -> Rows:
    """Return the rows that no tombstone covers."""
    index = _left(rows, tombstones)
    return rows if index is None else rows.take(index)


def clear_found(found: Rows, wanted: Wanted, tombstones: Sequence[Tombstone]) -> Rows:
    """Return what was found and no tombstone covers."""
    if not tombstones:
        return found
    index = _left(replace(found, refs=wanted.refs[found.refs]), tombstones)
    return found if index is None else found.take(index)


def clear_head(head: Head, tombstone: Tombstone) -> Head:
    """Return a head without the samples that are covered, up to the same row of the log."""
    runs = [clear(run.rows, [tombstone]) for run in head.runs]
    fresh = [clear(rows, [tombstone]) for rows in head.fresh]
    return replace(
        head,
        runs=tuple(Run.of(rows) for rows in runs if len(rows)),
        fresh=tuple(rows for rows in fresh if len(rows)),
    )


def _left(rows: Rows, tombstones: Sequence[Tombstone]) -> Ints | None:
    """Return the places that are not covered, None for all."""
    covered = np.zeros(len(rows), np.bool_)
    for one in tombstones:
        covered |= one.covers(rows)
    return np.flatnonzero(~covered) if covered.any() else None


def encode_tombstone(one: Tombstone) -> bytes:
    """Write a tombstone, with a checksum."""
    head = _HEADER.pack(
        one.id, one.log_seq, one.part_id, one.record_id, one.start_ms, one.end_ms, len(one.refs)
    )
    body = head + zlib.compress(np.diff(one.refs, prepend=0).astype("<u4").tobytes())
    return zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little") + body


def decode_tombstone(number: int, raw: bytes, series: int) -> Tombstone:
    """Read a tombstone of references below `series`; raises DamagedData."""
    body = raw[_CHECKSUM_BYTES:]
    if len(body) < _HEADER.size or zlib.crc32(body) != int.from_bytes(raw[:_CHECKSUM_BYTES], "little"):
        raise DamagedData("its checksum is wrong")
    own, log_seq, part_id, record_id, start_ms, end_ms, count = _HEADER.unpack_from(body)
    if own != number:
        raise DamagedData(f"it calls itself tombstone {own}")
    refs = np.cumsum(np.frombuffer(zlib.decompress(body[_HEADER.size :]), "<u4", count), dtype=np.int64)
    if count and int(refs[-1]) >= series:
        raise DamagedData("it names a series that is not there")
    return Tombstone(
        id=own,
        log_seq=log_seq,
        part_id=part_id,
        record_id=record_id,
        start_ms=start_ms,
        end_ms=end_ms,
        refs=refs,
    )
