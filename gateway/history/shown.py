"""Snapshots as they are shown: times in seconds, per cent, bytes; None where nobody knows. Knows no HTTP."""

from gateway.history.questions import Changes, Pair
from gateway.history.snapshot import MEASURES, TOTALS, Process, Snapshot, Whole


def told(snapshot: Snapshot) -> dict[str, object]:
    """Return what is said of all processes together."""
    totals = {
        name: _plain(value, scale)
        for (name, scale), value in zip(TOTALS.items(), snapshot.totals, strict=True)
    }
    return {
        "time": snapshot.time_ms / 1000,
        "interval": snapshot.interval_ms / 1000,
        "omitted": snapshot.omitted,
        "totals": totals,
    }


def row(process: Process) -> dict[str, object]:
    """Return one process."""
    identity = process.identity
    shown: dict[str, object] = {
        "pid": identity.pid,
        "start": identity.start_ms / 1000,
        "parent": identity.parent,
        **identity.program._asdict(),
        "state": process.state,
    }
    return shown | _measures(process)


def _measures(process: Process) -> dict[str, float | None]:
    return {name: _plain(getattr(process, name), scale) for name, scale in MEASURES.items()}


def difference(pair: Pair) -> dict[str, object]:
    """Return the later row, what was before, and by how much each number is more now; None if not known."""
    before, after = _measures(pair.before), _measures(pair.after)
    less = {
        name: None
        if (old := getattr(pair.before, name)) is None or (new := getattr(pair.after, name)) is None
        else _plain(new - old, scale)
        for name, scale in MEASURES.items()
    }
    return row(pair.after) | after | {"before": before, "difference": less}


def changed(found: Changes, since_ms: int, limit: int | None) -> dict[str, object]:
    """Return what is different from an earlier snapshot; so many rows of each kind."""
    return {
        "appeared": [
            row(one) | {"started": one.identity.start_ms > since_ms} for one in found.appeared[:limit]
        ],
        "gone": [row(one) for one in found.gone[:limit]],
        "grew": [difference(pair) for pair in found.grew[:limit]],
        "shrank": [difference(pair) for pair in found.shrank[:limit]],
    }


def _plain(value: Whole, scale: int) -> float | None:
    return value if value is None or scale == 1 else value / scale
