"""The spool: batches on disk until a receiver has them. Owns the directory, its limits and its order.

Must not know what is in a body, nor who sends it. Batches are kept in files that are appended to and dropped
as a whole. Whatever a killed agent left half written is cut off at the next start.
"""

import fcntl
import os
import re
import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, Literal

from delivery.errors import SpoolInUse
from delivery.records import (
    DONE,
    HEADER_BYTES,
    MARK_AT,
    MAX_BODY_BYTES,
    Batch,
    read_record,
    read_records,
    record_bytes,
)

Order = Literal["interleaved", "oldest-first"]
Reason = Literal["size", "age", "damage", "disk"]

# Small, since a whole file is dropped for want of room; large enough that a day offline makes few files.
SEGMENT_BYTES: Final = 4 * 1024 * 1024
# A spool of few bytes still has files enough to lose only a part at a time.
MIN_SEGMENTS: Final = 8

# While the disk takes nothing, batches wait in memory: some minutes of them, about 1 MiB.
MAX_HELD: Final = 64

_SUFFIX: Final = ".spool"
_NUMBERED: Final = re.compile(rf"[0-9]{{1,16}}{re.escape(_SUFFIX)}")

_NEVER_MS: Final = 1 << 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the spool may hold: bytes on disk, and how old a sample may be."""

    bytes: int = 512 * 1024 * 1024
    age_ms: int = 7 * 24 * 3_600_000


@dataclass(slots=True, kw_only=True, eq=False)
class Waiting:
    """A batch that waits, without its body unless the disk did not take it (segment 0).

    `parts` is what is left to send of one that was too large for its receiver.
    """

    sequence: int
    segment: int
    offset: int = 0
    size: int
    samples: int
    oldest_ms: int
    body: bytes = b""
    attempts: int = 0
    parts: list[Batch] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Segment:
    path: Path
    bytes: int = 0
    waiting: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What waits, in `bytes` without what was sent of the same files; and what was lost since the start.

    `held` of the batches are only in memory, as the disk does not take them.
    """

    batches: int
    held: int
    samples: int
    bytes: int
    oldest_ms: int | None
    lost: dict[Reason, int]
    damaged_bytes: int


