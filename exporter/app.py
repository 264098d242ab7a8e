"""The composition root of the agent: the one place where its parts are made and joined.

Owns the order of starting, reloading and stopping, and is the only reader of clocks and maker of ids.
"""

import errno
import fcntl
import os
import random
import socket
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

from delivery.errors import SpoolInUse
from exporter.collecting import Collecting, plan
from exporter.errors import StateUnusable
from exporter.exposition import text
from exporter.families import Family
from exporter.gathering.families import families_of
from exporter.http.access import is_protected
from exporter.http.server import Pages, open_socket
from exporter.outgoing import Outgoing, Progress, World
from exporter.own import families as own_families
from exporter.reporting.identity import identity, machine_of
from exporter.reporting.messages import Facts, Vitals
from exporter.sending.outlet import Surroundings
from exporter.sending.targets import limits
from exporter.settings import AgentSettings
from exporter.telling import Life, facts, health, own, vitals
from runtime import notify
from runtime.errors import SettingsError
from runtime.logs import Log
from runtime.reloading import Around, Reloading
from runtime.stop import Renewal, Stop
from runtime.version import VERSION
from runtime.watch import watch

PAGES_STOP_S: Final = 0.3

RESTART_ONLY: Final = (
    "allow-anonymous", "collector.container.", "gateway", "heartbeat", "job", "listen", "log-", "name",
    "path.", "process.empty", "process.max", "process.min", "process.smaps", "process.threads",
    "process.wchan", "proxy", "spool.", "state-dir", "token-file", "web.",
)  # fmt: skip
"""The beginnings of the flags whose settings only a new start changes."""


class Clock:
    """The clocks of the machine."""

    def now_s(self) -> float:
        """Return the seconds since 1970."""
        return time.time()

    def rising_s(self) -> float:
        """Return seconds that only rise."""
        return time.monotonic()


class Agent:
    """An agent that listens already, and collects and sends when told to run. It is its pages' site."""

    def __init__(self, settings: AgentSettings, *, reread: Callable[[], AgentSettings]) -> None:
        """Open everything; raises AgentError, ListenFailed, ListenRefused or SettingsError."""
        self._log = Log("agent")
        self._clock = Clock()
        self._manager = notify.Manager(os.environ)
        self._current = Reloading(
            settings,
            reread=reread,
            is_fixed=lambda name: name.removeprefix("--").startswith(RESTART_ONLY),
            use=self._use,
            around=Around(
                manager=self._manager,
                log=self._log,
                program="agent",
                now_s=time.time,
                rising_us=lambda: time.monotonic_ns() // 1000,
            ),
        )
        self._used = (time.process_time(), time.monotonic())
        planned = plan(settings)
        directory = _state_directory(settings)
        name = settings.name or os.uname().nodename
        with ExitStack() as undo:
            self._guard = undo.enter_context(_locked(directory))
            sock = undo.enter_context(_listen(settings))
            self._born = Life(
                version=VERSION,
                agent_id=identity(
                    directory,
                    machine=machine_of(Path(settings.path.rootfs)),
                    make_id=lambda: str(uuid.uuid4()),
                    log=self._log,
                ),
                name=name,
                started_s=self._current.taken_s,
                reloaded_s=self._current.taken_s,
            )
            self._collecting = Collecting(
                planned,
                clock=self._clock,
                version=self._life.version,
                own=self._own,
                directory=directory,
            )
            self._pages = Pages(
                self,
                sock,
                name=name,
                version=self._life.version,
                web_config=_web_config(settings),
                log=self._log,
                clock=time.monotonic,
                new_id=lambda: os.urandom(8).hex(),
            )
            self.url = self._pages.url
            self._outgoing = self._open_outgoing(directory)
            self._resume(directory)
            undo.pop_all()

    def run(self, stop: Stop, renewal: Renewal) -> None:
        """Collect and send until the wish to stop; take the settings anew whenever that is wished."""
        self._pages.start()
        self._outgoing.replace(self._settings)
        self._log.info("agent.started", url=self.url, name=self._life.name, version=self._life.version)
        self._manager.say(notify.READY)
        watch(
            stop,
            renewal,
            reload=self.reload,
            is_well=lambda: self.health()[0],
            manager=self._manager,
            rising_s=time.monotonic,
        )
        self._end(stop.reason)

    @property
    def _settings(self) -> AgentSettings:
        return self._current.settings

    @property
    def _life(self) -> Life:
        current = self._current
        return replace(self._born, reloaded_s=current.taken_s, reload_error="; ".join(current.problems))

    # --- what the pages ask for ---

    def scrape(self, wanted: Callable[[str], bool]) -> Sequence[Family]:
        """Run the collectors whose names are wanted."""
        return families_of(self._collecting.runner.gather(wanted))

    def collectors(self) -> Sequence[str]:
        """Return the names of the collectors."""
        return self._collecting.runner.names()

    def health(self) -> tuple[bool, Mapping[str, object]]:
        """Return whether all is well, and what there is to know."""
        return health(
            self._life,
            self._collecting.runner,
            self._outgoing.progress(),
            interval_s=self._settings.interval.ms / 1000,
            now_s=time.time(),
            rising_s=time.monotonic(),
        )

    def reload(self) -> Sequence[str]:
        """Take the settings anew, all of them or none; return what is wrong."""
        problems = self._current.reload()
        if not problems:
            self._outgoing.announce()
        return problems

    def _use(self, settings: AgentSettings) -> None:
        """Take settings into use, or raise SettingsError and change nothing."""
        planned = plan(settings)
        try:
            self._outgoing.replace(settings)
        except (SpoolInUse, OSError) as error:
            raise SettingsError([f"A spool cannot be opened: {error}. Nothing was changed."]) from error
        self._collecting.replace(planned)

    def _end(self, reason: str) -> None:
        self._manager.say(notify.STOPPING)
        self._outgoing.stop()
        self._pages.close(PAGES_STOP_S)
        try:
            self._collecting.close()
        except OSError as error:
            self._log.error("agent.counters_lost", reason=str(error))
        self._guard.close()
        self._log.info("agent.stopped", reason=reason)

    # --- what others ask of the agent ---

    def _resume(self, directory: Path) -> None:
        """The last act of a start: one that fails has not used up the counters."""
        try:
            self._collecting.resume()
        except OSError as error:
            raise _unusable(directory, error) from error

    def _open_outgoing(self, directory: Path) -> Outgoing:
        around = Surroundings(
            spools=directory / "spool",
            clock=self._clock,
            chance=random.random,
            user_agent=f"fleetgauge-agent/{self._life.version}",
            limits=limits(self._settings),
            sync=self._settings.spool.sync,
        )
        try:
            return Outgoing(self._settings, self._world(), around)
        except SpoolInUse as error:
            raise StateUnusable(f"{error}. Give each agent a --state-dir of its own.") from error
        except OSError as error:
            raise _unusable(directory, error) from error

    def _world(self) -> World:
        return World(
            gather=lambda: self.scrape(lambda _: True),
            table=self._collecting.table,
            user_name=self._collecting.user_name,
            container_name=self._collecting.container_name,
            agent_id=self._life.agent_id,
            name=self._life.name,
            facts=self._facts,
            vitals=self._vitals,
            environ=os.environ,
        )

    def _own(self) -> Iterable[Family]:
        progress = self._outgoing.progress()
        return own_families(own(self._life, progress, now_s=time.time()))

    def _facts(self) -> Facts:
        return facts(
            self._life,
            self._settings,
            metrics_url=f"{_reachable(self.url, os.uname().nodename)}/metrics",
            collectors=self.collectors(),
        )

    def _vitals(self) -> Vitals:
        before, self._used = self._used, (time.process_time(), time.monotonic())
        busy_s, passed_s = self._used[0] - before[0], self._used[1] - before[1]
        return vitals(
            self._collecting.runner,
            self._outgoing.progress(),
            cpu_percent=100 * busy_s / passed_s if passed_s > 0 else 0.0,
            now_s=time.time(),
        )


