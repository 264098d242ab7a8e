"""One receiver's way out: its spool, its sender, and what became of all that was handed in.

Must not know what is in a batch but for `SeriesOutlet`, which makes batches of families. Handing in never
waits for the network. What was handed in is in the spool, whatever happens to the agent then.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from delivery.batches import batched
from delivery.readings import Readings, readings_of
from delivery.records import Batch
from delivery.remotewrite import RemoteWrite
from delivery.retry import Backoff
from delivery.sender import Clock, Conversation, Sender
from delivery.spool import Limits, Order, Spool
from delivery.transport import Target, Transport
from exporter.families import Family
from exporter.sending.series import SeriesMaker
from remotewrite.model import Series
from runtime.logs import Log

_HELD = "the disk does not take what waits: {} batches are only in memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all outlets of an agent share. `chance` gives numbers from 0 up to 1."""

    spools: Path
    clock: Clock
    chance: Callable[[], float]
    user_agent: str
    limits: Limits = field(default_factory=Limits)
    sync: bool = True


class Outlet:
    """Batches to one receiver. One thread hands in, another runs it; readings may be asked of any."""

    def __init__(
        self,
        name: str,
        target: Target,
        conversation: Conversation,
        around: Surroundings,
        *,
        order: Order = "interleaved",
    ) -> None:
        """Open the spool, `name` below the directory of spools; raises BadTarget, SpoolInUse or OSError."""
        transport = Transport(target)
        self.name = name
        self._clock = around.clock
        self._spool = Spool(around.spools / name, around.limits, order=order, sync=around.sync)
        if damaged := self._spool.filling().damaged_bytes:
            Log("sending").warning("sending.damaged", receiver=name, bytes=damaged)
        self._sender = Sender(
            name=name,
            spool=self._spool,
            transport=transport,
            conversation=conversation,
            clock=around.clock,
            backoff=Backoff(around.chance),
            user_agent=around.user_agent,
        )

    def put(self, batches: Iterable[Batch]) -> None:
        """Keep batches until the receiver has them."""
        for batch in batches:
            self.append(batch, now_ms=int(self._clock.now_s() * 1000))

    def retarget(self, target: Target, conversation: Conversation, *, order: Order) -> None:
        """Send to another place from the next attempt on, also what waits; raises BadTarget."""
        self._sender.transport, self._sender.conversation = Transport(target), conversation
        self._spool.order = order

    def append(self, batch: Batch, *, now_ms: int) -> None:
        """Keep one batch until the receiver has it."""
        self._spool.append(batch, now_ms=now_ms)

    def run(self, stopped: Callable[[], bool], sleep: Callable[[float], None]) -> None:
        """Send until told to stop. `sleep` should return early then."""
        self._sender.run(stopped, sleep)

    def drain(self, seconds: float, sleep: Callable[[float], None]) -> bool:
        """Send what waits for so many seconds at most, after `run` has ended; say whether nothing is left."""
        return self._sender.drain(seconds, sleep)

    def close(self) -> None:
        """Close the connection and the spool; what waits is there at the next start."""
        self._sender.transport.close()
        self._spool.close()

    def readings(self) -> Readings:
        """Return how it is."""
        talk, held = self._sender.conversation, self._spool.filling().held
        known = readings_of(self.name, [self._sender], left_out={})
        return replace(
            known,
            trouble="; ".join(filter(None, (known.trouble, _HELD.format(held) if held else ""))),
            version=talk.version if isinstance(talk, RemoteWrite) else None,
        )


class SeriesOutlet:
    """An outlet for what rounds gather. A round is in the spool when `take` returns."""

    def __init__(self, outlet: Outlet, maker: SeriesMaker) -> None:
        self.outlet = outlet
        self._maker = maker
        self._unencodable = 0

    def take(self, families: Iterable[Family], *, time_ms: int, seconds: float) -> None:
        """Take what a round gathered, and how long that took."""
        self._put(self._maker.make(families, time_ms=time_ms, seconds=seconds))

    def end(self, *, time_ms: int) -> None:
        """Say that all series have ended: the receiver gets others from now on, or none."""
        self._put(self._maker.stale(time_ms=time_ms))

    def readings(self) -> Readings:
        """Return how it is."""
        left_out: dict[str, int] = dict(self._maker.left_out.items())
        left_out["unencodable"] = self._unencodable
        return replace(self.outlet.readings(), left_out=left_out)

    def _put(self, series: Iterable[Series]) -> None:
        made = batched(series)
        self._unencodable += made.unencodable
        self.outlet.put(made.batches)