class Spool:
    """Batches that wait, safe for threads that append and one that sends: it never waits for their disk.

    `sync` has each batch on the disk before `append` returns; without it a power failure may cost the last
    seconds, a killed process still nothing.
    """

    def __init__(
        self, directory: Path, limits: Limits, *, order: Order = "interleaved", sync: bool = True
    ) -> None:
        self._directory = directory
        self._limits = limits
        self.order: Order = order
        self._sync = sync
        self._segment_bytes = min(SEGMENT_BYTES, limits.bytes // MIN_SEGMENTS)
        # Whoever appends holds the first, and the second only while nothing waits for the disk.
        self._writing = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: OrderedDict[int, Waiting] = OrderedDict()
        self._segments: OrderedDict[int, _Segment] = OrderedDict()
        self._held: deque[int] = deque()
        self._lost: dict[Reason, int] = {"size": 0, "age": 0, "damage": 0, "disk": 0}
        self._damaged_bytes = 0
        self._bytes = 0
        self._oldest_ms = _NEVER_MS
        self._look_again_ms = 0
        self._sequence = 0
        self._newest_next = True
        self._active: BinaryIO | None = None
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._guard = (directory / "lock").open("wb")
        try:
            fcntl.flock(self._guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._guard.close()
            raise SpoolInUse(f"{directory} is in use by another process") from None
        self._last_segment = self._load()

    def close(self) -> None:
        """Let go of the directory. What waits is there next time, except what the disk did not take."""
        with self._writing, self._lock:
            self._seal()
            for number in list(self._segments):
                self._tidy(number)
            self._guard.close()

    # --- for the one who fills it ---

    def append(self, batch: Batch, *, now_ms: int) -> None:
        """Keep a batch; what is too old, and the oldest when there is no room, is dropped and counted.

        While the disk takes nothing, it waits in memory.
        """
        try:
            self.keep([batch], now_ms=now_ms)
        except OSError:
            with self._lock:
                self._hold(batch)

    def keep(self, batches: Iterable[Batch], *, now_ms: int) -> None:
        """Keep batches with one sync for all; raises OSError, and then some of them are not kept."""
        with self._writing:
            with self._lock:
                self._drop_old(now_ms)
            run: list[tuple[Batch, bytes]] = []
            size = 0
            for batch in batches:
                record = record_bytes(batch)
                if len(record) > self._limits.bytes or len(batch.body) > MAX_BODY_BYTES:
                    with self._lock:
                        self._lost["size"] += batch.samples
                    continue
                if run and size + len(record) > self._segment_bytes:
                    self._write(run)
                    run, size = [], 0
                run.append((batch, record))
                size += len(record)
            if run:
                self._write(run)

    # --- for the one who empties it ---

    def take(self) -> Waiting | None:
        """Return the batch to try next; it waits on until it is `done`.

        Interleaved: the newest and the oldest by turns, so that neither a backlog nor a batch that always
        fails keeps the present from getting out.
        """
        with self._lock:
            if not self._waiting:
                return None
            newest = self.order == "interleaved" and self._newest_next
            self._newest_next = not self._newest_next
            return self._waiting[next(reversed(self._waiting) if newest else iter(self._waiting))]

    def body(self, waiting: Waiting) -> bytes | None:
        """Return the body; None when it was dropped meanwhile, or is damaged and now dropped."""
        with self._lock:
            if waiting.sequence not in self._waiting:
                return None
            if not waiting.segment:
                return waiting.body
            found = None
            with suppress(OSError), self._segments[waiting.segment].path.open("rb") as file:
                found = read_record(file, waiting.offset)
            if found is None:
                self._lose(waiting, "damage")
                return None
            return found.batch.body

    def done(self, waiting: Waiting) -> None:
        """Forget a batch that was sent or refused."""
        with self._lock:
            if waiting.sequence not in self._waiting:
                return
            if waiting.segment:
                # Without the mark it is sent again after a restart: no harm, and no reason to fail.
                with suppress(OSError), self._segments[waiting.segment].path.open("r+b") as file:
                    file.seek(waiting.offset + MARK_AT)
                    file.write(bytes([DONE]))
            self._forget(waiting)

    def filling(self) -> Filling:
        """Return how full it is."""
        with self._lock:
            all_waiting = self._waiting.values()
            return Filling(
                batches=len(all_waiting),
                held=sum(not each.segment for each in all_waiting),
                samples=sum(each.samples for each in all_waiting),
                bytes=sum(each.size for each in all_waiting),
                oldest_ms=min((each.oldest_ms for each in all_waiting), default=None),
                lost=dict(self._lost),
                damaged_bytes=self._damaged_bytes,
            )

    def _write(self, run: list[tuple[Batch, bytes]]) -> None:
        """Append records to one file; raises OSError. The lock is free while the disk is at work."""
        data = b"".join([record for _, record in run])
        try:
            with self._lock:
                self._make_room(len(data))
                file = self._active or self._begin()
                number = self._last_segment
            file.write(data)
            file.flush()
            if self._sync:
                os.fsync(file.fileno())
        except OSError:
            with self._lock:
                self._abandon()
            raise
        with self._lock:
            segment = self._segments[number]
            for batch, record in run:
                self._expect(number, segment.bytes, batch)
                segment.bytes += len(record)
            self._bytes += len(data)
            if segment.bytes >= self._segment_bytes:
                self._seal()

    # --- under the lock ---

    def _load(self) -> int:
        """Take up what is in the directory; return the number of the last file."""
        number = 0
        for path in sorted(self._directory.glob(f"*{_SUFFIX}")):
            if not _NUMBERED.fullmatch(path.name):
                continue
            number = int(path.stem)
            segment = self._segments[number] = _Segment(path=path)
            with path.open("r+b") as file:
                for found in read_records(file):
                    segment.bytes = found.end
                    if not found.done:
                        self._expect(number, found.offset, found.batch)
                self._damaged_bytes += file.seek(0, os.SEEK_END) - segment.bytes
                file.truncate(segment.bytes)
            self._bytes += segment.bytes
            self._tidy(number)
        return number

    def _expect(self, segment: int, offset: int, batch: Batch, body: bytes = b"") -> None:
        self._sequence += 1
        self._oldest_ms = min(self._oldest_ms, batch.oldest_ms)
        self._waiting[self._sequence] = Waiting(
            sequence=self._sequence,
            segment=segment,
            offset=offset,
            size=HEADER_BYTES + len(batch.body),
            samples=batch.samples,
            oldest_ms=batch.oldest_ms,
            body=body,
        )
        if segment:
            self._segments[segment].waiting.add(self._sequence)

    def _begin(self) -> BinaryIO:
        self._last_segment += 1
        path = self._directory / f"{self._last_segment:016}{_SUFFIX}"
        self._active = path.open("xb")
        self._segments[self._last_segment] = _Segment(path=path)
        if self._sync:
            with _directory_handle(self._directory) as handle:
                os.fsync(handle)
        return self._active

    def _seal(self) -> None:
        """Let the next batch begin a new file."""
        if self._active is not None:
            file, self._active = self._active, None
            with suppress(OSError):
                file.close()

    def _abandon(self) -> None:
        """Cut off what a failed write may have left; nobody knows what a disk did after an error."""
        self._seal()
        segment = self._segments.get(self._last_segment)
        if segment is not None:
            with suppress(OSError):
                os.truncate(segment.path, segment.bytes)
            self._tidy(self._last_segment)

    def _hold(self, batch: Batch) -> None:
        self._held = deque(each for each in self._held if each in self._waiting)
        if len(self._held) == MAX_HELD:
            self._lose(self._waiting[self._held.popleft()], "disk")
        self._expect(0, 0, batch, batch.body)
        self._held.append(self._sequence)

    def _make_room(self, wanted: int) -> None:
        while self._segments and self._bytes + wanted > self._limits.bytes:
            number, segment = next(iter(self._segments.items()))
            if number == self._last_segment:
                self._seal()
            for sequence in sorted(segment.waiting):
                self._lost["size"] += self._waiting.pop(sequence).samples
            segment.waiting.clear()
            self._tidy(number)

    def _drop_old(self, now_ms: int) -> None:
        limit = now_ms - self._limits.age_ms
        if self._oldest_ms >= limit or now_ms < self._look_again_ms:
            return
        for old in [each for each in self._waiting.values() if each.oldest_ms < limit]:
            self._lose(old, "age")
        self._oldest_ms = min((each.oldest_ms for each in self._waiting.values()), default=_NEVER_MS)
        # All that wait are looked at: not again for each batch, where each finds one that is too old.
        self._look_again_ms = now_ms + self._limits.age_ms // 1000

    def _lose(self, waiting: Waiting, reason: Reason) -> None:
        self._lost[reason] += waiting.samples
        self._forget(waiting)

    def _forget(self, waiting: Waiting) -> None:
        del self._waiting[waiting.sequence]
        if waiting.segment:
            self._segments[waiting.segment].waiting.discard(waiting.sequence)
            self._tidy(waiting.segment)

    def _tidy(self, number: int) -> None:
        """Remove a file in which nothing waits and to which nothing is added."""
        segment = self._segments[number]
        if segment.waiting or (self._active is not None and number == self._last_segment):
            return
        del self._segments[number]
        self._bytes -= segment.bytes
        with suppress(OSError):
            segment.path.unlink(missing_ok=True)


@contextmanager
def _directory_handle(directory: Path) -> Iterator[int]:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)
