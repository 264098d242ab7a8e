"""The files of a container's cgroup, of version 2 and of version 1. Knows no engine.

A file that is missing is a number that is not shown: which files there are depends on the kernel and on the
controllers that are switched on. Raises OSError when the cgroup itself is gone.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from exporter.collectors.containers.values import Cpu, Io, Limits, Memory, Usage, whole

# What version 1 calls no limit is the largest number of whole pages, and version 2 calls it "max".
_NO_LIMIT: Final = 2**62
# The kernel gives a page at a time of a long list of processes.
_PIECE_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the files are: one directory, or with version 1 one for each controller."""

    path: str
    """Of the cgroup, as in /proc/PID/cgroup. The label `id`."""
    unified: str = ""
    controllers: Mapping[str, str] = field(default_factory=dict)
    by_process: bool = False
    """Whether a process of the container told it, so that the process is one that we see."""

    def any_directory(self) -> str:
        """A directory in which all processes are listed."""
        return self.unified or next(iter(self.controllers.values()))


class Hierarchy:
    """The mounted cgroups of a host."""

    def __init__(self, sys: Path) -> None:
        self._root = sys / "fs/cgroup"
        self._unified = (self._root / "cgroup.controllers").exists()
        self._mounts: dict[str, str] = {}
        if not self._unified and self._root.is_dir():
            for directory in self._root.iterdir():
                # Where two controllers share a directory, it has both names: "cpu,cpuacct".
                for controller in directory.name.split(","):
                    self._mounts[controller] = str(directory)

    def place(self, paths: Mapping[str, str], container: str) -> Place | None:
        """The place of a container from the cgroups of its process, or None when it is not there."""
        if self._unified:
            path = _up_to(paths.get("", ""), container)
            place = self.at(path) if path else None
            return place and replace(place, by_process=True)
        found = {controller: _up_to(path, container) for controller, path in paths.items()}
        directories = {
            controller: self._mounts[controller] + path
            for controller, path in found.items()
            if path and controller in self._mounts and Path(self._mounts[controller] + path).is_dir()
        }
        path = found.get("memory") or found.get("cpu") or ""
        return Place(path=path, controllers=directories, by_process=True) if path and directories else None

    def usual(self, container: str, parent: str) -> Place | None:
        """The place of a container whose processes we don't see, or None when it is at no usual one."""
        paths = [f"/docker/{container}", f"/libpod_parent/libpod-{container}"]
        paths += [f"/system.slice/docker-{container}.scope", f"/machine.slice/libpod-{container}.scope"]
        if parent and ".." not in parent:
            above = f"/{parent.strip('/')}"
            names = (
                container,
                f"docker-{container}.scope",
                f"libpod-{container}",
                f"libpod-{container}.scope",
            )
            paths = [*(f"{above}/{name}" for name in names), *paths]
        return next(filter(None, map(self.at, paths)), None)

    def at(self, path: str) -> Place | None:
        """The place for a path that is the same for all controllers, or None when it is not there."""
        if self._unified:
            directory = f"{self._root}{path}"
            return Place(path=path, unified=directory) if Path(directory).is_dir() else None
        directories = {
            controller: mount + path
            for controller, mount in self._mounts.items()
            if Path(mount + path).is_dir()
        }
        return Place(path=path, controllers=directories) if directories else None


def _up_to(path: str, container: str) -> str:
    """The path to the component that names the container, without cgroups inside the container."""
    if ".." in path.split("/"):
        return ""
    at = path.find(container)
    if at < 0:
        return ""
    end = path.find("/", at)
    return path if end < 0 else path[:end]


def read(place: Place, devices: Mapping[str, str], ticks: int = os.sysconf("SC_CLK_TCK")) -> Usage:
    """All numbers of one container, but for those of its processes and its network."""
    return (
        _version_2(place.unified, devices) if place.unified else _version_1(place.controllers, devices, ticks)
    )


def pids(place: Place) -> Iterator[int]:
    """The processes in the cgroup and in those below it."""
    return _pids(place.any_directory())


def _pids(directory: str) -> Iterator[int]:
    for word in (_text(directory, "cgroup.procs") or "").split():
        # A process that our own namespace of processes does not have is 0 here.
        if pid := whole(word):
            yield pid
    with suppress(FileNotFoundError):
        # A directory has a link from each directory below it; some file systems always say 1.
        if Path(directory).stat().st_nlink != 2:
            with os.scandir(directory) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        yield from _pids(entry.path)


def _text(directory: str, name: str) -> str | None:
    if not directory:
        return None
    try:
        file = os.open(f"{directory}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return b"".join(iter(lambda: os.read(file, _PIECE_BYTES), b"")).decode(errors="replace")
        finally:
            os.close(file)
    except (FileNotFoundError, PermissionError):
        return None
    except OSError as error:
        # The processes of a threaded cgroup are listed further up.
        if error.errno == errno.EOPNOTSUPP:
            return None
        raise


def _gone(directory: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), directory)


def _number(directory: str, name: str) -> int | None:
    text = _text(directory, name)
    return None if text is None or text.strip() == "max" else whole(text)


def _limit(directory: str, name: str) -> int | None:
    """A limit; 0 when there is none."""
    text = _text(directory, name)
    if text is None:
        return None
    value = 0 if text.strip() == "max" else whole(text)
    return value if value < _NO_LIMIT else 0


def _pairs(directory: str, name: str) -> dict[str, int]:
    pairs = (line.split(" ", 1) for line in (_text(directory, name) or "").splitlines())
    return {pair[0]: whole(pair[1]) for pair in pairs if len(pair) == 2}


