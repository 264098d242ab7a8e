"""A request as two, for receivers to which it is too large. Knows no receiver."""

from collections.abc import Sequence
from typing import Final

from remotewrite.encode.downgrade import fields_of

_SYMBOL: Final = 4
_SERIES: Final = 5
_POINTS: Final = (2, 3)

_SERIES_V1: Final = 1
_POINTS_V1: Final = (2, 4)


def halves_of_v2(request: bytes) -> Sequence[tuple[bytes, int]]:
    """Return two requests and the samples in each, nothing for a single series; raises MalformedRequest.

    Both keep the whole symbol table: references stay as they are.
    """
    return _halves(request, _SYMBOL, _SERIES, _POINTS)


def halves_of_v1(request: bytes) -> Sequence[tuple[bytes, int]]:
    """Do the same with a request of 1.0, whose metadata is left out; raises MalformedRequest."""
    return _halves(request, 0, _SERIES_V1, _POINTS_V1)


def _halves(request: bytes, shared: int, wanted: int, points: tuple[int, ...]) -> Sequence[tuple[bytes, int]]:
    both: list[bytes] = []
    series: list[tuple[bytes, int]] = []
    for field, start, value, end in fields_of(request):
        if field == shared:
            both.append(request[start:end])
        elif field == wanted:
            counted = sum(each in points for each, *_ in fields_of(request[value:end]))
            series.append((request[start:end], counted))
    if len(series) < 2:
        return []
    middle = len(series) // 2
    return [
        (b"".join((*both, *(body for body, _ in half))), sum(counted for _, counted in half))
        for half in (series[:middle], series[middle:])
    ]
