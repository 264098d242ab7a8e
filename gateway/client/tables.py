"""Answers as aligned columns and as CSV."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.client.answers import Answer
from gateway.client.times import written
from timeseries.labels import METRIC_NAME

_PLAIN_CELL: Final = re.compile(r'[^",\r\n]*')


def table(answer: Answer) -> str:
    """Write columns that line up: a row for each point, the times only where there may be several."""
    header, *rows = ([visible(cell) for cell in row] for row in _rows(answer, times=answer.ranged))
    widths = [max(map(_width, column)) for column in zip(header, *rows, strict=True)]
    return "".join(_aligned(row, widths) for row in (header, *rows))


def comma_separated(answer: Answer) -> str:
    """Write CSV with a header: the time, the labels, the value."""
    return "".join(f"{','.join(map(_cell, row))}\n" for row in _rows(answer, times=True))


def visible(text: str) -> str:
    """Return text that can't steer a terminal: what is not printable is escaped."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _rows(answer: Answer, *, times: bool) -> Iterator[Sequence[str]]:
    names = sorted({name for line in answer.lines for name in line.labels}, key=_metric_first)
    yield (*(["time"] if times else []), *names, "value")
    for line in answer.lines:
        own = [line.labels.get(name, "") for name in names]
        for point in line.points:
            yield (*([written(point.seconds)] if times else []), *own, point.value)


def _cell(text: str) -> str:
    """Quote what RFC 4180 wants quoted; the csv module forgets a lone carriage return."""
    return text if _PLAIN_CELL.fullmatch(text) else '"' + text.replace('"', '""') + '"'


def _metric_first(name: str) -> tuple[bool, str]:
    return name != METRIC_NAME, name


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    *cells, value = row
    *lefts, right = widths
    padded = [cell + " " * (width - _width(cell)) for cell, width in zip(cells, lefts, strict=True)]
    return "  ".join([*padded, " " * (right - _width(value)) + value]) + "\n"


def _width(text: str) -> int:
    """Count the places that a text takes on a terminal: East Asian characters take two, accents none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
