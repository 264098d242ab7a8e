"""What the agent collects, put together as the settings say: the table, processes, containers, users' own.

Owns what is made of which setting, and what a reload keeps. Reads no clock; must not know pages or receivers.
"""

import os
import pwd
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

from delivery.sender import Clock
from exporter.collectors import itself
from exporter.collectors.containers.collector import Containers
from exporter.collectors.processes.cgroups import ID_SHOWN
from exporter.collectors.processes.collector import Processes, Rules
from exporter.collectors.processes.grouping import BY_COMM, Grouping, load_grouping
from exporter.collectors.processes.membership import Split
from exporter.collectors.processes.procfs import Proc
from exporter.collectors.processes.smaps import Shares
from exporter.collectors.processes.table import ProcessTable, Source
from exporter.collectors.processes.tally import Limits
from exporter.collectors.table import MAKERS, Make, collectors, host_at
from exporter.errors import StateUnusable
from exporter.families import Family
from exporter.gathering.collector import Collector
from exporter.gathering.custom import Loader
from exporter.gathering.families import own_families
from exporter.gathering.runner import Runner
from exporter.settings import AgentSettings

COUNTERS: Final = "counters"
"""The file of the state directory in which counters of processes stay over a restart."""

OWN: Final = "agent"
"""The collector of what the agent tells about itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What has to be read from files to collect as the settings say."""

    settings: AgentSettings
    grouping: Grouping


def plan(settings: AgentSettings) -> Plan:
    """Read those files; raises SettingsError with all that is wrong in them."""
    config = settings.process.config
    return Plan(settings=settings, grouping=load_grouping(Path(config)) if config else BY_COMM)


class Collecting:
    """The collectors of one host, and what they remember. `runner` is for any thread, the rest for one."""

    def __init__(
        self,
        planned: Plan,
        *,
        clock: Clock,
        version: str,
        own: Callable[[], Iterable[Family]],
        directory: Path | None,
    ) -> None:
        """Counters are kept in the directory, if there is one; `own` is what the agent says of itself."""
        settings = planned.settings
        self._clock = clock
        self._own = own
        self._directory = directory
        self._host = host_at(settings.path, now=lambda: datetime.fromtimestamp(clock.now_s(), UTC))
        self.containers = Containers(
            self._host.proc,
            self._host.sys,
            self._host.root,
            host=settings.collector.container.host,
            labels=settings.collector.container.labels,
            environ=os.environ,
            now=clock.now_s,
            monotonic=clock.rising_s,
            version=version,
        )
        self.user_name = user_names(self._host.root)
        self.table = _table(settings, clock)
        self._processes = _processes(self.table, planned, self._rules(planned), clock)
        self._loader = Loader(stopwatch=clock.rising_s, default_timeout_s=settings.timeout.ms / 1000)
        self.runner = Runner(self._collectors(settings), stopwatch=clock.rising_s)

    def resume(self) -> None:
        """Go on from the counters put away, before the first scrape, and remove them; raises OSError."""
        if self._directory is not None:
            self._processes.load(self._directory / COUNTERS)

    def replace(self, planned: Plan) -> None:
        """Collect as other settings say from now on. What goes on counting keeps its counters."""
        self._processes.regroup(self._rules(planned))
        self.runner.replace(self._collectors(planned.settings))

    def close(self) -> None:
        """Put the counters away; raises OSError."""
        if self._directory is not None:
            self._processes.save(self._directory / COUNTERS)

    def container_name(self, container: str) -> str:
        """The name of a container, or the start of its id."""
        return self.containers.names().get(container) or container[:ID_SHOWN]

    def _rules(self, planned: Plan) -> Rules:
        process = planned.settings.process
        return Rules(
            grouping=planned.grouping,
            split=Split(user_name=self.user_name, container_name=self.container_name, labels=process.labels),
            children=process.children,
            exclude=process.exclude,
        )

    def _collectors(self, settings: AgentSettings) -> Sequence[Collector]:
        make = partial(Collector, timeout_s=settings.timeout.ms / 1000)
        found = [
            *collectors(self._host, settings, _makers()),
            make(name=OWN, gather=self._itself),
        ]
        if settings.collector.namedprocess.enabled:
            found.append(make(name="namedprocess", gather=self._processes.gather))
        if settings.collector.container.enabled:
            found.append(make(name="container", gather=self.containers.gather))
        taken = frozenset(collector.name for collector in found)
        timeout_s = settings.timeout.ms / 1000
        if timeout_s != self._loader.default_timeout_s:
            self._loader = Loader(stopwatch=self._clock.rising_s, default_timeout_s=timeout_s)
        return [*found, *self._loader.load(settings.collectors_dir, taken=taken)]

    def _itself(self) -> list[Family]:
        found = [*self._own(), *own_families(self.runner.collectors(), self.runner.counts())]
        if sys.platform == "linux":
            read = itself.read(Path("/proc"), self._host.page_bytes, itself.soft_file_limit())
            found += itself.to_metrics(read)
        return found


def _makers() -> Mapping[str, Make]:
    if sys.platform != "linux":
        from exporter.collectors.elsewhere import MAKERS as ELSEWHERE

        return ELSEWHERE
    return MAKERS


def _table(settings: AgentSettings, clock: Clock) -> ProcessTable:
    try:
        return ProcessTable(_source(settings, clock), clock.rising_s)
    except (OSError, ValueError) as error:
        raise StateUnusable(f"{settings.path.procfs} does not show processes: {error}") from error


def _source(settings: AgentSettings, clock: Clock) -> Source:
    if sys.platform != "linux":
        from exporter.collectors.processes.portable import Portable

        return Portable(clock.now_s)
    process = settings.process
    return Proc(Path(settings.path.procfs), wchan=process.wchan, threads=process.threads)


def _processes(table: ProcessTable, planned: Plan, rules: Rules, clock: Clock) -> Processes:
    settings = planned.settings
    process = settings.process
    return Processes(
        table,
        rules,
        limits=Limits(
            max_groups=process.max_groups,
            min_cpu_s=process.min_cpu_seconds,
            min_memory=process.min_memory.bytes,
            empty_s=process.empty_groups.ms / 1000,
        ),
        threads=process.threads,
        wchan=process.wchan,
        shares=Shares(Path(settings.path.procfs), clock.rising_s) if process.smaps else None,
    )


def user_names(root: Path) -> Callable[[int], str]:
    """Return what tells the name of an account: as the system has it, or the host's file below the root."""

    @lru_cache(1024)
    def name(uid: int) -> str:
        try:
            return pwd.getpwuid(uid).pw_name if root == Path("/") else listed[uid]
        except KeyError:
            return str(uid)

    listed = {} if root == Path("/") else _listed(root / "etc/passwd")
    return name


def _listed(path: Path) -> dict[int, str]:
    found: dict[int, str] = {}
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return found
    for line in lines:
        name, _, rest = line.partition(":")
        uid = rest.split(":")[1:2]
        if uid and uid[0].isdigit():
            found.setdefault(int(uid[0]), name)
    return found
