"""Who may see the pages: the web configuration in use, read again when one of its files has changed.

Owns when it is read. Must not know HTTP beyond the Authorization header.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.http import webconfig
from exporter.http.webconfig import WebConfig
from runtime.errors import SettingsError
from runtime.logs import Log

if TYPE_CHECKING:
    from exporter.http.passwords import Passwords
    from exporter.http.tls import Tls

# What tells that a file has changed: when, how long and which it is.
_Marks = dict[Path, tuple[int, int, int] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A configuration that can be used."""

    config: WebConfig
    tls: "Tls | None" = None
    passwords: "Passwords | None" = None


class Access:
    """The rules in use. May be asked by several threads at once."""

    def __init__(self, path: Path | None, log: Log) -> None:
        """Read the file; raises SettingsError. Without one everybody is let in."""
        self._path = path
        self._log = log
        self._lock = threading.Lock()
        self._marks: _Marks = {}
        self._rules = Rules(config=WebConfig()) if path is None else self._read(path)

    def rules(self) -> Rules:
        """What counts now. A file that has become wrong changes nothing, and is logged once."""
        if self._path is None:
            return self._rules
        with self._lock:
            if any(_mark(file) != mark for file, mark in self._marks.items()):
                self._take(self._path)
            return self._rules

    def _take(self, path: Path) -> None:
        try:
            fresh = self._read(path)
            if self._rules.config.protected and not fresh.config.protected:
                raise SettingsError([f"{path}: it lets everybody in now; that takes a restart."])
        except SettingsError as error:
            self._log.error("web_config.refused", problem=str(error), kept="the one before")
            return
        self._rules = fresh
        self._log.info("web_config.taken", file=str(path))

    def _read(self, path: Path) -> Rules:
        """Read all files, each marked before it is read: what changes meanwhile is seen the next time."""
        self._marks = {path: _mark(path)}
        config = webconfig.read(path)
        tls = config.tls
        if tls is not None:
            files = (tls.cert_file, tls.key_file, tls.client_ca_file)
            self._marks |= {file: _mark(file) for file in files if file is not None}
        return _rules(config)


def is_protected(path: Path | None) -> bool:
    """Whether a web configuration keeps strangers out; raises SettingsError."""
    return path is not None and webconfig.read(path).protected


def _rules(config: WebConfig) -> Rules:
    """Make what the configuration needs, and load what only that needs: 5 MiB for TLS, 3 for passwords."""
    tls = passwords = None
    if config.tls is not None:
        from exporter.http.tls import Tls

        tls = Tls(config.tls)
    if config.users:
        from exporter.http.passwords import Passwords

        passwords = Passwords(config.users)
    return Rules(config=config, tls=tls, passwords=passwords)


def _mark(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
