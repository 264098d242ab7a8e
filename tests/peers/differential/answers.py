"""Asks both servers and tells how their answers differ. Knows no grammar and no data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests

# Prometheus 2 sums plainly where Prometheus 3 compensates.
TOLERANCE: Final = 1e-6

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: a path and its parameters."""

    path: str
    parameters: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.path} {dict(self.parameters)}"


def difference(ours: requests.Response, theirs: requests.Response) -> str | None:
    """Return how two answers differ, None when they do not."""
    own, other = ours.json(), theirs.json()
    if own["status"] == other["status"] == "success":
        return _data(own["data"], other["data"])
    got = (ours.status_code, own.get("errorType"))
    wanted = (theirs.status_code, other.get("errorType"))
    if got != wanted:
        return f"{got}: {own.get('error')}; wanted {wanted}: {other.get('error')}"
    return None


def _data(own: Json, other: Json) -> str | None:
    if own["resultType"] != other["resultType"]:
        return f"a {own['resultType']}, wanted a {other['resultType']}"
    if own["resultType"] in ("scalar", "string"):
        return _point("", own["result"], other["result"])
    rows, wanted = _rows(own["result"]), _rows(other["result"])
    if rows.keys() != wanted.keys():
        more, less = sorted(rows.keys() - wanted.keys())[:3], sorted(wanted.keys() - rows.keys())[:3]
        return f"{len(rows)} series, wanted {len(wanted)}; more: {more}; missing: {less}"
    for labels, points in rows.items():
        if [time for time, _ in points] != [time for time, _ in wanted[labels]]:
            return f"{labels}: at {_times(points)}, wanted at {_times(wanted[labels])}"
        for point, right in zip(points, wanted[labels], strict=True):
            if (found := _point(labels, point, right)) is not None:
                return found
    return None


def _times(points: list[Json]) -> str:
    times = [time for time, _ in points]
    return f"{len(times)} times from {times[0]} to {times[-1]}" if times else "no time"


def _rows(result: list[Json]) -> dict[str, list[Json]]:
    """Return points by labels; the order of series means nothing here."""
    return {
        str(sorted(row["metric"].items())): row["values"] if "values" in row else [row["value"]]
        for row in result
    }


def _point(labels: str, point: Json, wanted: Json) -> str | None:
    same = point[0] == wanted[0] and (point[1] == wanted[1] or _close(float(point[1]), float(wanted[1])))
    return None if same else f"{labels}: {point}, wanted {wanted}"


def _close(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=1e-7)
