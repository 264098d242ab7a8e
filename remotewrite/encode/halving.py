"""A 2.0 request of our own as two, for receivers to which it is too large. Knows no receiver."""

from collections.abc import Sequence
from typing import Final

from remotewrite.encode.downgrade import fields_of

_SYMBOL: Final = 4
_SERIES: Final = 5
_SAMPLE: Final = 2
_HISTOGRAM: Final = 3


def halves_of_v2(request: bytes) -> Sequence[tuple[bytes, int]]:
    """Return two requests and the samples in each, nothing for a single series; raises MalformedRequest.

    Both keep the whole symbol table: references stay as they are.
    """
    symbols: list[bytes] = []
    series: list[tuple[bytes, int]] = []
    for field, start, value, end in fields_of(request):
        if field == _SYMBOL:
            symbols.append(request[start:end])
        elif field == _SERIES:
            series.append((request[start:end], _points(request[value:end])))
    if len(series) < 2:
        return []
    middle = len(series) // 2
    return [
        (b"".join((*symbols, *(body for body, _ in half))), sum(points for _, points in half))
        for half in (series[:middle], series[middle:])
    ]


def _points(series: bytes) -> int:
    return sum(field in (_SAMPLE, _HISTOGRAM) for field, *_ in fields_of(series))
