"""What the answers of Docker and of Podman say. Pure; an answer of another shape is a ValueError."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from exporter.collectors.containers.values import MOST, Cpu, Io, Limits, Memory, Network, Usage

HEALTH: Final[Mapping[str, int]] = {"healthy": 1, "starting": 0, "unhealthy": 0}
NO_HEALTH: Final = -1

# How the API counts CPUs when they are given as a number: billionths; and the kernel's usual period.
_NANO: Final = 10**9
_PERIOD_US: Final = 100_000

Object = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What the list says of a container."""

    id: str
    name: str
    image: str
    labels: Mapping[str, str]
    state: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What the engine says when asked for one container. `pid` is 0 when nothing runs."""

    pid: int
    started_s: float | None
    restarts: int
    health: int
    own_network: bool
    """Whether it has a network that is neither the host's nor another container's."""
    cgroup_parent: str
    limits: Limits


def listed(answer: object) -> list[Listed]:
    """The answer to /containers/json."""
    if answer is None:
        raise ValueError("the engine listed nothing, not even an empty array")
    return [_listed(_object(entry)) for entry in _array(answer)]


def _listed(entry: Object) -> Listed:
    container = _text(entry, "Id")
    if not (container.isascii() and container.isalnum()):
        raise ValueError(f"not the id of a container: {container[:80]!r}")
    names = [name for name in _array(entry.get("Names")) if isinstance(name, str)]
    # A name with another slash is that of a link.
    own = [name for name in names if name.count("/") < 2] or names or [container[:12]]
    labels = _object(entry.get("Labels"))
    return Listed(
        id=container,
        name=_clean(own[0].lstrip("/")),
        image=_text(entry, "Image"),
        labels={_clean(name): _clean(value) for name, value in labels.items() if isinstance(value, str)},
        state=_text(entry, "State"),
        status=_text(entry, "Status"),
    )


def inspected(answer: object) -> Inspected:
    """The answer to /containers/ID/json."""
    whole = _object(answer)
    state, host = _object(whole.get("State")), _object(whole.get("HostConfig"))
    mode = _text(host, "NetworkMode")
    return Inspected(
        pid=_count(state, "Pid"),
        started_s=_time(_text(state, "StartedAt")),
        restarts=_count(whole, "RestartCount"),
        health=HEALTH.get(_text(_object(state.get("Health")), "Status"), NO_HEALTH),
        own_network=mode != "host" and not mode.startswith(("container:", "ns:")),
        cgroup_parent=_text(host, "CgroupParent"),
        limits=_limits(host),
    )


def _limits(host: Object) -> Limits:
    nano, period = _count(host, "NanoCpus"), _count(host, "CpuPeriod") or _PERIOD_US
    return Limits(
        memory=_count(host, "Memory"),
        cpu_quota=nano * period // _NANO if nano else max(_count(host, "CpuQuota"), 0),
        cpu_period=period,
        cpu_shares=_count(host, "CpuShares") or 1024,
    )


def health_of(status: str, otherwise: int) -> int:
    """The health in the list's words, such as "Up 3 hours (healthy)"; they are newer than an inspection."""
    _, opened, words = status.rpartition("(")
    return HEALTH.get(words.rstrip(")").removeprefix("health: "), otherwise) if opened else otherwise


def version(answer: object) -> str:
    """The answer to /version."""
    return _text(_object(answer), "Version")


def usage(answer: object, limits: Limits, devices: Mapping[str, str]) -> Usage:
    """The answer to /containers/ID/stats. Limits come from the inspection."""
    whole = _object(answer)
    cpu, memory = _object(whole.get("cpu_stats")), _object(whole.get("memory_stats"))
    used, throttling = _object(cpu.get("cpu_usage")), _object(cpu.get("throttling_data"))
    if "usage" not in memory and "total_usage" not in used:
        raise ValueError("the engine measured nothing")
    stats = _object(memory.get("stats"))
    pids = _object(whole.get("pids_stats"))
    periods = _count(throttling, "periods")
    return Usage(
        cpu=Cpu(
            used_s=_count(used, "total_usage") / _NANO,
            user_s=_count(used, "usage_in_usermode") / _NANO,
            system_s=_count(used, "usage_in_kernelmode") / _NANO,
            # Podman has no counts of throttling, and says 0.
            periods=periods or None,
            throttled=_count(throttling, "throttled_periods") if periods else None,
            throttled_s=_count(throttling, "throttled_time") / _NANO if periods else None,
        ),
        memory=Memory(
            usage=_count(memory, "usage"),
            inactive_file=_first(stats, "total_inactive_file", "inactive_file"),
            anonymous=_first(stats, "total_rss", "anon"),
            cache=_first(stats, "total_cache", "file"),
            mapped=_first(stats, "total_mapped_file", "file_mapped"),
            swap=_first(stats, "total_swap"),
            peak=_first(memory, "max_usage"),
            failures=_first(memory, "failcnt"),
        ),
        limits=limits,
        io=_io(_object(whole.get("blkio_stats")), devices),
        threads=_first(pids, "current"),
        network=_network(_object(whole.get("networks"))),
    )


def _io(blkio: Object, devices: Mapping[str, str]) -> dict[str, Io]:
    found: dict[str, Io] = {}
    for key, fields in _IO:
        for entry in map(_object, _array(blkio.get(key))):
            device = f"{_count(entry, 'major')}:{_count(entry, 'minor')}"
            io = found.setdefault(devices.get(device, device), Io())
            if put := fields.get(_text(entry, "op").lower()):
                put(io, _count(entry, "value"))
    return found


def _put(name: str) -> Callable[[Io, int], None]:
    return lambda io, value: setattr(io, name, value)


_IO: Final[tuple[tuple[str, Mapping[str, Callable[[Io, int], None]]], ...]] = (
    ("io_service_bytes_recursive", {"read": _put("read_bytes"), "write": _put("written_bytes")}),
    ("io_serviced_recursive", {"read": _put("reads"), "write": _put("writes")}),
)


def _network(networks: Object) -> Network:
    found = {}
    for name, values in networks.items():
        of = _object(values)
        rx, tx = ([_count(of, f"{way}_{what}") for what in _COUNTS] for way in ("rx", "tx"))
        found[_clean(name)] = (rx[0], rx[1], rx[2], rx[3], tx[0], tx[1], tx[2], tx[3])
    return found


_COUNTS: Final = ("bytes", "packets", "errors", "dropped")


def _object(value: object) -> Object:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"expected an object of the engine, got {str(value)[:80]}")
    return cast("Object", value)


def _array(value: object) -> Iterator[object]:
    if not isinstance(value, list | None):
        raise ValueError(f"expected an array of the engine, got {str(value)[:80]}")
    return iter(value or ())


def _text(of: Object, name: str) -> str:
    value = of.get(name)
    return _clean(value) if isinstance(value, str) else ""


def _clean(text: str) -> str:
    """The text without halves of characters, which JSON may hold and no page can show."""
    return text.encode(errors="replace").decode()


def _count(of: Object, name: str) -> int:
    return _first(of, name) or 0


def _first(of: Object, *names: str) -> int | None:
    """The first of the numbers that is there."""
    for name in names:
        value = of.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and -MOST < value < MOST:
            return value
    return None


def _time(text: str) -> float | None:
    """A time in Unix seconds; what never started has a time before the epoch."""
    try:
        seconds = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None
