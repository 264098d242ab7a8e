"""What the agent says of itself: to its gateway, on /health and in its own metrics. Reads no clock.

Owns which of its parts' readings make which word. Must not know how they are sent or shown.
"""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from delivery.readings import Readings
from exporter.collectors import itself, meminfo, osrelease, stat
from exporter.gathering.runner import Runner
from exporter.outgoing import Progress
from exporter.own import Own, Receiver
from exporter.reporting.messages import Facts, System, Vitals
from exporter.settings import AgentSettings, Paths

STUCK_ROUNDS: Final = 4
"""No round for so many intervals, and the agent says that it is not well: then only a restart helps."""

STUCK_S: Final = 60.0
"""But never before this: with a short interval, a slow collector and those who scrape make rounds late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What is known of the agent's life: times in seconds since 1970, and whether the last reload worked."""

    version: str
    agent_id: str
    name: str
    started_s: float
    reloaded_s: float
    reload_error: str = ""


def facts(life: Life, settings: AgentSettings, *, metrics_url: str, collectors: Sequence[str]) -> Facts:
    """Return what the agent registers with."""
    return Facts(
        name=life.name,
        labels={pair.name: pair.value for pair in settings.label},
        version=life.version,
        pid=os.getpid(),
        started_at=life.started_s,
        system=system(settings.path),
        metrics_url=metrics_url,
        collectors=collectors,
    )


def system(paths: Paths) -> System:
    """Return the host; what its files do not tell is empty."""
    proc, names = Path(paths.procfs), os.uname()
    try:
        memory = meminfo.read(proc).values.get("MemTotal_bytes", 0)
        booted = float(stat.read(proc).values.get("btime", 0))
    except (OSError, ValueError):
        memory, booted = 0, 0.0
    try:
        release = osrelease.read(Path(paths.rootfs)).values.get("pretty_name", "")
    except (OSError, ValueError):
        release = ""
    return System(
        hostname=names.nodename,
        os=release or names.sysname,
        kernel=names.release,
        arch=names.machine,
        cpu_cores=os.cpu_count() or 1,
        memory_bytes=memory,
        boot_time=booted,
    )


def vitals(runner: Runner, progress: Progress, *, cpu_percent: float, now_s: float) -> Vitals:
    """Return what a heartbeat tells."""
    troubles = [f"{each.name}: {each.trouble}" for each in progress.receivers if each.trouble]
    return Vitals(
        cpu_percent=cpu_percent,
        memory_bytes=resident_bytes(),
        spool_bytes=sum(each.waiting_bytes for each in progress.receivers),
        spool_oldest_s=max((_age_s(each, now_s) for each in progress.receivers), default=0.0),
        failing_collectors=list(runner.failing()),
        last_error="; ".join(troubles),
    )


def resident_bytes() -> int:
    """Return how much memory the agent holds; 0 where nobody tells."""
    try:
        return itself.read(Path("/proc"), os.sysconf("SC_PAGE_SIZE"), 0).resident_bytes
    except (OSError, ValueError):
        return 0


def health(
    life: Life, runner: Runner, progress: Progress, *, interval_s: float, now_s: float, rising_s: float
) -> tuple[bool, Mapping[str, object]]:
    """Return whether all is well, and what /health shows.

    What a restart can't mend, such as a collector that fails or a receiver that is away, is told, but no
    reason to answer 503: whoever restarts what is not well would only lose what it does well.
    """
    rounds, reported = progress.rounds, progress.reported
    stuck = rounds is not None and rising_s - rounds.ended_s > max(STUCK_ROUNDS * interval_s, STUCK_S)
    failing = runner.failing()
    receivers = {each.name: _receiver_health(each, now_s) for each in progress.receivers}
    troubled = (
        failing
        or life.reload_error
        or any(each.trouble for each in progress.receivers)
        or (reported is not None and (reported.last_error or not reported.registered))
    )
    shown: dict[str, object] = {
        "status": "stuck" if stuck else "degraded" if troubled else "ok",
        "name": life.name,
        "agent_id": life.agent_id,
        "version": life.version,
        "uptime_s": round(now_s - life.started_s, 1),
        "failing_collectors": dict(failing),
        "receivers": receivers,
    }
    if life.reload_error:
        shown["reload_error"] = life.reload_error
    if rounds is not None:
        shown["last_round_s"] = round(rising_s - rounds.ended_s, 1)
    if reported is not None:
        shown["registered"] = reported.registered
        shown["last_heartbeat"] = reported.last_heartbeat_s
        shown["gateway_error"] = reported.last_error
    return not stuck, shown


def own(life: Life, progress: Progress, *, now_s: float) -> Own:
    """Return what the agent's own metrics tell."""
    rounds, reported, recorded = progress.rounds, progress.reported, progress.recorded
    return Own(
        version=life.version,
        python=platform.python_version(),
        rounds=rounds.rounds if rounds else 0,
        missed=rounds.missed if rounds else 0,
        round_s=rounds.seconds if rounds else 0.0,
        config_good=not life.reload_error,
        config_time_s=life.reloaded_s,
        registered=reported.registered if reported else None,
        heartbeats=reported.heartbeats if reported else 0,
        report_failures=reported.failures if reported else 0,
        snapshots=recorded.taken if recorded else 0,
        snapshot_failures=recorded.failed if recorded else 0,
        receivers=[_receiver(each, now_s) for each in progress.receivers],
    )


def _receiver(readings: Readings, now_s: float) -> Receiver:
    return Receiver(
        name=readings.name,
        waiting_bytes=readings.waiting_bytes,
        waiting_samples=readings.waiting_samples,
        oldest_s=_age_s(readings, now_s),
        sent=readings.sent_samples,
        refused=readings.refused_samples,
        failures=readings.failures,
        lost={**readings.lost_samples, **readings.left_out},
        trouble=readings.trouble,
    )


def _receiver_health(readings: Readings, now_s: float) -> Mapping[str, object]:
    return {
        "waiting_samples": readings.waiting_samples,
        "waiting_bytes": readings.waiting_bytes,
        "oldest_s": round(_age_s(readings, now_s), 1),
        "error": readings.trouble,
    }


def _age_s(readings: Readings, now_s: float) -> float:
    return max(now_s - readings.oldest_ms / 1000, 0.0) if readings.oldest_ms is not None else 0.0
