"""Looks at all containers of a host: joins what engines say with what the kernel counts. Writes no metric.

What an engine does, however bad, costs at most the time allowed: containers that were known before and whose
processes are still there are shown without it.
"""

import errno
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from exporter.collectors.containers import answers, cgroups, procfs
from exporter.collectors.containers.addresses import Address, addresses
from exporter.collectors.containers.cgroups import Hierarchy, Place
from exporter.collectors.containers.metrics import LabelFilter, Machine, Row, Snapshot, to_metrics
from exporter.collectors.containers.values import Limits, Usage
from exporter.collectors.files import attribute
from exporter.families import Family

if TYPE_CHECKING:
    from exporter.collectors.containers.engine import Session
    from exporter.collectors.containers.inventory import Inventory, Known

# Less than the 5 s a collector has: what was read until then is still shown.
ALLOWED_S: Final = 3.0
# Where the kernel's files can't be read, so many containers are asked for at once.
LANES: Final = 8
# Each process is a file to read: beyond, states are not shown.
MAX_PROCESSES: Final = 4000

# A file of a cgroup whose container has ended answers with these.
_GONE: Final = frozenset({errno.ENOENT, errno.ENODEV, errno.ESRCH})
_RUNNING: Final = frozenset({"running", "paused"})


@dataclass(slots=True, kw_only=True)
class _Look:
    """What stays the same during one look at all containers, and what it found out so far."""

    hierarchy: Hierarchy
    devices: Mapping[str, str]
    processes: int = 0
    errors: list[OSError | ValueError] = field(default_factory=list)


