"""What several collectors made, as the families of one page; which of them are fit for it. Runs nothing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, get_args

from exporter.collectors.making import with_points
from exporter.families import Family, Kind, Pairs, Point
from exporter.gathering.collector import Collector, Outcome
from exporter.gathering.lanes import one_line

# A user's collector may show so many values: one that runs wild must not fill the page and the gateway.
MAX_POINTS: Final = 10_000
# And no text of it may be longer than this.
MAX_TEXT_LENGTH: Final = 4096

_METRIC_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL_NAME: Final = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
_KINDS: Final = frozenset(get_args(Kind))
_SUFFIXES: Final[Mapping[str, frozenset[str]]] = {
    "histogram": frozenset({"_bucket", "_sum", "_count"}),
    "summary": frozenset({"", "_sum", "_count"}),
}


def families_of(outcomes: Iterable[Outcome]) -> list[Family]:
    """All families by name, each name once; and how long each collector took, and whether it succeeded.

    Of two points with the same labels the first is shown.
    """
    settled = apart(outcomes)
    by_name: dict[str, list[Family]] = {}
    for family in [*_scraped(settled), *(family for outcome in settled for family in outcome.families)]:
        by_name.setdefault(family.name, []).append(family)
    return [_joined(by_name[name]) for name in sorted(by_name)]


def apart(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The outcomes without families whose name was before that of another kind; to have one is an error."""
    first: dict[str, tuple[str, str]] = {}
    settled = []
    for outcome in outcomes:
        good, bad = [], []
        for family in outcome.families:
            kind, owner = first.setdefault(family.name, (family.kind, outcome.collector))
            if kind == family.kind:
                good.append(family)
            else:
                bad.append(f"{family.name} is a {family.kind} here and a {kind} in {owner}")
        clashing = replace(outcome, families=good, error=outcome.error or one_line("; ".join(bad)))
        settled.append(clashing if bad else outcome)
    return settled


def _scraped(outcomes: Sequence[Outcome]) -> list[Family]:
    names = [(("collector", outcome.collector),) for outcome in outcomes]
    return [
        Family(
            name="node_scrape_collector_duration_seconds",
            kind="gauge",
            help="How long the collector took.",
            points=[Point(outcome.seconds, name) for outcome, name in zip(outcomes, names, strict=True)],
        ),
        Family(
            name="node_scrape_collector_success",
            kind="gauge",
            help="1 where the collector succeeded.",
            points=[
                Point(float(not outcome.error and not outcome.absent), name)
                for outcome, name in zip(outcomes, names, strict=True)
            ],
        ),
    ]


def _joined(families: Sequence[Family]) -> Family:
    if len(families) == 1:
        return families[0]
    points: dict[tuple[str, frozenset[tuple[str, str]]], Point] = {}
    for family in families:
        for point in family.points:
            points.setdefault((point.suffix, frozenset(point.labels)), point)
    return replace(families[0], points=tuple(points.values()))


def checked(families: Iterable[Family]) -> list[Family]:
    """Copies of a user's families, or ValueError or TypeError that says what is wrong with one."""
    seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
    good = []
    for family in families:
        if not isinstance(family, Family):
            raise TypeError(f"collect() gave a {type(family).__name__}, which is no metric")
        if family.kind not in _KINDS:
            raise ValueError(f"{family.name}: no type of metric: {family.kind}")
        _check_name(family.name, _METRIC_NAME, "metric")
        _check_text(family.help, f"the help of {family.name}")
        points = []
        for point in family.points:
            points.append(_checked_point(family, point))
            key = (family.name + points[-1].suffix, frozenset(points[-1].labels))
            if key in seen:
                raise ValueError(f"{key[0]}{dict(points[-1].labels)} is there twice")
            seen.add(key)
            if len(seen) > MAX_POINTS:
                raise ValueError(f"more than {MAX_POINTS} values")
        good.append(replace(family, points=tuple(points)))
    return good


def _checked_point(family: Family, point: Point) -> Point:
    value, labels, suffix = point
    if not isinstance(value, int | float):
        raise TypeError(f"{family.name} has a {type(value).__name__} for its value")
    if suffix not in _SUFFIXES.get(family.kind, ("",)):
        raise ValueError(f"{family.name}{suffix} does not belong to a {family.kind}")
    pairs: Pairs = tuple((name, text) for name, text in labels)
    for name, text in pairs:
        _check_name(name, _LABEL_NAME, "label")
        _check_text(text, f"the label {name} of {family.name}")
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError(f"{family.name} has a label twice")
    return Point(float(value), pairs, suffix)


def _check_name(name: object, form: re.Pattern[str], what: str) -> None:
    if not isinstance(name, str) or len(name) > MAX_TEXT_LENGTH or not form.fullmatch(name):
        raise ValueError(f"no name for a {what}: {str(name)[:100]!r}")


def _check_text(text: object, what: str) -> None:
    if not isinstance(text, str):
        raise TypeError(f"{what} is a {type(text).__name__}, not a text")
    if len(text) > MAX_TEXT_LENGTH:
        raise ValueError(f"{what} is longer than {MAX_TEXT_LENGTH} characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{what} cannot be encoded") from error


@dataclass(frozen=True, slots=True)
class Counts:
    """How often a collector ran, failed, and of these ran out of time."""

    runs: int = 0
    failures: int = 0
    timeouts: int = 0


def own_families(collectors: Sequence[Collector], counts: Mapping[str, Counts]) -> list[Family]:
    """What the agent shows about collectors of users, and about others that ever failed."""
    users = {each.name for each in collectors if each.source}
    told = [(name, each) for name, each in sorted(counts.items()) if each.failures or name in users]
    shown = with_points(
        Family(
            name=f"fleetgauge_agent_collector_{name}_total",
            kind="counter",
            help=text,
            points=[Point(float(getattr(each, name)), (("collector", of),)) for of, each in told],
        )
        for name, text in (
            ("runs", "How often the collector was to run."),
            ("failures", "How often it failed."),
            ("timeouts", "How often it failed because it took too long."),
        )
    )
    info = [
        Point(1.0, (("collector", each.name), ("version", each.version), ("source", each.source)))
        for each in collectors
        if each.source
    ]
    if info:
        text = "Collectors of users: their version, and where they come from."
        shown.append(Family(name="fleetgauge_agent_collector_info", kind="gauge", help=text, points=info))
    return shown
