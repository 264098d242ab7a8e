"""What /proc tells of a container: its cgroups, its network, the states of its processes. And of the host."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from exporter.collectors.containers.values import Cpu, Limits, Memory, Network, Usage, whole
from exporter.collectors.files import column, rows, text

# cAdvisor's words for the letters of the kernel.
STATES: Final[Mapping[str, str]] = {
    "R": "running",
    "S": "sleeping",
    "I": "sleeping",
    "T": "stopped",
    "t": "stopped",
    "D": "uninterruptible",
}
ALL_STATES: Final = ("iowaiting", "running", "sleeping", "stopped", "uninterruptible")

# cAdvisor leaves them out: they carry what others carry already, or nothing that leaves.
_LEFT_OUT: Final = ("lo", "veth", "docker", "podman", "cni", "nerdctl")


def cgroups(proc: Path, pid: int) -> dict[str, str]:
    """By controller, the path of the cgroup that a process is in; the empty controller is cgroup v2."""
    found = {}
    for line in text(proc / str(pid) / "cgroup").splitlines():
        _, controllers, path = _three(line)
        for controller in controllers.split(","):
            found[controller] = path
    return found


def _three(line: str) -> tuple[str, str, str]:
    words = line.split(":", 2)
    if len(words) != 3:
        raise ValueError(f"not a line of a cgroup file: {line[:80]}")
    return words[0], words[1], words[2]


def network(proc: Path, pid: int) -> Network:
    """The interfaces that a process sees."""
    found = {}
    for line in text(proc / str(pid) / "net/dev").splitlines()[2:]:
        name, _, values = line.rpartition(":")
        device = name.strip()
        if device.startswith(_LEFT_OUT):
            continue
        of = values.split()
        column(of, 15)
        # Bytes, packets, errors and dropped stand at the start of each half.
        a, b, c, d, e, f, g, h = (whole(of[at]) for at in (0, 1, 2, 3, 8, 9, 10, 11))
        found[device] = (a, b, c, d, e, f, g, h)
    return found


def states(proc: Path, pids: Iterable[int]) -> dict[str, int]:
    """How many of the processes are in each state; those that ended are in none."""
    counts = dict.fromkeys(ALL_STATES, 0)
    for pid in pids:
        try:
            words = text(proc / str(pid) / "stat").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state := STATES.get(column(words, 0)):
            counts[state] += 1
    return counts


def devices(proc: Path) -> dict[str, str]:
    """The names of block devices by MAJOR:MINOR."""
    try:
        return {
            f"{column(words, 0)}:{column(words, 1)}": f"/dev/{column(words, 2)}"
            for words in rows(proc / "diskstats")
        }
    except FileNotFoundError:
        return {}


def host(proc: Path, ticks: int = os.sysconf("SC_CLK_TCK")) -> Usage:
    """The whole host as if it were a container. The root cgroup has few files of its own."""
    memory = {words[0]: whole(column(words, 1)) * 1024 for words in rows(proc / "meminfo")}
    total = memory.get("MemTotal:", 0)
    usage = total - memory.get("MemFree:", 0)
    user, nice, system, _, _, irq, softirq, steal = _of_all_cpus(proc)
    return Usage(
        cpu=Cpu(
            used_s=(user + nice + system + irq + softirq + steal) / ticks,
            user_s=(user + nice) / ticks,
            system_s=(system + irq + softirq) / ticks,
        ),
        memory=Memory(
            usage=usage,
            inactive_file=memory.get("Inactive(file):", 0),
            anonymous=memory.get("AnonPages:"),
            cache=memory.get("Cached:"),
            mapped=memory.get("Mapped:"),
            swap=memory.get("SwapTotal:", 0) - memory.get("SwapFree:", 0),
        ),
        limits=Limits(memory=total),
        network=_of_host(proc),
    )


def processors(proc: Path) -> int:
    """How many logical processors there are."""
    return sum(words[0].startswith("cpu") and words[0] != "cpu" for words in rows(proc / "stat"))


def _of_all_cpus(proc: Path) -> list[int]:
    for words in rows(proc / "stat"):
        if words[0] == "cpu":
            column(words, 8)
            return [whole(word) for word in words[1:9]]
    raise ValueError("no line of all processors in the stat file")


def _of_host(proc: Path) -> Network | None:
    try:
        # Not that of ourselves, who may be in a container.
        return network(proc, 1)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
