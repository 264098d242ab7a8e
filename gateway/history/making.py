"""Makes the history of processes that the settings want: what takes it in, and what tidies it."""

from collections.abc import Callable
from typing import Final

from gateway.history.archive import Archive
from gateway.history.receiving import SnapshotReceiver
from gateway.history.upkeep import Policy, Tidying
from gateway.settings import GatewaySettings
from gateway.storage.ledger.processes import ProcessPieces

_SHARE: Final = 4
"""Of max_disk, for a history without a limit of its own: dropping samples would not make room for it."""


def make_history(
    settings: GatewaySettings,
    pieces: ProcessPieces,
    *,
    now_ms: Callable[[], int],
    dropped: Callable[[str, int], None],
    joined: Callable[[int], None],
) -> tuple[Archive, SnapshotReceiver, Tidying]:
    """`dropped` and `joined` are told how many snapshots, and why they were dropped."""
    retention_ms = settings.process_retention.ms
    max_bytes = settings.process_max_size.bytes or settings.max_disk.bytes // _SHARE
    archive = Archive(pieces)
    return (
        archive,
        SnapshotReceiver(archive=archive, now_ms=now_ms, retention_ms=retention_ms),
        Tidying(
            archive,
            pieces,
            Policy(retention_ms=retention_ms, max_bytes=max_bytes),
            dropped=dropped,
            joined=joined,
        ),
    )
