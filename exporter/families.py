"""Metric families as collectors make them, before anyone writes them down. Knows no format and no reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["counter", "gauge", "untyped", "histogram", "summary", "info"]
Pairs = tuple[tuple[str, str], ...]


class Point(NamedTuple):
    """One value. `suffix` is what stands after the family's name: `_bucket`, `_sum`; usually nothing."""

    value: float
    labels: Pairs = ()
    suffix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What a page shows under one name. The name is as the originals have it: no `_total` is added."""

    name: str
    kind: Kind
    help: str
    points: Sequence[Point]
