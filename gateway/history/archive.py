"""The snapshots of all agents: adding them, finding them by time, joining them. Knows no SQLite and no clock.

They lie in pieces: a snapshot by itself, or up to an hour of them, joined. Pieces may overlap, and a
snapshot that was sent twice may be in two of them.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.history.chunk import Chunk, decode, encode
from gateway.history.errors import UnreadableChunk
from gateway.history.snapshot import Snapshot

HOUR_MS: Final = 3_600_000
"""No piece reaches over the end of an hour: what is dropped, and what is read for one time, stays small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Snapshots of one agent as bytes, from the first to the last; `number` is that of its row, 0 if none."""

    number: int = 0
    first_ms: int
    last_ms: int
    snapshots: int
    payload: bytes


class Shelf(Protocol):
    """Where pieces lie."""

    def add(self, agent: str, piece: Piece) -> bool:
        """Make a piece durable; False if it was there already. Raises StorageUnavailable."""
        ...

    def pieces(self, agent: str, start_ms: int, end_ms: int) -> Generator[Piece, None, None]:
        """Return all that reach into a time, both ends included, by their first snapshot."""
        ...

    def first_before(self, agent: str, time_ms: int) -> int | None:
        """Return the newest of the times that pieces begin at, up to a time."""
        ...

    def last_after(self, agent: str, time_ms: int) -> int | None:
        """Return the oldest of the times that pieces end at, from a time on."""
        ...

    def replace(self, agent: str, old: Sequence[Piece], new: Piece) -> None:
        """Put one piece into the place of others, unless one of them is gone."""
        ...

    def set_aside(self, number: int, reason: str) -> None:
        """Take a piece that can't be read out of the way, and tell of it."""
        ...


class Archive:
    """The snapshots on one shelf. For several threads."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def add(self, agent: str, snapshot: Snapshot) -> bool:
        """Return when it is durable; False if it was there already. Raises StorageUnavailable."""
        at = snapshot.time_ms
        piece = Piece(first_ms=at, last_ms=at, snapshots=1, payload=encode([snapshot]))
        return self._shelf.add(agent, piece)

    def chunks(self, agent: str, start_ms: int, end_ms: int) -> Iterator[Chunk]:
        """Return all chunks that reach into a time; what can't be read is told, and passed over."""
        with closing(self._shelf.pieces(agent, start_ms, end_ms)) as pieces:
            for piece in pieces:
                if (chunk := self._read(piece)) is not None:
                    yield chunk

    def at(self, agent: str, time_ms: int) -> Snapshot | None:
        """Return the last snapshot up to a time."""
        begin = self._shelf.first_before(agent, time_ms)
        best: tuple[int, Chunk, int] | None = None
        while begin is not None and best is None:
            for chunk in self.chunks(agent, begin, time_ms):
                number = int(chunk.times.searchsorted(time_ms, "right")) - 1
                if number >= 0 and (best is None or chunk.times[number] > best[0]):
                    best = int(chunk.times[number]), chunk, number
            # Nothing there could be read: what comes before it is the last then.
            begin = self._shelf.first_before(agent, begin - 1)
        return None if best is None else best[1].snapshot(best[2])

    def next_after(self, agent: str, time_ms: int) -> int | None:
        """Return the time of the first snapshot after a time."""
        end = self._shelf.last_after(agent, time_ms + 1)
        while end is not None:
            found = [
                int(chunk.times[chunk.times > time_ms][0])
                for chunk in self.chunks(agent, time_ms + 1, end)
                if chunk.times[-1] > time_ms
            ]
            if found:
                return min(found)
            end = self._shelf.last_after(agent, end + 1)
        return None

    def join(self, agent: str, pieces: Sequence[Piece]) -> int:
        """Make pieces one, if all can be read; return how many snapshots are in it, 0 if nothing was done."""
        chunks = [self._read(piece) for piece in pieces]
        if any(chunk is None for chunk in chunks):
            return 0
        # Of two for one time the first stays, as when it comes twice.
        by_time: dict[int, Snapshot] = {}
        for chunk in filter(None, chunks):
            for snapshot in chunk.snapshots():
                by_time.setdefault(snapshot.time_ms, snapshot)
        snapshots = [by_time[time_ms] for time_ms in sorted(by_time)]
        new = Piece(
            first_ms=snapshots[0].time_ms,
            last_ms=snapshots[-1].time_ms,
            snapshots=len(snapshots),
            payload=encode(snapshots),
        )
        self._shelf.replace(agent, pieces, new)
        return len(snapshots)

    def _read(self, piece: Piece) -> Chunk | None:
        try:
            chunk = decode(piece.payload)
            if len(chunk.times) != piece.snapshots or not piece.snapshots:
                raise UnreadableChunk(f"it has {len(chunk.times)} snapshots, not {piece.snapshots}")
        except UnreadableChunk as error:
            self._shelf.set_aside(piece.number, str(error))
            return None
        return chunk