def once(settings: AgentSettings) -> tuple[str, Mapping[str, str]]:
    """Return one scrape as text, and what was wrong by collector. Leaves nothing behind."""
    now_s = time.time()
    life = Life(version=VERSION, agent_id="", name="", started_s=now_s, reloaded_s=now_s)
    collecting = Collecting(
        plan(settings),
        clock=Clock(),
        version=life.version,
        own=lambda: own_families(own(life, Progress(), now_s=now_s)),
        directory=None,
    )
    families = families_of(collecting.runner.gather(lambda _: True))
    return text.page(families).decode(), collecting.runner.failing()


def _state_directory(settings: AgentSettings) -> Path:
    # A user's collector may go to another working directory, and the spool must not go with it.
    directory = Path(settings.state_dir).absolute()
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _unusable(directory, error) from error
    if not os.access(directory, os.W_OK | os.X_OK):
        raise _unusable(directory, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    return directory


def _locked(directory: Path) -> BinaryIO:
    """Keep other agents out for as long as the file is open."""
    try:
        guard = (directory / "lock").open("wb")
    except OSError as error:
        raise _unusable(directory, error) from error
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        guard.close()
        raise StateUnusable(
            f"The state directory {directory} is in use by another agent. "
            "Give each agent a --state-dir of its own."
        ) from error
    return guard


def _unusable(directory: Path, error: OSError) -> StateUnusable:
    return StateUnusable(
        f"The state directory {directory} cannot be used: {error.strerror}. "
        "Choose another with --state-dir, or let the agent write there."
    )


def _listen(settings: AgentSettings) -> socket.socket:
    protected = is_protected(_web_config(settings))
    return open_socket(settings.listen, allow_anonymous=settings.allow_anonymous, protected=protected)


def _web_config(settings: AgentSettings) -> Path | None:
    return Path(settings.web.config.file) if settings.web.config.file else None


def _reachable(url: str, node: str) -> str:
    """Return where others reach the pages: an agent that listens everywhere is at its host's name."""
    return url.replace("//0.0.0.0:", f"//{node}:").replace("//[::]:", f"//{node}:")
