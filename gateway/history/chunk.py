"""Snapshots of one agent as bytes, one or an hour of them: columns of whole numbers. Pure; no compression.

What repeats is written once: texts, and which process it is. Numbers stand process by process, each with
its own past before it, as the lowest bytes of all, then the next, so that what compresses them finds zeros.
Nothing is rounded. docs/adr/0063-process-history.md has the figures.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from gateway.history.errors import UnreadableChunk
from gateway.history.snapshot import MEASURES, TOTALS, Identity, Process, Program, Snapshot, Whole
from timeseries.columns import Bools, Ints

# Version; snapshots, identities, rows; bytes of the texts.
_HEADER: Final = struct.Struct("<BIIII")
_VERSION: Final = 1

# Of a snapshot: time, interval, omitted, totals. Of an identity: pid, start, parent, program.
_MOMENT: Final = 3 + len(TOTALS)
_IDENTITY: Final = 4
# Of a process in a snapshot: state, then MEASURES.
_ROW: Final = 1 + len(MEASURES)

# Memory, threads, files and states stay; CPU and rates jump.
_STEADY: Final = np.array([True, False, True, False, False, True, True])
_UNKNOWN: Final = -1
_LAST_CHARACTER: Final = 0x10FFFF


def encode(snapshots: Sequence[Snapshot]) -> bytes:
    """Write snapshots, each with another time, in the order of time."""
    programs: dict[Program, int] = {}
    identities: dict[Identity, int] = {}
    places: list[tuple[int, int]] = []
    rows: list[tuple[Whole, ...]] = []
    for at, snapshot in enumerate(snapshots):
        for process in snapshot.processes:
            places.append((identities.setdefault(process[0], len(identities)), at))
            rows.append((ord(process[1]) if process[1] else 0, *process[2:]))
    named = [
        (one.pid, one.start_ms, one.parent, programs.setdefault(one.program, len(programs)))
        for one in identities
    ]
    moments = [(one.time_ms, one.interval_ms, one.omitted, *one.totals) for one in snapshots]
    where = np.array(places, np.int64).reshape(-1, 2)
    order = np.lexsort((where[:, 1], where[:, 0]))
    present = np.zeros((len(identities), len(snapshots)), np.bool_)
    present[where[:, 0], where[:, 1]] = True
    texts = json.dumps(list(programs), ensure_ascii=False, separators=(",", ":")).encode()
    header = _HEADER.pack(_VERSION, len(snapshots), len(identities), len(rows), len(texts))
    return b"".join(
        [
            header,
            texts,
            _pack(_table(moments, _MOMENT), np.ones(_MOMENT, np.bool_)),
            _pack(_table(named, _IDENTITY), np.ones(_IDENTITY, np.bool_)),
            np.packbits(present).tobytes(),
            _pack(_table(rows, _ROW)[:, order], _STEADY),
        ]
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Chunk:
    """Snapshots as columns; -1 where nobody knows. A row is one process in one snapshot.

    `moments` has a column a snapshot, `identities` one a process, `rows` one a row; `of` and `at` say
    of each row which identity and which snapshot it belongs to.
    """

    moments: Ints
    identities: Ints
    programs: Sequence[Program]
    rows: Ints
    of: Ints
    at: Ints

    @property
    def times(self) -> Ints:
        """When each snapshot was taken, ascending."""
        times: Ints = self.moments[0]
        return times

    def measure(self, name: str) -> Ints:
        """What is known by this name, one number a row."""
        values: Ints = self.rows[1 + list(MEASURES).index(name)]
        return values

    def snapshot(self, number: int) -> Snapshot:
        """Return one of the snapshots."""
        return self._made(number, np.flatnonzero(self.at == number))

    def snapshots(self) -> list[Snapshot]:
        """Return all of them."""
        order = np.argsort(self.at, kind="stable")
        ends = np.searchsorted(self.at[order], np.arange(len(self.times) + 1))
        return [
            self._made(number, order[ends[number] : ends[number + 1]]) for number in range(len(self.times))
        ]

    @cached_property
    def named(self) -> Sequence[Identity]:
        """All identities."""
        return [
            Identity(pid, start, _known(parent), self.programs[program])
            for pid, start, parent, program in self.identities.T.tolist()
        ]

    def _made(self, number: int, rows: Ints) -> Snapshot:
        time_ms, interval_ms, omitted, *totals = self.moments[:, number].tolist()
        named = self.named
        processes = [
            Process(named[of], chr(state) if state else "", *map(_known, values))
            for of, (state, *values) in zip(
                self.of[rows].tolist(), self.rows[:, rows].T.tolist(), strict=True
            )
        ]
        processes.sort(key=lambda one: (one.identity.pid, one.identity.start_ms))
        return Snapshot(
            time_ms=time_ms,
            interval_ms=interval_ms,
            omitted=omitted,
            totals=tuple(map(_known, totals)),
            processes=processes,
        )


def decode(payload: bytes) -> Chunk:
    """Read what `encode` wrote; raises UnreadableChunk for what it can't have written."""
    try:
        return _decode(payload)
    except (ValueError, TypeError, struct.error, OverflowError, RecursionError) as error:
        raise UnreadableChunk(f"it can't be read: {error}") from error


