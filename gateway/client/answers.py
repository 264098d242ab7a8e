"""Answers to queries as plain values. Knows neither HTTP nor how they are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gateway.client.errors import QueryFailed


class Point(NamedTuple):
    """A value at a time; a histogram's is its text."""

    seconds: float
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A series and its points. A scalar and a text have no labels and one point."""

    labels: Mapping[str, str]
    points: Sequence[Point]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered: `raw` is all of it."""

    raw: bytes
    lines: Sequence[Line]
    # Whether each series may have several points.
    ranged: bool
    warnings: Sequence[str] = ()
    infos: Sequence[str] = ()


def answer_of(content: Mapping[str, Any], raw: bytes) -> Answer:
    """Read an envelope; raises QueryFailed for what is none."""
    try:
        kind, result = content["data"]["resultType"], content["data"]["result"]
        lines = _LINES[kind](result)
    except (KeyError, TypeError, ValueError):
        raise QueryFailed("the answer is not one of Prometheus' API") from None
    return Answer(
        raw=raw,
        lines=lines,
        ranged=kind == "matrix",
        warnings=content.get("warnings") or (),
        infos=content.get("infos") or (),
    )


def _single(result: Any) -> list[Line]:
    return [Line(labels={}, points=[_point(result)])]


def _vector(result: Any) -> list[Line]:
    return [
        Line(labels=one["metric"], points=[_point(one["value"] if "value" in one else one["histogram"])])
        for one in result
    ]


def _matrix(result: Any) -> list[Line]:
    return [
        Line(
            labels=one["metric"],
            points=sorted(map(_point, (*one.get("values", ()), *one.get("histograms", ())))),
        )
        for one in result
    ]


def _point(raw: Any) -> Point:
    seconds, value = raw
    return Point(float(seconds), value if isinstance(value, str) else _histogram(value))


_LINES = {"scalar": _single, "string": _single, "vector": _vector, "matrix": _matrix}

# How the rules of buckets are written, by their numbers: which of its two borders belong to a bucket.
_BORDERS = (("(", "]"), ("[", ")"), ("(", ")"), ("[", "]"))


def _histogram(value: Mapping[str, Any]) -> str:
    parts = [f"count:{value['count']}", f"sum:{value['sum']}"]
    for rule, low, high, count in value.get("buckets", ()):
        left, right = _BORDERS[rule]
        parts.append(f"{left}{low},{high}{right}:{count}")
    return f"{{{', '.join(parts)}}}"
