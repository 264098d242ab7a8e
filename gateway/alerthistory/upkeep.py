"""The upkeep of the history of alerts: ends what is not heard any more, drops what is old. Has no clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from gateway.alerthistory.recorder import Recorder

FORGET_MS: Final = 600_000
"""How often it is looked for what is old."""


class Shelf(Protocol):
    """Where episodes are kept."""

    def forget(self, older_than_ms: int) -> int:
        """Drop some of what ended before a time, and of what is too much; return how many."""
        ...


@dataclass(slots=True, kw_only=True)
class HistoryUpkeep:
    """Done again and again, in one thread."""

    recorder: Recorder
    shelf: Shelf
    keep_ms: Callable[[], int]
    _forgot_ms: int = field(default=0, init=False)

    def run(self, now_ms: int) -> None:
        """Do what is due; raises StorageUnavailable."""
        self.recorder.tidy(now_ms)
        if not 0 <= now_ms - self._forgot_ms < FORGET_MS:
            self._forgot_ms = now_ms
            while self.shelf.forget(now_ms - self.keep_ms()):
                pass
