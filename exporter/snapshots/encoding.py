"""A snapshot as JSON of a bounded size, compressed. docs/process-snapshots.md describes every key. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exporter.snapshots.taking import Process, Snapshot, Totals
from remotewrite.compression import compress_zstd

VERSION: Final = 1

# As compress_zstd does it.
CONTENT_ENCODING: Final = "zstd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Who sends: the id and the name of the agent."""

    agent_id: str
    name: str


def encode(snapshot: Snapshot, agent: Agent, max_bytes: int) -> bytes:
    """Write a snapshot, at most so large before compression: the least interesting processes go first."""
    return compress_zstd(written(snapshot, agent, max_bytes))


def written(snapshot: Snapshot, agent: Agent, max_bytes: int) -> bytes:
    """Write a snapshot as JSON."""
    rows = [_json(_row(process)) for process in snapshot.processes]
    # With no process, and as many digits for those left out as there can be.
    room = max_bytes - len(_whole(snapshot, agent, [], snapshot.omitted + len(rows)))
    kept = 0
    for row in rows:
        room -= len(row) + 1
        if room < 0:
            break
        kept += 1
    return _whole(snapshot, agent, rows[:kept], snapshot.omitted + len(rows) - kept)


def _whole(snapshot: Snapshot, agent: Agent, rows: Sequence[bytes], omitted: int) -> bytes:
    head = {
        "version": VERSION,
        "agent": agent.agent_id,
        "name": agent.name,
        "time": snapshot.time_ms,
        "interval_ms": snapshot.interval_ms,
        "totals": _totals(snapshot.totals),
        "omitted": omitted,
    }
    return _json(head)[:-1] + b',"processes":[' + b",".join(rows) + b"]}"


def _totals(totals: Totals) -> Mapping[str, object]:
    values: dict[str, object] = {
        "processes": totals.processes,
        "threads": totals.threads,
        "cpu": _tenths(totals.cpu),
        "io_wait": _tenths(totals.io_wait),
        "read": _whole_number(totals.read),
        "write": _whole_number(totals.write),
    }
    if (host := totals.host) is not None:
        values |= {
            "cpus": host.cpus,
            "load": host.load,
            "memory": host.memory,
            "memory_used": host.memory_used,
            "swap_used": host.swap_used,
        }
    return {key: value for key, value in values.items() if value is not None}


def _row(process: Process) -> Mapping[str, object]:
    place = process.place
    values: dict[str, object] = {
        "pid": process.pid,
        "parent": process.parent,
        "start": process.start_ms,
        "name": process.name,
        "command": process.command,
        "user": place.user,
        "container": place.container,
        "unit": place.unit,
        "state": process.state,
        "cpu": _tenths(process.cpu),
        "rss": process.rss,
        "read": _whole_number(process.read),
        "write": _whole_number(process.write),
        "threads": process.threads,
        "fds": process.fds,
    }
    return {key: value for key, value in values.items() if value not in (None, "")}


def _tenths(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _whole_number(value: float | None) -> int | None:
    return None if value is None else round(value)


def _json(value: object) -> bytes:
    # What is no UTF-8 has been replaced by whoever read it; a lone surrogate would still be one.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace")
