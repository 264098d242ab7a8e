"""The wish to stop, from a signal or from the program itself.

Owns the handlers of SIGTERM and SIGINT. Must not know what has to be stopped.
"""

import os
import signal
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Set once, never unset. Takes no lock: a signal handler may interrupt any line of the program."""

    def __init__(self) -> None:
        self.reason = ""

    @property
    def requested(self) -> bool:
        return bool(self.reason)

    def request(self, reason: str) -> None:
        """Ask the program to stop. Only the first request counts."""
        self.reason = self.reason or reason

    def on_signals(self) -> None:
        """Take the first SIGTERM or SIGINT as a request, and exit at once on the second."""
        for number in _SIGNALS:
            signal.signal(number, self._handle)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.requested:
            os._exit(128 + number)
        self.request(signal.Signals(number).name)
