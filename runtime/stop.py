"""The wishes to stop and to take the settings anew, from a signal or from the program itself.

Owns the handlers of SIGTERM, SIGINT and SIGHUP. Must not know what has to be stopped or renewed.
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


class Renewal:
    """The wish to take the settings anew, from SIGHUP. Takes no lock either."""

    def __init__(self) -> None:
        self._wished = False

    def on_signal(self) -> None:
        """Take SIGHUP as the wish from now on; otherwise it ends the program."""
        signal.signal(signal.SIGHUP, self._handle)

    def take(self) -> bool:
        """Return whether there was a wish since this was called last."""
        wished, self._wished = self._wished, False
        return wished

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._wished = True
