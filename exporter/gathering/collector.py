"""What a collector is to whoever runs it, and what came of running it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from exporter.families import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """A named way to get families. `gather` may raise or hang; it is never called twice at once.

    What was gathered less than `interval_s` ago is shown again instead of gathering anew. `source` is the
    file or entry point of a user; our own have none. What a user's collector makes is checked, and it is
    interrupted when its time is up.
    """

    name: str
    gather: Callable[[], Iterable[Family]]
    timeout_s: float = 5.0
    interval_s: float = 0.0
    version: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one collector: its families, or what went wrong; `absent` where the host lacks it."""

    collector: str
    families: Sequence[Family] = ()
    seconds: float = 0.0
    error: str = ""
    absent: bool = False
