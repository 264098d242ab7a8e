"""Takes snapshots in: whose they may be, and from when. Called from many threads; has no clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.history.archive import Archive
from gateway.history.errors import InvalidSnapshot
from gateway.history.reading import decompress, read
from gateway.ingest.window import FUTURE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotReceiver:
    """Takes the snapshots of agents that are known."""

    archive: Archive
    now_ms: Callable[[], int]
    retention_ms: int

    def receive(self, agent: str, body: bytes, encoding: str) -> bool:
        """Keep what an agent sent; False if it was there already.

        Raises InvalidSnapshot, SnapshotTooLarge or StorageUnavailable, and then nothing is kept.
        """
        sent = read(decompress(body, encoding))
        if sent.agent != agent:
            raise InvalidSnapshot("agent: this is the snapshot of another agent than the path names")
        now_ms, time_ms = self.now_ms(), sent.snapshot.time_ms
        if time_ms > now_ms + FUTURE_MS:
            raise InvalidSnapshot(
                f"time: {time_ms} is more than {FUTURE_MS // 60_000} minutes ahead of the gateway's clock"
            )
        if time_ms < now_ms - self.retention_ms:
            raise InvalidSnapshot(f"time: {time_ms} is older than what is kept")
        return self.archive.add(agent, sent.snapshot)