class Containers:
    """The containers of one host. Not for several threads at once, but for `names`."""

    def __init__(
        self,
        proc: Path,
        sys: Path,
        root: Path,
        *,
        host: str,
        labels: Sequence[str],
        environ: Mapping[str, str],
        now: Callable[[], float],
        monotonic: Callable[[], float],
        version: str = "",
        allowed_s: float = ALLOWED_S,
    ) -> None:
        self._proc, self._sys, self._root = proc, sys, root
        self._host, self._environ = host, environ
        self._filter = LabelFilter(labels)
        self._now, self._monotonic = now, monotonic
        self._version = version
        self._allowed_s = allowed_s
        self._inventories: dict[str, Inventory] = {}

    def names(self) -> Mapping[str, str]:
        """The names of containers by id, as of the last look. For any thread."""
        return {
            container: known.listed.name
            for inventory in tuple(self._inventories.values())
            for container, known in inventory.known.items()
        }

    def gather(self) -> list[Family]:
        """What cAdvisor would show; raises OSError, ValueError; FileNotFoundError if there is no engine."""
        return to_metrics(self.read())

    def read(self) -> Snapshot:
        """Look at all containers now."""
        found = addresses(self._host, self._environ)
        # Only here: it brings http.client, which no host without an engine needs.
        from exporter.collectors.containers.inventory import Inventory

        look = _Look(hierarchy=Hierarchy(self._sys), devices=procfs.devices(self._proc))
        everything = procfs.host(self._proc)
        before = self._inventories
        self._inventories = {address.text: before.get(address.text) or Inventory() for address in found}
        rows = []
        for address in found:
            rows += self._engine(address, self._inventories[address.text], look)
        if not rows and len(look.errors) == len(found):
            raise look.errors[0]
        return Snapshot(
            now_s=self._now(),
            rows=[Row(id="/", labels={}, usage=everything), *rows],
            machine=self._machine(everything.limits.memory or 0),
            failed=bool(look.errors),
        )

    def _engine(self, address: Address, inventory: "Inventory", look: _Look) -> list[Row]:
        from exporter.collectors.containers.engine import Session

        with Session(address, allowed_s=self._allowed_s) as session:
            answered = True
            try:
                inventory.refresh(
                    session.line(),
                    self._monotonic(),
                    lambda known: self._is_there(known, inventory.places, look),
                )
            except (OSError, ValueError) as error:
                look.errors.append(error)
                answered = False
            rows, elsewhere = self._rows(inventory, look)
            if not answered:
                # It can't be known whether the others still exist.
                return rows
            devices = look.devices if address.socket is not None else {}
            running = [k for k in elsewhere if k.listed.state in _RUNNING and not _ended(k)]
            asked = _ask(session, running, devices)
        for known in elsewhere:
            # What has no process now either ended since the list was made, or waits for its next start.
            if known.listed.state == "restarting" or not _ended(known):
                rows.append(self._row(known, asked.get(known.listed.id), inventory.places))
        return rows

    def _rows(self, inventory: "Inventory", look: _Look) -> tuple[list[Row], list["Known"]]:
        """The containers whose cgroups are here, and the others. Remembers where they are."""
        rows, elsewhere = [], []
        places = {}
        for container, known in inventory.known.items():
            place = self._place(known, look)
            if place is None:
                elsewhere.append(known)
                if container in inventory.places:
                    places[container] = inventory.places[container]
                continue
            places[container] = place
            try:
                rows.append(self._row(known, self._usage(known, place, look), places))
            except OSError as error:
                # It may end while we read.
                if error.errno not in _GONE:
                    raise
        inventory.places = places
        return rows, elsewhere

    def _is_there(self, known: "Known", places: Mapping[str, Place], look: _Look) -> bool:
        """Whether the process that was inspected is still there, if we ever saw it."""
        place = places.get(known.listed.id)
        return place is None or not place.by_process or self._by_process(known, look) is not None

    def _place(self, known: "Known", look: _Look) -> Place | None:
        if known.inspected is not None and not known.inspected.pid:
            return None
        parent = known.inspected.cgroup_parent if known.inspected else ""
        return self._by_process(known, look) or look.hierarchy.usual(known.listed.id, parent)

    def _by_process(self, known: "Known", look: _Look) -> Place | None:
        if known.inspected is None or not known.inspected.pid:
            return None
        try:
            paths = procfs.cgroups(self._proc, known.inspected.pid)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return None
        # The number may be another process by now, or that of another machine.
        return look.hierarchy.place(paths, known.listed.id)

    def _usage(self, known: "Known", place: Place, look: _Look) -> Usage:
        usage = cgroups.read(place, look.devices)
        if look.processes < MAX_PROCESSES and (pids := list(islice(cgroups.pids(place), MAX_PROCESSES))):
            look.processes += len(pids)
            usage.states = procfs.states(self._proc, pids)
        if place.by_process and known.inspected is not None and known.inspected.own_network:
            with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                usage.network = procfs.network(self._proc, known.inspected.pid)
        return usage

    def _row(self, known: "Known", usage: Usage | None, places: Mapping[str, Place]) -> Row:
        listed, inspected = known.listed, known.inspected
        place = places.get(listed.id)
        row = Row(
            id=place.path if place else f"/docker/{listed.id}",
            name=listed.name,
            image=listed.image,
            labels=self._filter.pick(listed.labels),
            usage=usage,
        )
        if inspected is None:
            return row
        return replace(
            row,
            started_s=inspected.started_s,
            restarts=inspected.restarts,
            health=answers.health_of(listed.status, inspected.health),
        )

    def _machine(self, memory_bytes: int) -> Machine:
        release = {name: value for name, _, value in _assignments(self._root / "etc/os-release")}
        versions = [inventory.version for inventory in self._inventories.values() if inventory.version]
        return Machine(
            cpus=procfs.processors(self._proc),
            memory_bytes=memory_bytes,
            ids=(
                ("boot_id", attribute(self._proc / "sys/kernel/random/boot_id") or ""),
                ("machine_id", attribute(self._root / "etc/machine-id") or ""),
                ("system_uuid", attribute(self._sys / "class/dmi/id/product_uuid") or ""),
            ),
            version=(
                ("cadvisorRevision", ""),
                ("cadvisorVersion", self._version),
                ("dockerVersion", ", ".join(versions)),
                ("kernelVersion", attribute(self._proc / "sys/kernel/osrelease") or ""),
                ("osVersion", release.get("PRETTY_NAME", "").strip("\"'")),
            ),
        )


def _assignments(path: Path) -> Iterator[tuple[str, str, str]]:
    return (line.partition("=") for line in (attribute(path) or "").splitlines())


def _ended(known: "Known") -> bool:
    return known.inspected is not None and not known.inspected.pid


def _ask(session: "Session", wanted: Sequence["Known"], devices: Mapping[str, str]) -> dict[str, Usage]:
    """What the engine measured, as far as it answers in time."""
    waiting = deque(wanted)
    answered: dict[str, Usage] = {}

    def work() -> None:
        line = session.line()
        while not session.late:
            try:
                known = waiting.popleft()
            except IndexError:
                return
            path = f"/containers/{known.listed.id}/stats?stream=false&one-shot=true"
            limits = known.inspected.limits if known.inspected else Limits()
            with suppress(OSError, ValueError):
                answered[known.listed.id] = answers.usage(line.get(path), limits, devices)

    threads = [threading.Thread(target=work, name="containers", daemon=True) for _ in wanted[:LANES]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answered
