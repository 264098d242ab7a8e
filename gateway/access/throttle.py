"""Counts wrong passwords, and says when there were too many. Time is a parameter."""

import ipaddress
import threading
from dataclasses import dataclass
from typing import Final

WINDOW_MS: Final = 15 * 60 * 1000
"""Wrong passwords count for so long, and a lockout lasts as long after the last of them."""

MOST_PER_NAME: Final = 10
"""From one address; people who forgot theirs ask after fewer. No other address is locked out by that."""

MOST_PER_NAME_ANYWHERE: Final = 100
"""Ten thousand guesses a day: whoever has many addresses may lock out a name, but not guess its password."""

MOST_PER_ADDRESS: Final = 50
"""Many people may share an address; whoever tries one password on all names is stopped here."""

MAX_KEYS: Final = 10_000
"""The names and addresses that are counted; the oldest are forgotten for new ones."""


@dataclass(slots=True, kw_only=True)
class _Count:
    wrong: int
    last_ms: int


class Throttle:
    """Counts for keys of one kind. For several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._counts: dict[str, _Count] = {}

    def locked_ms(self, key: str, now_ms: int) -> int:
        """Return for how long this key is locked out; 0: it is not."""
        with self._lock:
            count = self._counts.get(key)
            if count is None or count.wrong < self._most:
                return 0
            return max(count.last_ms + WINDOW_MS - now_ms, 0)

    def tried(self, key: str, now_ms: int) -> bool:
        """Count a try as wrong before it is looked at, for many come at once; tell if it is the last."""
        with self._lock:
            count = self._counts.pop(key, None)
            if count is None or now_ms - count.last_ms >= WINDOW_MS:
                count = _Count(wrong=0, last_ms=now_ms)
            count.wrong += 1
            count.last_ms = now_ms
            while len(self._counts) >= MAX_KEYS:
                del self._counts[next(iter(self._counts))]
            self._counts[key] = count
            return count.wrong == self._most

    def forgive(self, key: str, *, all_of_it: bool) -> None:
        """Take back a try that was right, or all of a key."""
        with self._lock:
            count = self._counts.get(key)
            if count is None:
                return
            count.wrong = 0 if all_of_it else max(count.wrong - 1, 0)
            if not count.wrong:
                del self._counts[key]


def network_of(address: str) -> str:
    """Return what counts as one address: of IPv6 the 64 bits that one customer has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
