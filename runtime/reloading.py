"""Takes settings anew while a program runs: all of them or none.

Owns what is refused, what the service manager and the log hear, and how the last time went. What a
program does with new settings is its own.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Generic

from runtime import notify
from runtime.errors import SettingsError
from runtime.logs import Log
from runtime.settings import Section, Settings, settings_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a reload needs of the program around it."""

    manager: notify.Manager
    log: Log
    program: str
    """The beginning of the names of its events."""
    now_s: Callable[[], float]
    """Seconds since 1970."""
    rising_us: Callable[[], int]
    """Microseconds of the clock that systemd has, too."""


class Reloading(Generic[Settings]):
    """The settings in use, and the way to others."""

    def __init__(
        self,
        settings: Settings,
        *,
        reread: Callable[[], Settings],
        is_fixed: Callable[[str], bool],
        use: Callable[[Settings], None],
        around: Around,
    ) -> None:
        """`is_fixed` says of a setting's name whether only a start changes it.

        `use` takes new ones into use. When it raises SettingsError, it must not have changed anything.
        """
        self.settings = settings
        self.problems: Sequence[str] = ()
        self.taken_s = around.now_s()
        self._reread = reread
        self._is_fixed = is_fixed
        self._use = use
        self._around = around
        self._done, self._refused = f"{around.program}.reloaded", f"{around.program}.reload_refused"
        self._turn = threading.Lock()

    def reload(self) -> Sequence[str]:
        """Take the settings anew; return what is wrong, and then nothing has changed."""
        around = self._around
        with self._turn:
            around.manager.say(notify.reloading(around.rising_us()))
            try:
                self._replace(self._reread())
            except SettingsError as error:
                self.problems = str(error).splitlines()
                around.log.error(self._refused, problems="; ".join(self.problems))
            else:
                self.problems, self.taken_s = (), around.now_s()
                around.log.info(self._done)
            around.manager.say(notify.READY)
            return self.problems

    def _replace(self, settings: Settings) -> None:
        fixed = [name for name in changed(self.settings, settings) if self._is_fixed(name)]
        if fixed:
            raise SettingsError(
                [f"{name} has changed: that takes a restart. Nothing was changed." for name in fixed]
            )
        self._use(settings)
        self.settings = settings


def changed(old: Section, new: Section) -> list[str]:
    """Return the settings that differ: their flags, or their keys where they have none."""
    return [
        setting.flag or setting.key
        for setting in settings_of(type(old))
        if reduce(getattr, setting.path, old) != reduce(getattr, setting.path, new)
    ]
