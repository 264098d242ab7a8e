"""The store: takes batches and makes them durable, and answers what was asked for. Knows no HTTP, no clock.

What is in memory is one immutable State; whoever changes it does so under the write lock, and whoever reads
keeps the one it began with.
"""

import threading
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import Final, Self

import numpy as np

from gateway.storage.database import Database, Sync
from gateway.storage.errors import DamagedRow, StorageUnavailable, TooManyTombstones
from gateway.storage.graves import Graves
from gateway.storage.head import Head
from gateway.storage.index import SeriesIndex
from gateway.storage.ledger.ledger import Ledger
from gateway.storage.library import REMOVE_ROWS, Damage, Library
from gateway.storage.part import Block, Cut, Part, cut_blocks
from gateway.storage.records import INSERT, Kind, Records, Row
from gateway.storage.rows import NO_ROWS, Rows, decode_rows, encode_rows, join
from gateway.storage.samples import Wanted, combine
from gateway.storage.tally import Tally
from gateway.storage.tombstones import (
    MAX_TOMBSTONES,
    Tombstone,
    clear,
    clear_found,
    clear_head,
    clear_part,
    covering,
)
from remotewrite.decode.batch import Batch, SampleColumns
from remotewrite.errors import SeriesRejected
from remotewrite.records import (
    exemplar_from_bytes,
    exemplar_to_bytes,
    histogram_from_bytes,
    histogram_to_bytes,
)
from timeseries.columns import Columns, Ints
from timeseries.labels import Labels
from timeseries.matcher import Matcher
from timeseries.metadata import Metadata, MetricType

_INSERT_SERIES: Final = "INSERT INTO series (first, body) VALUES (?, ?)"

# Rows of series with fewer than so many are joined when there are so many of them.
_SMALL_SERIES: Final = 4096
_MANY_SERIES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where all samples are, older ones first, and which of those outside the head were deleted."""

    parts: tuple[Part, ...]
    # A head that is being made into a part.
    sealed: Head | None
    head: Head
    tombstones: tuple[Tombstone, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selection:
    """The samples of some series, a row each; `starts` are start times, 0 where unknown."""

    refs: Ints
    columns: Columns
    starts: Ints


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """A batch on its way into the log."""

    rows: Rows
    records: Sequence[Row]
    metadata: Sequence[Metadata]
    done: bool = False
    error: StorageUnavailable | None = None


@dataclass(slots=True)
class _Queue:
    """Batches that wait for the next commit."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: list[_Waiting] = field(default_factory=list)

    def put(self, one: _Waiting) -> None:
        with self.lock:
            self.waiting.append(one)

    def take_all(self) -> list[_Waiting]:
        with self.lock:
            taken, self.waiting = self.waiting, []
        return taken


