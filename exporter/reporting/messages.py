"""What is said to the gateway of the agent, and what is understood of its answers. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

from delivery.retry import Answer

Status = Literal["running", "stopping", "error"]

# The gateway says how often it wants to hear of us, within reason: no flood, and no silence.
MIN_INTERVAL_S: Final = 1.0
MAX_INTERVAL_S: Final = 300.0

# Of a text that comes from elsewhere, such as an error: the gateway keeps one for each agent.
MAX_TEXT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The host. The time is in seconds since 1970."""

    hostname: str
    os: str
    kernel: str
    arch: str
    cpu_cores: int
    memory_bytes: int
    boot_time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the agent says of itself when it registers. Times are in seconds since 1970."""

    name: str
    labels: Mapping[str, str]
    version: str
    pid: int
    started_at: float
    system: System
    metrics_url: str
    collectors: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How the agent is: what it takes of the host, what waits to be sent, what goes wrong."""

    cpu_percent: float
    memory_bytes: int
    spool_bytes: int
    spool_oldest_s: float
    failing_collectors: Sequence[str] = ()
    last_error: str = ""


def registration(facts: Facts, *, agent_id: str, interval_s: float) -> bytes:
    """Write a registration."""
    said = {
        "agent_id": agent_id,
        "name": facts.name,
        "labels": dict(facts.labels),
        "version": facts.version,
        "pid": facts.pid,
        "started_at": facts.started_at,
        "system": asdict(facts.system),
        "metrics_url": facts.metrics_url,
        "heartbeat_interval_s": interval_s,
        "collectors": list(facts.collectors),
    }
    return json.dumps(said).encode()


def heartbeat(vitals: Vitals, *, pid: int, now_s: float, stopping: bool) -> bytes:
    """Write a heartbeat."""
    status: Status = "stopping" if stopping else "error" if vitals.last_error else "running"
    said = {
        "pid": pid,
        "status": status,
        "cpu_percent": round(vitals.cpu_percent, 2),
        "memory_bytes": vitals.memory_bytes,
        "timestamp": round(now_s, 3),
        "spool": {"bytes": vitals.spool_bytes, "oldest_s": round(vitals.spool_oldest_s, 1)},
        "failing_collectors": list(vitals.failing_collectors),
        "last_error": vitals.last_error[:MAX_TEXT],
    }
    return json.dumps(said).encode()


def understood(answer: Answer) -> Mapping[str, object]:
    """Return what the gateway says, taken out of its envelope; nothing when it makes no sense."""
    try:
        said = json.loads(answer.excerpt)
    except (ValueError, RecursionError):
        return {}
    data = said.get("data", said) if isinstance(said, dict) else {}
    return data if isinstance(data, dict) else {}


def interval_in(said: Mapping[str, object], otherwise: float) -> float:
    """Return the interval that the gateway asks for, within bounds."""
    asked = said.get("heartbeat_interval_s")
    # A comparison that no "not a number" passes; true is no number here.
    if isinstance(asked, int | float) and not isinstance(asked, bool) and asked > 0:
        return min(max(float(min(asked, MAX_INTERVAL_S)), MIN_INTERVAL_S), MAX_INTERVAL_S)
    return otherwise
