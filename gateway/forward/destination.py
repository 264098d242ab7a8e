"""One destination: what it gets of a request, the queues to it, and how it is.

A request that a destination takes as it came is passed on as it came. Must not know what kept it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from delivery.errors import SpoolInUse
from delivery.readings import Readings, readings_of
from delivery.records import Batch as Body
from delivery.retry import Backoff
from delivery.sender import Clock, Sender
from delivery.spool import Limits, Spool
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
        senders = [queue.sender for queue in self._queues]
        return readings_of(self.name, senders, left_out=dict(self._maker.left_out.items()))

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
