"""Answers over time as a chart of Braille dots: two across and four down in each character."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from string import ascii_uppercase
from typing import Final

from gateway.client.answers import Answer, Line
from gateway.client.tables import visible
from gateway.client.times import stamp
from timeseries.labels import Labels

ROWS: Final = 16
MIN_COLUMNS: Final = 20
MAX_LINES: Final = len(ascii_uppercase)
"""A letter marks the end of each; more could not be told apart."""

_BRAILLE: Final = 0x2800
# The bits of a character's dots, by row and column.
_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_COLOURS: Final = (32, 36, 33, 35, 34, 31, 92, 96, 93, 95, 94, 91)
# Above this the distance between two values may be too large for a float.
_LARGEST: Final = 1e300
_TICKS: Final = 4
_DAY_SECONDS: Final = 86_400
# Two points are neighbours up to so many steps apart: rounding must not tear a line.
_GAP_STEPS: Final = 1.5

Dot = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a chart is about."""

    start_s: float
    end_s: float
    step_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A series with what of it can be drawn, and its letter."""

    mark: str
    line: Line
    dots: Sequence[Dot]


@dataclass(slots=True, kw_only=True)
class _Canvas:
    """Characters, and which series each belongs to."""

    columns: int
    bits: dict[tuple[int, int], int] = field(default_factory=dict)
    marks: dict[tuple[int, int], str] = field(default_factory=dict)
    owners: dict[tuple[int, int], int] = field(default_factory=dict)

    def dot(self, across: int, down: int, owner: int) -> None:
        cell = down // 4, across // 2
        self.bits[cell] = self.bits.get(cell, 0) | _DOTS[down % 4][across % 2]
        self.owners[cell] = owner

    def mark(self, across: int, down: int, letter: str, owner: int) -> None:
        """Put a letter into the first free place up from where a line ends, else there."""
        column = across // 2
        rows = [down // 4, *range(down // 4 - 1, -1, -1), *range(down // 4 + 1, ROWS)]
        row = next((row for row in rows if (row, column) not in self.marks), down // 4)
        self.marks[row, column] = letter
        self.owners[row, column] = owner

    def row(self, row: int, *, colour: bool) -> str:
        return "".join(self._cell((row, column), colour=colour) for column in range(self.columns)).rstrip()

    def _cell(self, cell: tuple[int, int], *, colour: bool) -> str:
        char = self.marks.get(cell) or (chr(_BRAILLE + self.bits[cell]) if cell in self.bits else " ")
        return _painted(char, self.owners[cell]) if colour and cell in self.owners else char


def chart(answer: Answer, span: Span, *, width: int, colour: bool) -> str:
    """Draw an answer over a range, as wide as told; empty when there is nothing that can be drawn."""
    drawn = [
        _Drawn(mark=mark, line=line, dots=dots)
        for mark, line in zip(ascii_uppercase, answer.lines, strict=False)
        if (dots := _dots(line))
    ]
    if not drawn:
        return ""
    low, high, ticks = _scale([value for one in drawn for _, value in one.dots])
    margin = max(map(len, ticks.values()))
    columns = max(width - margin - 2, MIN_COLUMNS)
    canvas = _Canvas(columns=columns)
    for owner, one in enumerate(drawn):
        places = [
            (
                round((at - span.start_s) / max(span.end_s - span.start_s, span.step_s) * (2 * columns - 1)),
                round((high - value) / (high - low) * (4 * ROWS - 1)),
            )
            for at, value in one.dots
        ]
        torn = [after[0] - before[0] > _GAP_STEPS * span.step_s for before, after in pairwise(one.dots)]
        for across, down in _path(places, torn):
            canvas.dot(across, down, owner)
        if len(answer.lines) > 1:
            canvas.mark(*places[-1], one.mark, owner)
    body = [
        f"{ticks.get(row, ''):>{margin}} {'┤' if row in ticks else '│'}{canvas.row(row, colour=colour)}"
        for row in range(ROWS)
    ]
    feet = [f"{'':>{margin}} └{'─' * columns}", f"{'':>{margin}}  {_times(span, columns)}"]
    return "\n".join([*body, *feet, "", *_legend(drawn, len(answer.lines), colour=colour)]) + "\n"


def _dots(line: Line) -> list[Dot]:
    found: list[Dot] = []
    for point in line.points:
        try:
            value = float(point.value)
        except ValueError:  # a histogram
            continue
        if abs(value) <= _LARGEST:
            found.append((point.seconds, value))
    return found


def _scale(values: Sequence[float]) -> tuple[float, float, dict[int, str]]:
    """Return the lowest and the highest value of the axis, and the labels of some rows."""
    low, high = min(values), max(values)
    if high - low <= abs(high) * 1e-12:
        room = abs(high) / 10 or 1.0
        low, high = low - room, high + room
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.floor(low / step), math.ceil(high / step)
    low, high = first * step, last * step
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    ticks = {
        round((last - number) / (last - first) * (ROWS - 1)): _tick(number * step, decimals)
        for number in range(first, last + 1)
    }
    return low, high, ticks


def _tick(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if decimals <= 6 and abs(value) < 1e9 else f"{value:.6g}"


def _path(places: Sequence[tuple[int, int]], torn: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Give all dots of a line through places, without those where it is torn."""
    yield places[0]
    for ((across, down), (to_across, to_down)), gap in zip(pairwise(places), torn, strict=True):
        length = max(abs(to_across - across), abs(to_down - down))
        for at in range(length if gap else 1, length + 1):
            part = at / max(length, 1)
            yield round(across + (to_across - across) * part), round(down + (to_down - down) * part)


def _times(span: Span, columns: int) -> str:
    form = "%H:%M:%S" if span.end_s - span.start_s < _DAY_SECONDS else "%m-%d %H:%M"
    left = stamp(span.start_s).strftime("%Y-%m-%d %H:%M:%S")
    middle = stamp((span.start_s + span.end_s) / 2).strftime(form)
    right = stamp(span.end_s).strftime(form) + " UTC"
    before = (columns - len(middle)) // 2
    after = columns - before - len(middle)
    if before <= len(left) or after <= len(right):
        return f"{left}{right:>{max(columns - len(left), len(right) + 1)}}"
    return f"{left:<{before}}{middle}{right:>{after}}"


def _legend(drawn: Sequence[_Drawn], lines: int, *, colour: bool) -> Iterator[str]:
    for owner, one in enumerate(drawn):
        values = [value for _, value in one.dots]
        told = f"min {min(values):.6g}  max {max(values):.6g}  last {values[-1]:.6g}"
        mark = one.mark if lines > 1 else "⣀"
        yield f"{_painted(mark, owner) if colour else mark} {_name(one.line)}  {told}"
    if lines > MAX_LINES:
        yield f"… and {lines - MAX_LINES} more series. Show fewer, with topk(10, …) for example."


def _name(line: Line) -> str:
    return visible(str(Labels(line.labels)))


def _painted(text: str, owner: int) -> str:
    return f"\x1b[{_COLOURS[owner % len(_COLOURS)]}m{text}\x1b[0m"
