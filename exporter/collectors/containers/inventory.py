"""Which containers an engine has: the list anew each time, details only when they may have changed.

Owns what is remembered between two looks. Measures nothing.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from exporter.collectors.containers import answers
from exporter.collectors.containers.answers import Inspected, Listed
from exporter.collectors.containers.cgroups import Place
from exporter.collectors.containers.engine import Line, Refused

# Health and restarts are not always to be seen in the list.
REFRESH_S: Final = 60.0
# So many at once, the oldest first, that 1,000 containers don't all come due in one scrape.
MAX_REFRESHED: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A container: what the list said now, and its details when they were last asked for."""

    listed: Listed
    inspected: Inspected | None
    at_s: float


class Inventory:
    """The containers of one engine. Not for several threads at once, but for `known`, which any may read."""

    def __init__(self) -> None:
        self.known: Mapping[str, Known] = {}
        self.version = ""
        self.places: Mapping[str, Place] = {}
        """Where containers were found at the last look; the collector's to set."""

    def refresh(self, line: Line, now_s: float, is_there: Callable[[Known], bool]) -> None:
        """Ask for the list and for details; `is_there` says that a container still runs as it was inspected.

        Raises OSError and ValueError when there is no list; then all stays as it was.
        """
        listed = answers.listed(line.get("/containers/json"))
        if not self.version:
            # A socket proxy may keep it from us.
            with suppress(OSError, ValueError):
                self.version = answers.version(line.get("/version"))
        before = self.known
        found: dict[str, Known] = {}
        due: list[Known] = []
        for entry in listed:
            old = before.get(entry.id)
            if old is None or old.inspected is None:
                found[entry.id] = Known(listed=entry, inspected=None, at_s=now_s - REFRESH_S)
                due.append(found[entry.id])
                continue
            found[entry.id] = Known(listed=entry, inspected=old.inspected, at_s=old.at_s)
            if entry.state != old.listed.state or not is_there(found[entry.id]):
                due.append(found[entry.id])
        urgent = {each.listed.id for each in due}
        aged = [
            each for each in found.values() if each.listed.id not in urgent and now_s - each.at_s >= REFRESH_S
        ]
        aged.sort(key=lambda each: each.at_s)
        for each in (*due, *aged[:MAX_REFRESHED]):
            self._inspect(line, now_s, each, found)
        self.known = found

    def _inspect(self, line: Line, now_s: float, known: Known, found: dict[str, Known]) -> None:
        container = known.listed.id
        try:
            details = answers.inspected(line.get(f"/containers/{container}/json"))
        except Refused as error:
            if error.status == 404:
                # It ended since the list was made.
                del found[container]
        except (OSError, ValueError):
            # It is shown with what the list says, and asked for again the next time.
            pass
        else:
            found[container] = Known(listed=known.listed, inspected=details, at_s=now_s)