def _decode(payload: bytes) -> Chunk:
    version, snapshots, identities, rows, text_bytes = _HEADER.unpack_from(payload)
    if version != _VERSION:
        raise UnreadableChunk(f"its version {version} is unknown")
    sizes = [
        text_bytes,
        _packed_bytes(_MOMENT, snapshots),
        _packed_bytes(_IDENTITY, identities),
        (identities * snapshots + 7) // 8,
        _packed_bytes(_ROW, rows),
    ]
    if _HEADER.size + sum(sizes) != len(payload):
        raise UnreadableChunk("its size is not that of its content")
    parts, start = [], _HEADER.size
    for size in sizes:
        parts.append(payload[start : start + size])
        start += size
    programs = [Program(*map(str, texts)) for texts in json.loads(parts[0])]
    named = _unpack(parts[2], _IDENTITY, identities, np.ones(_IDENTITY, np.bool_))
    bits = np.unpackbits(np.frombuffer(parts[3], np.uint8), count=identities * snapshots)
    of, at = np.nonzero(bits.reshape(identities, snapshots))
    moments = _unpack(parts[1], _MOMENT, snapshots, np.ones(_MOMENT, np.bool_))
    values = _unpack(parts[4], _ROW, rows, _STEADY)
    if (
        len(of) != rows
        or not (np.diff(moments[0]) > 0).all()
        or not ((named[3] >= 0) & (named[3] < len(programs))).all()
        or not ((values[0] >= 0) & (values[0] <= _LAST_CHARACTER)).all()
    ):
        raise UnreadableChunk("its parts do not fit each other")
    return Chunk(
        moments=moments,
        identities=named,
        programs=programs,
        rows=values,
        of=of.astype(np.int64),
        at=at.astype(np.int64),
    )


def _table(rows: Sequence[tuple[Whole, ...]], columns: int) -> Ints:
    """Return a row a column, unknown values as -1."""
    flat = [_UNKNOWN if value is None else value for row in rows for value in row]
    return np.array(flat, np.int64).reshape(-1, columns).T


def _known(value: int) -> Whole:
    return None if value == _UNKNOWN else value


def _pack(table: Ints, steady: Bools) -> bytes:
    """Write rows of numbers from -1 on, those that are `steady` as differences."""
    units = np.maximum(np.gcd.reduce(np.where(table < 0, 0, table), axis=1, initial=0), 1)
    small = np.where(table < 0, 0, table // units[:, None] + 1)
    differences = np.diff(small, axis=1, prepend=0)
    # Small numbers of either sign become small numbers without one.
    small = np.where(steady[:, None], (differences << 1) ^ (differences >> 63), small)
    planes = np.ascontiguousarray(small, "<i8").view(np.uint8).reshape(*small.shape, 8).transpose(0, 2, 1)
    return bytes(units.astype("<i8").tobytes() + planes.tobytes())


def _packed_bytes(columns: int, count: int) -> int:
    return 8 * columns * (count + 1)


def _unpack(part: bytes, columns: int, count: int, steady: Bools) -> Ints:
    units = np.frombuffer(part, "<i8", columns).astype(np.int64)
    planes = np.frombuffer(part, np.uint8, offset=8 * columns).reshape(columns, 8, count)
    small = np.ascontiguousarray(planes.transpose(0, 2, 1)).view("<i8").reshape(columns, count)
    summed = np.cumsum((small >> 1) ^ -(small & 1), axis=1)
    small = np.where(steady[:, None], summed, small)
    return np.where(small == 0, _UNKNOWN, (small - 1) * units[:, None])
