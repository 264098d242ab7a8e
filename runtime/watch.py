"""What the main thread does while others work: it looks for signals, and tells systemd that all is well.

Owns how often. Must not know what a program does.
"""

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

from runtime import notify
from runtime.stop import Stop

WATCH_S: Final = 0.25
"""How often it looks for signals."""

ALIVE_S: Final = 30.0
"""How often the service manager hears that the program is alive: well inside the 2 min of the units."""


class HangUps:
    """SIGHUPs from now on. Takes no lock: a signal handler may interrupt any line of the main thread."""

    def __init__(self) -> None:
        self._came = False
        signal.signal(signal.SIGHUP, self._note)

    def taken(self) -> bool:
        """Tell whether one came since this was last asked."""
        came, self._came = self._came, False
        return came

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._came = True


def watch(
    stop: Stop,
    hang_ups: HangUps,
    *,
    reload: Callable[[], object],
    is_well: Callable[[], bool],
    manager: notify.Manager,
    rising_s: Callable[[], float],
) -> None:
    """Return at the wish to stop."""
    alive_s = rising_s()
    while not stop.requested:
        time.sleep(WATCH_S)
        if hang_ups.taken():
            reload()
        if rising_s() - alive_s >= ALIVE_S and is_well():
            alive_s = rising_s()
            manager.say(notify.ALIVE)
