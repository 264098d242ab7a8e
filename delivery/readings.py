"""How the way to one receiver is, over all connections to it. Values only; knows no program and no metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from delivery.sender import Sender
from delivery.spool import Filling


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What waits, what was sent, refused and lost since the start, and what is wrong now.

    `left_out` counts what never came to a spool, `damaged_bytes` what was half written at the start.
    """

    name: str
    waiting_batches: int
    waiting_samples: int
    waiting_bytes: int
    oldest_ms: int | None
    sent_batches: int
    sent_samples: int
    refused_samples: int
    failures: int
    lost_samples: Mapping[str, int]
    left_out: Mapping[str, int]
    damaged_bytes: int
    trouble: str
    version: int | None = None


def readings_of(name: str, senders: Sequence[Sender], *, left_out: Mapping[str, int]) -> Readings:
    """Add up the senders of one receiver and their spools."""
    fillings = [sender.spool.filling() for sender in senders]
    sent = [sender.sent for sender in senders]
    oldest = [each.oldest_ms for each in fillings if each.oldest_ms is not None]
    return Readings(
        name=name,
        waiting_batches=sum(each.batches for each in fillings),
        waiting_samples=sum(each.samples for each in fillings),
        waiting_bytes=sum(each.bytes for each in fillings),
        oldest_ms=min(oldest, default=None),
        sent_batches=sum(each.batches for each in sent),
        sent_samples=sum(each.samples for each in sent),
        refused_samples=sum(each.refused for each in sent),
        failures=sum(each.failures for each in sent),
        lost_samples=_lost(fillings),
        left_out=left_out,
        damaged_bytes=sum(each.damaged_bytes for each in fillings),
        trouble=next((each.trouble for each in sent if each.trouble), ""),
    )


def _lost(fillings: Sequence[Filling]) -> dict[str, int]:
    lost: dict[str, int] = {}
    for filling in fillings:
        for reason, samples in filling.lost.items():
            lost[reason] = lost.get(reason, 0) + samples
    return lost