def _seconds(pairs: Mapping[str, int], name: str, parts: int) -> float | None:
    value = pairs.get(name)
    return None if value is None else value / parts


def _version_2(directory: str, devices: Mapping[str, str]) -> Usage:
    if _text(directory, "cgroup.procs") is None and not Path(directory).is_dir():
        raise _gone(directory)
    cpu = _pairs(directory, "cpu.stat")
    memory = _pairs(directory, "memory.stat")
    events = _pairs(directory, "memory.events")
    quota, period = _quota(_text(directory, "cpu.max"))
    return Usage(
        cpu=Cpu(
            used_s=_seconds(cpu, "usage_usec", 10**6),
            user_s=_seconds(cpu, "user_usec", 10**6),
            system_s=_seconds(cpu, "system_usec", 10**6),
            periods=cpu.get("nr_periods"),
            throttled=cpu.get("nr_throttled"),
            throttled_s=_seconds(cpu, "throttled_usec", 10**6),
        ),
        memory=Memory(
            usage=_number(directory, "memory.current"),
            inactive_file=memory.get("inactive_file"),
            anonymous=memory.get("anon"),
            cache=memory.get("file"),
            mapped=memory.get("file_mapped"),
            swap=_number(directory, "memory.swap.current"),
            peak=_number(directory, "memory.peak"),
            failures=events.get("max"),
            oom_kills=events.get("oom_kill"),
        ),
        limits=Limits(
            memory=_limit(directory, "memory.max"),
            cpu_quota=quota,
            cpu_period=period,
            cpu_shares=_shares(_number(directory, "cpu.weight")),
        ),
        io=_io_of_2(_text(directory, "io.stat") or "", devices),
        threads=_number(directory, "pids.current"),
    )


def _quota(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    quota, _, period = text.strip().partition(" ")
    return 0 if quota == "max" else whole(quota), whole(period)


def _shares(weight: int | None) -> int | None:
    """The shares of version 1 that a weight stands for: engines map 2…262144 to 1…10000."""
    return None if weight is None else 2 + (weight - 1) * 262_142 // 9_999


def _io_of_2(text: str, devices: Mapping[str, str]) -> dict[str, Io]:
    found = {}
    for line in text.splitlines():
        device, *words = line.split()
        of = {name: whole(value) for name, _, value in (word.partition("=") for word in words)}
        found[devices.get(device, device)] = Io(
            read_bytes=of.get("rbytes", 0),
            written_bytes=of.get("wbytes", 0),
            reads=of.get("rios", 0),
            writes=of.get("wios", 0),
        )
    return found


def _version_1(directories: Mapping[str, str], devices: Mapping[str, str], ticks: int) -> Usage:
    if not any(Path(directory).is_dir() for directory in directories.values()):
        raise _gone(next(iter(directories.values())))
    # A controller that is not mounted: a directory without files.
    of = {name: directories.get(name, "") for name in ("cpu", "cpuacct", "memory", "blkio", "pids")}
    cpu = _pairs(of["cpu"], "cpu.stat")
    times = _pairs(of["cpuacct"], "cpuacct.stat")
    used = _number(of["cpuacct"], "cpuacct.usage")
    quota = _number(of["cpu"], "cpu.cfs_quota_us")
    return Usage(
        cpu=Cpu(
            used_s=None if used is None else used / 10**9,
            user_s=_seconds(times, "user", ticks),
            system_s=_seconds(times, "system", ticks),
            periods=cpu.get("nr_periods"),
            throttled=cpu.get("nr_throttled"),
            throttled_s=_seconds(cpu, "throttled_time", 10**9),
        ),
        memory=_memory_of_1(of["memory"]),
        limits=Limits(
            memory=_limit(of["memory"], "memory.limit_in_bytes"),
            cpu_quota=None if quota is None else max(quota, 0),
            cpu_period=_number(of["cpu"], "cpu.cfs_period_us"),
            cpu_shares=_number(of["cpu"], "cpu.shares"),
        ),
        io=_io_of_1(of["blkio"], devices),
        threads=_number(of["pids"], "pids.current"),
    )


def _memory_of_1(directory: str) -> Memory:
    stat = _pairs(directory, "memory.stat")
    return Memory(
        usage=_number(directory, "memory.usage_in_bytes"),
        inactive_file=stat.get("total_inactive_file"),
        anonymous=stat.get("total_rss"),
        cache=stat.get("total_cache"),
        mapped=stat.get("total_mapped_file"),
        swap=stat.get("total_swap"),
        peak=_number(directory, "memory.max_usage_in_bytes"),
        failures=_number(directory, "memory.failcnt"),
        oom_kills=_pairs(directory, "memory.oom_control").get("oom_kill"),
    )


def _io_of_1(directory: str, devices: Mapping[str, str]) -> dict[str, Io]:
    found: dict[str, Io] = {}
    for device, word, value in _operations(directory, "io_service_bytes"):
        io = found.setdefault(devices.get(device, device), Io())
        if word == "Read":
            io.read_bytes = value
        elif word == "Write":
            io.written_bytes = value
    for device, word, value in _operations(directory, "io_serviced"):
        io = found.setdefault(devices.get(device, device), Io())
        if word == "Read":
            io.reads = value
        elif word == "Write":
            io.writes = value
    return found


def _operations(directory: str, name: str) -> Iterator[tuple[str, str, int]]:
    """Device, operation, number. Throttling counts all I/O, whatever the scheduler."""
    for file in (f"blkio.throttle.{name}_recursive", f"blkio.throttle.{name}"):
        text = _text(directory, file)
        if text is not None:
            for words in map(str.split, text.splitlines()):
                if len(words) == 3:
                    yield words[0], words[1], whole(words[2])
            return