class Store:
    """One directory of data, open."""

    def __init__(
        self, directory: Path, *, damage: Damage, sync: Sync = "full", max_series: int = 10_000_000
    ) -> None:
        self._database = Database(directory, sync)
        self._damage = damage
        self._max_series = max_series
        self._write_lock = threading.Lock()
        self._series_lock = threading.Lock()
        self._upkeep_lock = threading.Lock()
        # Numbers of tombstones and records come again once they are free: one thread at a time frees them.
        self._graves_lock = threading.Lock()
        self._queue = _Queue()
        self.tally = Tally()
        self.ledger = Ledger(self._database, self._write_lock)
        self._library = Library(self._database, damage)
        self._graves = Graves(self._database, damage)
        self.histograms = Records(
            Kind.HISTOGRAM,
            self._database,
            damage,
            write=histogram_to_bytes,
            read=histogram_from_bytes,
            tombstones=lambda: self.state.tombstones,
        )
        self.exemplars = Records(
            Kind.EXEMPLAR,
            self._database,
            damage,
            write=exemplar_to_bytes,
            read=exemplar_from_bytes,
            tombstones=lambda: self.state.tombstones,
        )
        self.index = SeriesIndex()
        with self._database.loading():
            self._load_series()
            self.metadata = self._load_metadata()
            parts = self._library.load()
            self._next_part = self._library.tidy()
            tombstones = self._graves.load(len(self.index))
            head = self._load_log(self._library.flushed, tombstones)
            self.state = State(parts=parts, sealed=None, head=head, tombstones=tombstones)

    def __enter__(self) -> Self:
        """Give the open store."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the database; what was acknowledged is in it."""
        with self._upkeep_lock, self._write_lock:
            self._database.close()

    # --- opening ---

    def _load_series(self) -> None:
        for first, body in self._database.writer.execute("SELECT first, body FROM series ORDER BY first"):
            if first != len(self.index):
                raise StorageUnavailable(f"series {len(self.index)} to {first - 1} are missing")
            self.index.restore(body)
        self._persisted = len(self.index)

    def _load_metadata(self) -> dict[str, Metadata]:
        rows = self._database.writer.execute("SELECT family, type, help, unit FROM metadata")
        return {
            family: Metadata(family=family, type=MetricType(kind), help=text, unit=unit)
            for family, kind, text, unit in rows
        }

    def _load_log(self, flushed: int, tombstones: Sequence[Tombstone]) -> Head:
        head = Head(log_seq=flushed, tally=self.tally)
        damaged = []
        for seq, body in self._database.writer.execute("SELECT seq, body FROM log ORDER BY seq"):
            if seq > head.log_seq + 1:
                self._damage("log", head.log_seq + 1, f"it and all up to {seq - 1} are not there")
            try:
                rows = decode_rows(seq, body, len(self.index))
            except DamagedRow as error:
                self._damage("log", seq, str(error))
                damaged.append(("log", seq, str(error), body))
                rows = NO_ROWS
            if seq > head.log_seq:
                self.tally.load(len(body))
                head = head.adding(clear(rows, covering(tombstones, seq)), seq)
        # No new row may have a number that a tombstone covers, even when the last ones were lost.
        head = replace(head, log_seq=max([head.log_seq, *(one.log_seq for one in tombstones)]))
        with self._database.transaction() as transaction:
            transaction.executemany(
                "INSERT INTO damaged (origin, id, reason, body) VALUES (?, ?, ?, ?)", damaged
            )
            # An empty row in its place: a number that is missing would be damage again.
            empty = [(encode_rows(row[1], NO_ROWS), row[1]) for row in damaged]
            transaction.executemany("UPDATE log SET body = ? WHERE seq = ?", empty)
            transaction.execute("DELETE FROM log WHERE seq <= ?", (flushed,))
        return head

    # --- writing ---

    def allow_series(self, number: int) -> None:
        """Change how many series there may be; those that are known stay."""
        self._max_series = number

    def register(self, labels: Labels) -> int:
        """Return the reference of a series, a new one if need be; raises SeriesRejected when full."""
        with self._series_lock:
            if len(self.index) >= self._max_series:
                known = self.index.find(labels)
                if known is None:
                    raise SeriesRejected(
                        "series_limit",
                        f"series {labels}: the gateway holds {self._max_series} series, its limit",
                    )
                return known
            return self.index.ref(labels)

    def commit(self, batch: Batch) -> None:
        """Return when the batch is durable; raises StorageUnavailable, and then nothing of it is kept.

        Whoever gets the lock writes for all that wait.
        """
        records = [*self.histograms.rows(batch.histograms), *self.exemplars.rows(batch.exemplars)]
        mine = _Waiting(rows=_rows_of(batch.samples), records=records, metadata=batch.metadata)
        self._queue.put(mine)
        with self._write_lock:
            if not mine.done:
                self._write(self._queue.take_all())
        if mine.error is not None:
            raise mine.error
        if not mine.done:  # whoever took it failed on another batch
            raise StorageUnavailable("it was to be written together with what the store failed on")

    def _write(self, group: Sequence[_Waiting]) -> None:
        rows = join([one.rows for one in group])
        families = {meta.family: meta for one in group for meta in one.metadata}
        seq = self.state.head.log_seq + 1
        body = encode_rows(seq, rows) if len(rows) else b""
        # All that may fail comes before the commit: what is durable must be in memory, too.
        state = replace(self.state, head=self.state.head.adding(rows, seq)) if len(rows) else self.state
        metadata = {**self.metadata, **families} if families else self.metadata
        try:
            series = len(self.index)
            with self._database.transaction() as transaction:
                if series > self._persisted:
                    chunk = self.index.rows(self._persisted, series)
                    transaction.execute(_INSERT_SERIES, (self._persisted, chunk))
                if len(rows):
                    transaction.execute("INSERT INTO log (seq, body) VALUES (?, ?)", (seq, body))
                transaction.executemany(INSERT, [row for one in group for row in one.records])
                transaction.executemany(
                    "INSERT OR REPLACE INTO metadata (family, type, help, unit) VALUES (?, ?, ?, ?)",
                    [(meta.family, int(meta.type), meta.help, meta.unit) for meta in families.values()],
                )
        except StorageUnavailable as error:
            for one in group:
                one.error = error
        else:
            self._persisted, self.state, self.metadata = series, state, metadata
            self.tally.commit(len(group), len(body))
        for one in group:
            one.done = True

    # --- reading ---

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Selection:
        """Return the samples of all series that match, from start to end, both included."""
        return self.read(self.index.select(matchers), start_ms, end_ms)

    def read(self, refs: Ints, start_ms: int, end_ms: int) -> Selection:
        """Return the samples of series by their sorted references."""
        state = self.state
        wanted = Wanted(refs, start_ms, end_ms)

        def current() -> tuple[Part, ...]:
            nonlocal state
            state = self.state
            return state.parts

        with self._library.snapshot(current) as parts:
            found = [
                clear_part(part.search(wanted, self._library.fetch), wanted, state.tombstones, part)
                for part in parts
                if part.max_time >= start_ms and part.min_time <= end_ms
            ]
        if state.sealed is not None:
            buried = covering(state.tombstones, state.sealed.log_seq)
            found += [clear_found(one, wanted, buried) for one in state.sealed.search(wanted)]
        found += state.head.search(wanted)
        columns, starts = combine(found, len(refs))
        return Selection(refs=refs, columns=columns, starts=starts)

    # --- deleting ---

    def delete(self, selectors: Iterable[Sequence[Matcher]], start_ms: int, end_ms: int) -> int:
        """Delete what some series hold from start to end, both included; return how many series match.

        It is gone for good when this returns; raises StorageUnavailable or TooManyTombstones, and then all is
        still there. What is written later stays, for the same times too.
        """
        matching = [self.index.select(matchers) for matchers in selectors]
        refs = np.unique(np.concatenate([np.empty(0, np.int64), *matching]))
        # A crash takes series of which nothing was kept, and a tombstone that named one would be no good.
        refs = refs[refs < self._persisted]
        if not len(refs):
            return 0
        with self._write_lock:
            state = self.state
            if len(state.tombstones) >= MAX_TOMBSTONES:
                raise TooManyTombstones(f"there are {MAX_TOMBSTONES} deletions to be cleaned up first")
            tombstone = Tombstone(
                id=0,
                log_seq=state.head.log_seq,
                part_id=self._next_part,
                record_id=0,
                start_ms=start_ms,
                end_ms=end_ms,
                refs=refs,
            )
            head = clear_head(state.head, tombstone)
            tombstones = (*state.tombstones, self._graves.add(tombstone))
            self.state = replace(state, head=head, tombstones=tombstones)
        return len(refs)

    def clear_records(self) -> None:
        """Take the histograms and exemplars that were deleted off the disk, a row at a time."""
        with self._graves_lock:
            some = [one for one in self.state.tombstones if one.record_id]
            if not some:
                return
            for records in (self.histograms, self.exemplars):
                records.clear(some, self._write_lock)
            with self._write_lock:
                changed = {one.id: replace(one, record_id=0) for one in some}
                self._graves.change(list(changed.values()))
                tombstones = tuple(changed.get(one.id, one) for one in self.state.tombstones)
                self.state = replace(self.state, tombstones=tombstones)

    def deleted_in_log(self) -> bool:
        """Tell whether the log has rows that a tombstone covers: a flush removes them."""
        return any(self._graves.in_log(one) for one in self.state.tombstones)

    def forget_tombstones(self) -> None:
        """Forget the tombstones of which nothing that they cover is left."""
        with self._graves_lock:
            state = self.state
            spent = [one for one in state.tombstones if not self._covers_anything(one, state)]
            if spent:
                with self._write_lock:
                    self._graves.remove(spent)
                    gone = {one.id for one in spent}
                    left = tuple(one for one in self.state.tombstones if one.id not in gone)
                    self.state = replace(self.state, tombstones=left)

    def _covers_anything(self, one: Tombstone, state: State) -> bool:
        """Tell whether anything that a tombstone covers is left; once it is not, it never will be again."""
        return (
            (state.sealed is not None and state.sealed.log_seq <= one.log_seq)
            or any(one.touches(part) for part in state.parts)
            or self._graves.in_log(one)
            or self._graves.in_records(one)
        )

    # --- upkeep ---

    def flush(self) -> bool:
        """Make the head a part; return whether there was anything to do."""
        with self._upkeep_lock:
            with self._write_lock:
                sealed = self.state.head if self.state.sealed is None else self.state.sealed
                if sealed.log_seq <= self._library.flushed:
                    return False
                if self.state.sealed is None:
                    self.tally.seal()
                    head = Head(log_seq=sealed.log_seq, tally=self.tally)
                    self.state = replace(self.state, sealed=sealed, head=head)
            number = self._take_part_id()
            rows = clear(sealed.all_rows(), covering(self.state.tombstones, sealed.log_seq))
            cuts = cut_blocks(rows, self.index.order)
            part = self._library.write(number, sealed.log_seq, cuts, self._write_lock, ())
            with self._write_lock:
                added = (part,) if part is not None else ()
                self.state = replace(self.state, parts=(*self.state.parts, *added), sealed=None)
            self._remove_log(sealed.log_seq)
            self.tally.flush()
        return True

    def _take_part_id(self) -> int:
        """Return the id for a part whose samples are read after this: without those deleted until now."""
        with self._write_lock:
            number = self._next_part
            self._next_part += 1
        return number

    def _remove_log(self, until: int) -> None:
        removed = REMOVE_ROWS
        while removed >= REMOVE_ROWS:
            with self._write_lock, self._database.transaction() as transaction:
                removed = transaction.execute(
                    "DELETE FROM log WHERE seq IN (SELECT seq FROM log WHERE seq <= ? LIMIT ?)",
                    (until, REMOVE_ROWS),
                ).rowcount

    def rewrite(self, old: Sequence[Part], cuts: Iterable[Cut]) -> None:
        """Put one new part into the place of neighbours; `cuts` has nothing that was deleted before."""
        with self._upkeep_lock:
            log_seq = max(part.log_seq for part in old)
            new = self._library.write(self._take_part_id(), log_seq, cuts, self._write_lock, old)
            self._replace(old, new)

    def drop(self, part: Part) -> None:
        """Forget a part and all that is in it."""
        with self._upkeep_lock:
            self._library.strike_out([part], self._write_lock)
            self._replace([part], None)

    def _replace(self, old: Sequence[Part], new: Part | None) -> None:
        with self._write_lock:
            parts = list(self.state.parts)
            at = parts.index(old[0])
            parts[at : at + len(old)] = [new] if new is not None else []
            self.state = replace(self.state, parts=tuple(parts))
        self._library.remove(old, self._write_lock)

    def fetch(self, ids: Sequence[int]) -> Sequence[Block]:
        """Return blocks for a merge: they are about to be replaced, so the cache does not learn them."""
        return self._library.read(ids)

    def tidy_records(self, edge_ms: int) -> None:
        """Drop histograms and exemplars past the retention, and join small rows."""
        for records in (self.histograms, self.exemplars):
            with self._write_lock:
                records.drop(edge_ms)
                records.join_small()

    def join_series(self) -> bool:
        """Join the last rows of series when they are many and small; return whether they were.

        Each is read by itself at the start. A row that is large enough is left alone for good.
        """
        firsts = [row[0] for row in self._database.reader.execute("SELECT first FROM series ORDER BY first")]
        ends = [*firsts[1:], self._persisted] if firsts else []
        rows = list(zip(firsts, ends, strict=True))
        small = list(takewhile(lambda row: row[1] - row[0] < _SMALL_SERIES, reversed(rows)))
        if len(small) < _MANY_SERIES:
            return False
        first, end = small[-1][0], small[0][1]
        joined = self.index.rows(first, end)
        with self._write_lock, self._database.transaction() as transaction:
            transaction.execute("DELETE FROM series WHERE first >= ? AND first < ?", (first, end))
            transaction.execute(_INSERT_SERIES, (first, joined))
        return True

    def readings(self) -> dict[str, Callable[[], float]]:
        """Return what the store can say of itself, each to be asked when it is wanted."""
        cache = self._library.cache
        return {
            "series": lambda: len(self.index),
            "head_samples": lambda: len(self.state.head) + len(self.state.sealed or ()),
            "parts": lambda: len(self.state.parts),
            "part_samples": lambda: sum(part.samples for part in self.state.parts),
            "part_bytes": lambda: sum(part.bytes for part in self.state.parts),
            "used_bytes": self._database.used_bytes,
            "wal_bytes": self._database.wal_bytes,
            "log_rows": lambda: self.state.head.log_seq - self._library.flushed,
            "log_bytes": lambda: self.tally.log_bytes,
            "waiting_batches": lambda: len(self._queue.waiting),
            "commits": lambda: self.tally.commits,
            "batches": lambda: self.tally.batches,
            "replaced_samples": lambda: self.tally.replaced,
            "cache_hits": lambda: cache.hits,
            "cache_misses": lambda: cache.misses,
        }

    def block_bytes(self, known: Container[int]) -> list[tuple[Part, Ints | None]]:
        """Return all parts, and the size of each block of those that are not known by their ids."""
        with self._library.snapshot(lambda: self.state.parts) as parts:
            return [(part, None if part.id in known else self._library.block_bytes(part)) for part in parts]

    def used_bytes(self) -> int:
        """Return how much of the disk the data needs."""
        return self._database.used_bytes()

    def give_back(self, pages: int) -> None:
        """Return free pages to the file system."""
        with self._write_lock:
            self._database.give_back(pages)


def _rows_of(samples: SampleColumns) -> Rows:
    starts = samples.starts if samples.starts.any() else None
    return Rows(refs=samples.refs, times=samples.times, bits=samples.values.view(np.int64), starts=starts)
