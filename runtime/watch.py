"""What the main thread does while others work: it looks for wishes, and tells systemd that all is well.

Owns how often. Must not know what a program does.
"""

import time
from collections.abc import Callable
from typing import Final

from runtime import notify
from runtime.stop import Renewal, Stop

WATCH_S: Final = 0.25
"""How often it looks for them: all that a signal does is to wish."""

ALIVE_S: Final = 30.0
"""How often the service manager hears that the program is alive: well inside the 2 min of the units."""


def watch(
    stop: Stop,
    renewal: Renewal,
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
        if renewal.take():
            reload()
        if rising_s() - alive_s >= ALIVE_S and is_well():
            alive_s = rising_s()
            manager.say(notify.ALIVE)
