"""How long a connection may take for what it does, and which one gives way when all places are taken.

Owns the stages and their limits. Gets the time; must not know sockets.
"""

from dataclasses import dataclass
from typing import Final, Self

IDLE_SECONDS: Final = 120
"""A silent connection is closed after this. Senders write every few seconds, people forget browser tabs."""

HEADER_SECONDS: Final = 10.0
"""How long request line and headers may take, from the connection on or from their first byte: they fit a few
packets. So connections that never ask for anything do not hold the places of others for long."""

TRANSFER_SECONDS: Final = 30.0
"""How long a body may rest, or a client that takes an answer: as long as senders of samples wait."""

TRANSFER_BYTES_PER_S: Final = 4096
"""What a body or an answer has to move in a second: less than any network has on which a request ends in
time. Each such piece gives a second back, so a large one may take long, and single bytes earn nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a connection does, and how long that may take."""

    name: str
    seconds: float
    gives_way_after: float
    """When all places are taken, it has to wait at least so long before it may lose its own."""
    earns: bool = False
    """Whether bytes that move give time back."""


IDLE: Final = Stage(name="idle", seconds=IDLE_SECONDS, gives_way_after=0.5)
HEADERS: Final = Stage(name="headers", seconds=HEADER_SECONDS, gives_way_after=0.5)
BODY: Final = Stage(name="body", seconds=TRANSFER_SECONDS, gives_way_after=2.0, earns=True)
ANSWER: Final = Stage(name="answer", seconds=TRANSFER_SECONDS, gives_way_after=5.0, earns=True)
"""Ending an answer in its middle costs more than letting another wait."""

STAGES: Final = (IDLE, HEADERS, BODY, ANSWER)


@dataclass(slots=True)
class Patience:
    """What is left of the time that one connection has for one stage."""

    stage: Stage
    until: float

    @classmethod
    def begin(cls, stage: Stage, now: float) -> Self:
        """Give all the time of a stage."""
        return cls(stage, now + stage.seconds)

    def moved(self, size: int, now: float) -> None:
        """Give time back for bytes that moved, never more than there was at the beginning."""
        if self.stage.earns:
            self.until = min(self.until + size / TRANSFER_BYTES_PER_S, now + self.stage.seconds)

    def is_over(self, now: float) -> bool:
        """Whether the connection is to be closed."""
        return now >= self.until

    def used(self, now: float) -> float:
        """Return how long it has been resting."""
        return self.stage.seconds - (self.until - now)

    def may_give_way(self, now: float) -> bool:
        """Whether the connection may be closed for another that waits."""
        return self.used(now) >= self.stage.gives_way_after
