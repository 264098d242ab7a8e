"""What the history's tests share: snapshots drawn at random, and what an agent would send for them."""

import json
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st

from gateway.history.archive import Archive
from gateway.history.snapshot import MEASURES, TOTALS, Identity, Process, Program, Snapshot, Whole
from gateway.storage.ledger.processes import ProcessPieces
from tests.gateway.storage.samples import open_store
from tests.strategies import texts

HOUR_MS: Final = 3_600_000
START_MS: Final = 497_222 * HOUR_MS
AGENT: Final = "agent-1"

wholes = st.none() | st.sampled_from((0, 1, 4096, 268_435_456, (1 << 53) - 1)) | st.integers(0, 100_000)
programs = st.builds(
    Program,
    name=st.sampled_from(("postgres", "nginx", "sh", "")) | texts,
    command=st.sampled_from(("", "postgres: backup", "nginx -g")) | texts,
    user=st.sampled_from(("root", "")),
    container=st.sampled_from(("", "3f2a1b4c5d6e")),
    unit=st.sampled_from(("", "nginx.service")),
)
# Few numbers and starts, so that processes come again.
identities = st.builds(
    Identity,
    pid=st.integers(1, 6),
    start_ms=st.sampled_from((START_MS - 5_000, START_MS - 4_000, START_MS + 60_000)),
    parent=st.none() | st.integers(0, 3),
    program=programs,
)
processes = st.builds(
    Process,
    identity=identities,
    state=st.sampled_from(("R", "S", "", "✓")),
    **dict.fromkeys(MEASURES, wholes),
)


def key(process: Process) -> tuple[int, int]:
    """What names a process."""
    return process.identity.pid, process.identity.start_ms


@st.composite
def snapshots(draw: st.DrawFn, times: st.SearchStrategy[int]) -> Snapshot:
    """Draw a snapshot at one of some times."""
    found = draw(st.lists(processes, max_size=6, unique_by=key))
    return Snapshot(
        time_ms=draw(times),
        interval_ms=draw(st.sampled_from((0, 15_000, 15_003))),
        omitted=draw(st.integers(0, 3)),
        totals=tuple(draw(wholes) for _ in TOTALS),
        processes=sorted(found, key=key),
    )


def process(pid: int, cpu: Whole = None, rss: Whole = None, **changed: Any) -> Process:
    """Return a process that is not drawn."""
    program = Program(*(changed.get(name, "") for name in Program._fields))
    return Process(
        identity=Identity(pid, changed.get("start_ms", START_MS - pid), changed.get("parent"), program),
        state=changed.get("state", "S"),
        cpu=cpu,
        rss=rss,
        read=changed.get("read"),
        write=changed.get("write"),
        threads=changed.get("threads"),
        fds=changed.get("fds"),
    )


def snapshot(time_ms: int, *found: Process) -> Snapshot:
    """Return a snapshot that is not drawn."""
    return Snapshot(
        time_ms=time_ms,
        interval_ms=15_000,
        omitted=0,
        totals=(None,) * len(TOTALS),
        processes=sorted(found, key=key),
    )


def document(time_ms: int, rows: Sequence[dict[str, object]] = (), **changed: object) -> dict[str, Any]:
    """Return what an agent sends, as a document."""
    return {
        "version": 1,
        "agent": AGENT,
        "name": "web-1",
        "time": time_ms,
        "interval_ms": 15_000,
        "totals": {"processes": 3, "cpu": 171.3, "load": [1.9, 1.2, 0.85]},
        "omitted": 0,
        "processes": list(rows),
        **changed,
    }


def sent(time_ms: int, rows: Sequence[dict[str, object]] = (), **changed: object) -> bytes:
    """Return what an agent sends, as JSON."""
    return json.dumps(document(time_ms, rows, **changed)).encode()


@contextmanager
def opened(directory: Path, **options: object) -> Any:
    """Open a store; give its pieces and an archive over them."""
    told: list[tuple[str, int, str]] = []
    with open_store(directory, sync="off", **options) as store:
        pieces = ProcessPieces(store.ledger, lambda *damage: told.append(damage))
        yield Archive(pieces), pieces, told
