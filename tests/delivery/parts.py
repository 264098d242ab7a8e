"""Senders for tests: a clock that only sleeping moves, chance that never varies."""

from dataclasses import dataclass, field
from pathlib import Path

from delivery.records import Batch
from delivery.remotewrite import RemoteWrite
from delivery.retry import Backoff
from delivery.sender import Sender
from delivery.spool import Limits, Order, Spool
from delivery.transport import Target, Transport
from remotewrite.compression import compress
from remotewrite.encode.v2 import encode_v2
from remotewrite.model import Sample, Series
from timeseries.labels import Labels

NOW_MS = 1_790_000_000_000


@dataclass(slots=True)
class FakeClock:
    """Moves by sleeping alone, and remembers each sleep."""

    seconds: float = NOW_MS / 1000
    slept: list[float] = field(default_factory=list)

    def now_s(self) -> float:
        return self.seconds

    def rising_s(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


def series(number: int, *, time_ms: int = NOW_MS) -> Series:
    labels = Labels({"__name__": "spooled_total", "number": str(number)})
    return Series(labels=labels, samples=[Sample(time_ms, float(number), time_ms - 1000)])


def batch_of(*request: Series) -> Batch:
    times = [sample.time_ms for one in request for sample in one.samples]
    return Batch(body=compress(encode_v2(request)), samples=len(times), oldest_ms=min(times))


def version_of(sender: Sender) -> int:
    """Which version of remote write it speaks by now."""
    assert isinstance(sender.conversation, RemoteWrite)
    return sender.conversation.version


@dataclass(slots=True)
class Senders:
    """Makes senders whose spool holds some batches, in one directory; closes them all."""

    directory: Path
    made: list[Sender] = field(default_factory=list)

    def __call__(
        self, target: Target | str, *batches: Batch, order: Order = "oldest-first", chance: float = 0.0
    ) -> tuple[Sender, FakeClock]:
        clock = FakeClock()
        spool = Spool(self.directory / f"spool-{len(self.made)}", Limits(), order=order)
        for batch in batches:
            spool.append(batch, now_ms=NOW_MS)
        sender = Sender(
            spool=spool,
            transport=Transport(Target(url=target, timeout_s=10) if isinstance(target, str) else target),
            conversation=RemoteWrite(),
            clock=clock,
            backoff=Backoff(lambda: chance),
            user_agent="fleetgauge/test",
        )
        self.made.append(sender)
        return sender, clock

    def close(self) -> None:
        for sender in self.made:
            sender.transport.close()
            sender.spool.close()
