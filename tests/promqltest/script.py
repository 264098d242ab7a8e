"""The commands of a script: load, clear, eval and what is expected of it. Runs nothing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from promql.errors import ParseError
from promql.language.lexer import unquote
from promql.language.parser import parse_selector
from tests.promqltest.errors import ScriptError
from tests.promqltest.points import Point, parse_duration, parse_number, parse_points, parse_starts
from tests.promqltest.samples import Sample, custom_histograms
from timeseries.errors import InvalidLabels, InvalidMatcher
from timeseries.labels import Labels
from timeseries.matcher import MatchType

_LOAD: Final = re.compile(r"load(_with_nhcb)?\s+(\S+)$")
_INSTANT: Final = re.compile(r"eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(\S+)\s+)?(.+)$")
_RANGE: Final = re.compile(
    r"eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$"
)
_EXPECT: Final = re.compile(r"expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$")
_EXPECT_RANGE: Final = re.compile(r"expect range vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$")
_LEGACY_FAIL: Final = re.compile(r"expected_fail_(message|regexp)\s+(.+)$")
# Up to where the labels of a series go: a name, and braces whose quoted texts may hold braces.
_SERIES: Final = re.compile(
    r"""(?P<labels>[^\s{]*(?:\s*\{(?!\{)(?:[^"'`}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\})?)"""
    r"(?P<start>@st)?(?=\s|$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Adds samples."""

    line: int
    series: dict[Labels, list[Sample]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear:
    """Forgets all samples."""

    line: int


class Message(NamedTuple):
    """An error or annotation that must be there: the whole text, or a pattern within it."""

    text: str
    pattern: bool

    def fits(self, told: str) -> bool:
        """Tell whether a message is meant."""
        return re.search(self.text, told) is not None if self.pattern else told == self.text


ANY: Final = Message("", pattern=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """One time, or some: start, start + step and so on; all in ms."""

    start_ms: int
    end_ms: int
    step_ms: int


@dataclass(slots=True, kw_only=True)
class Expected:
    """What is expected of an evaluation. `series` keeps the order of the script."""

    fail: list[Message] = field(default_factory=list)
    warn: list[Message] = field(default_factory=list)
    info: list[Message] = field(default_factory=list)
    no_warn: bool = False
    no_info: bool = False
    ordered: bool = False
    scalar: float | None = None
    string: str | None = None
    # When a query at one time comes to a range vector: the times of its points.
    window: Times | None = None
    series: dict[Labels, list[Point]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Eval:
    """Asks a query, at one time or, when `instant` is false, at some."""

    line: int
    query: str
    instant: bool
    times: Times
    expected: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A block that the language does not have, and why: it counts as failed, and the others still run."""

    line: int
    text: str
    problem: str


Command = Load | Clear | Eval | Broken


def parse_script(text: str) -> list[Command]:
    """Read a script."""
    lines = [line.strip() for line in text.split("\n")]
    lines = ["" if line.startswith("#") else line for line in lines]
    commands: list[Command] = []
    at = 0
    while at < len(lines):
        if not lines[at]:
            at += 1
            continue
        first = at
        word = lines[at].split(maxsplit=1)[0].lower()
        at += 1
        if word == "clear":
            commands.append(Clear(line=first + 1))
            continue
        while at < len(lines) and lines[at]:
            at += 1
        try:
            commands.append(_command(word, first + 1, lines[first], lines[first + 1 : at]))
        except (ScriptError, InvalidLabels, InvalidMatcher, ParseError, ValueError, re.error) as error:
            commands.append(Broken(line=first + 1, text=lines[first], problem=str(error)))
    return commands


def _command(word: str, line: int, head: str, body: Sequence[str]) -> Command:
    if word.startswith("load"):
        return _load(line, head, body)
    if word.startswith("eval"):
        return _eval(line, head, body)
    raise ScriptError(f"there is no command {word}")


def parse_series(text: str) -> tuple[Labels, bool, str]:
    """Read the series at the beginning of a line; returns it, whether @st follows, and the rest."""
    found = _SERIES.match(text)
    if found is None:
        raise ScriptError(f"this is no series: {text}")
    written = found["labels"]
    start = found["start"] is not None
    if written.endswith("@st"):
        written, start = written.removesuffix("@st"), True
    if re.fullmatch(r"\{\s*\}", written):
        return Labels(), start, text[found.end() :]
    matchers = parse_selector(written)
    if any(matcher.type is not MatchType.EQUAL for matcher in matchers):
        raise ScriptError(f"this is no series: {written}")
    return Labels((one.name, one.value) for one in matchers), start, text[found.end() :]


def _load(line: int, head: str, body: Sequence[str]) -> Load:
    found = _LOAD.match(head)
    if found is None:
        raise ScriptError(f"this is no load: {head}")
    step = parse_duration(found[2])
    series: dict[Labels, list[Sample]] = {}
    starts: dict[Labels, list[int | None]] = {}
    for text in body:
        labels, start, points = parse_series(text)
        if start:
            starts[labels] = parse_starts(points)
        else:
            series[labels] = list(_samples(parse_points(points), starts.pop(labels, None), step))
    if starts:
        raise ScriptError(f"start times without samples: {', '.join(map(str, starts))}")
    if found[1] is not None:
        series.update(custom_histograms(series))
    return Load(line=line, series=series)


def _samples(points: Sequence[Point], starts: Sequence[int | None] | None, step: int) -> Iterator[Sample]:
    if starts is not None and len(starts) != len(points):
        raise ScriptError(f"{len(starts)} start times for {len(points)} samples")
    for at, point in enumerate(points):
        before = starts[at] if starts is not None else None
        if point is not None:
            yield Sample(at * step, point, 0 if before is None else at * step + before)


def _eval(line: int, head: str, body: Sequence[str]) -> Eval:
    expected = Expected()
    if found := _RANGE.match(head):
        kind, query = found[1], found[5]
        times = Times(
            start_ms=parse_duration(found[2]),
            end_ms=parse_duration(found[3]),
            step_ms=parse_duration(found[4]),
        )
    elif found := _INSTANT.match(head):
        kind, query = found[1], found[3]
        time = parse_duration(found[2] or "0")
        times = Times(start_ms=time, end_ms=time, step_ms=1)
    else:
        raise ScriptError(f"this is no eval: {head}")
    if kind is not None:
        _expect(expected, kind, ANY)
    instant = found.re is _INSTANT
    for text in body:
        _read_expectation(expected, text, instant)
    return Eval(line=line, query=query, instant=instant, times=times, expected=expected)


def _read_expectation(expected: Expected, text: str, instant: bool) -> None:
    if found := _LEGACY_FAIL.match(text):
        expected.fail = [_message(found[2], found[1] == "regexp")]
    elif found := _EXPECT_RANGE.match(text):
        start, end, step = (parse_duration(piece) for piece in found.groups())
        expected.window = Times(start_ms=start, end_ms=end, step_ms=step)
    elif text.startswith("expect string"):
        expected.string = unquote(text.removeprefix("expect string").strip())
    elif found := _EXPECT.match(text):
        _expect(expected, found[1], _message(found[3], found[2] == "regex") if found[2] else ANY)
    elif re.match(r"expect\s", text):
        raise ScriptError(f"there is no such expectation: {text}")
    elif (number := parse_number(text)) is not None:
        expected.scalar = number
    else:
        labels, _, rest = parse_series(text)
        points = parse_points(rest)
        if instant and expected.window is None and len(points) != 1:
            raise ScriptError(f"one point is expected at one time: {text}")
        expected.series[labels] = points


def _message(text: str, pattern: bool) -> Message:
    if pattern:
        re.compile(text)
    return Message(text.strip(), pattern)


def _expect(expected: Expected, kind: str, message: Message) -> None:
    match kind:
        case "fail":
            expected.fail.append(message)
        case "warn":
            expected.warn.append(message)
        case "info":
            expected.info.append(message)
        case _:
            setattr(expected, kind, True)
