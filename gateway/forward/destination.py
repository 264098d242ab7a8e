"""One destination: what it gets of a request, the queues to it, and how it is.

A request that a destination takes as it came is passed on as it came. Must not know what kept it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from delivery.errors import SpoolInUse
from delivery.records import Batch as Body
from delivery.retry import Backoff
from delivery.sender import Clock, Sender
from delivery.spool import Filling, Limits, Spool
from delivery.transport import Transport
from gateway.forward.checks import MAX_SHARDS
from gateway.forward.conversation import ForwardedWrite
from gateway.forward.forms import V1, V2
from gateway.forward.making import Made, Maker
from gateway.forward.places import Place
from gateway.forward.queue import Queue, Ticket
from gateway.ingest.taken import Taken
from runtime.logs import Log
from timeseries.labels import Labels

# A larger body is made anew, in parts.
MAX_AS_IT_CAME_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all destinations share. `chance` gives numbers from 0 up to 1."""

    spools: Path
    clock: Clock
    chance: Callable[[], float]
    user_agent: str
    limits: Limits
    sync: bool
    shards: int
    external: Mapping[str, str]
    labels: Callable[[int], Labels]
    log: Log


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """How a destination is: what waits, and what became of the rest since the start."""

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
    left_out_samples: Mapping[str, int]
    damaged_bytes: int
    trouble: str


class Destination:
    """Takes requests of many threads, and sends them in threads of its own."""

    def __init__(self, place: Place, around: Surroundings) -> None:
        """Open the queues; raises SpoolInUse or OSError."""
        self.name = place.name
        self._clock = around.clock
        self._shards = around.shards
        self._maker = Maker(around.labels, rules=place.rules, external=around.external, shards=around.shards)
        self._conversations: list[ForwardedWrite] = []
        self._queues: list[Queue] = []
        directory = around.spools / place.name
        try:
            for shard in range(max(around.shards, _there(directory))):
                self._queues.append(self._queue(directory / str(shard), place, around))
        except (SpoolInUse, OSError):
            self.close(0)
            raise

    def _queue(self, directory: Path, place: Place, around: Surroundings) -> Queue:
        conversation = ForwardedWrite(name=place.name, log=around.log)
        # Several connections share what is left of the room.
        share = Limits(bytes=around.limits.bytes // around.shards, age_ms=around.limits.age_ms)
        sender = Sender(
            name=place.name,
            spool=Spool(directory, share, order=place.order, sync=around.sync),
            transport=Transport(place.target),
            conversation=conversation,
            clock=around.clock,
            backoff=Backoff(around.chance),
            user_agent=around.user_agent,
        )
        self._conversations.append(conversation)
        return Queue(sender.spool, sender, now_ms=self._now_ms, log=around.log)

    def _now_ms(self) -> int:
        return int(self._clock.now_s() * 1000)

    def offer(self, taken: Taken) -> list[tuple[Queue, Ticket]]:
        """Begin to keep what was taken of a request; each queue is to be settled."""
        now_ms = self._now_ms()
        shares: dict[int, list[Body]] = {}
        for made in self._made(taken):
            body = Body(body=made.body, samples=made.samples, oldest_ms=now_ms)
            shares.setdefault(made.shard, []).append(body)
        return [
            (queue, queue.offer(bodies))
            for shard, bodies in shares.items()
            for queue in [self._queues[shard]]
        ]

    def start(self) -> None:
        """Begin to send."""
        for queue in self._queues:
            queue.start()

    def stop(self) -> None:
        """Wish that sending ends."""
        for queue in self._queues:
            queue.stop()

    def close(self, timeout_s: float) -> None:
        """Wait so long for requests in work, and close the queues."""
        for queue in self._queues:
            queue.close(timeout_s)

    def readings(self) -> Readings:
        """Return how it is."""
        fillings = [queue.spool.filling() for queue in self._queues]
        sent = [queue.sender.sent for queue in self._queues]
        oldest = [each.oldest_ms for each in fillings if each.oldest_ms is not None]
        return Readings(
            name=self.name,
            waiting_batches=sum(each.batches for each in fillings),
            waiting_samples=sum(each.samples for each in fillings),
            waiting_bytes=sum(each.bytes for each in fillings),
            oldest_ms=min(oldest, default=None),
            sent_batches=sum(each.batches for each in sent),
            sent_samples=sum(each.samples for each in sent),
            refused_samples=sum(each.refused for each in sent),
            failures=sum(each.failures for each in sent),
            lost_samples=_lost(fillings),
            left_out_samples=dict(self._maker.left_out.items()),
            damaged_bytes=sum(each.damaged_bytes for each in fillings),
            trouble=next((each.trouble for each in sent if each.trouble), ""),
        )

    def _made(self, taken: Taken) -> Sequence[Made]:
        batch, version = taken.batch, self._version()
        as_it_came = self._maker.changes_nothing and not batch.rejected and bool(taken.decoded)
        # A request of 2.0 costs less to write anew now than to rewrite when it is sent.
        if as_it_came and not (taken.version == 2 and version == 1):
            body = taken.snappy()
            if len(body) <= MAX_AS_IT_CAME_BYTES:
                samples = len(batch.samples) + len(batch.histograms)
                return [Made(body=(V1 if taken.version == 1 else V2) + body, samples=samples)]
        return self._maker.make(batch, version=version)

    def _version(self) -> Literal[1, 2]:
        return self._conversations[0].version


def _there(directory: Path) -> int:
    """Count the queues of an earlier start: what waits in them goes out, too."""
    numbers = [number for number in range(MAX_SHARDS) if (directory / str(number)).is_dir()]
    return max(numbers, default=-1) + 1


def _lost(fillings: Sequence[Filling]) -> dict[str, int]:
    lost: dict[str, int] = {}
    for filling in fillings:
        for reason, samples in filling.lost.items():
            lost[reason] = lost.get(reason, 0) + samples
    return lost
