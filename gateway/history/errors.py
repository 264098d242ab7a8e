"""The errors of process history.

HistoryError
├── InvalidSnapshot    what was sent is no snapshot; to send it again is no use
├── SnapshotTooLarge   it is larger than is taken
└── UnreadableChunk    bytes that are no chunk of snapshots
"""

from gateway.errors import GatewayError


class HistoryError(GatewayError):
    """Anything that keeps the history from doing what was asked."""


class InvalidSnapshot(HistoryError):
    """What was sent is no snapshot; the sentence says where."""


class SnapshotTooLarge(HistoryError):
    """What was sent is larger than is taken."""


class UnreadableChunk(HistoryError):
    """Bytes that are no chunk of snapshots."""
