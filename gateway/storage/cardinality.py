"""What makes many series: counts by metric, by label and by pair. Knows no samples."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.storage.pairs import PAIR_BYTES, Pair, PairTable
from gateway.storage.postings import Segment
from timeseries.columns import Ints
from timeseries.labels import METRIC_NAME

# A series' pair is a number of 32 bits in the series, and the series one of 16 bits in the pair's postings.
_USE_BYTES: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Cardinality:
    """The top of each list, the largest first; `label_bytes` are rough."""

    series: int
    label_names: int
    label_pairs: int
    series_by_metric: Sequence[tuple[str, int]]
    series_by_pair: Sequence[tuple[Pair, int]]
    values_by_name: Sequence[tuple[str, int]]
    label_bytes: Sequence[tuple[str, int]]


def cardinality(segments: Iterable[Segment], table: PairTable, limit: int) -> Cardinality:
    """Count what is there, and return the `limit` largest of each kind."""
    name_of = table.name_of
    pairs = table.pairs
    names = len(table.names)
    series, uses = 0, np.zeros(len(name_of), np.int64)
    for segment in segments:
        series += len(segment)
        uses[segment.pairs] += np.diff(segment.bounds)
    values = np.bincount(name_of, minlength=names)
    text = np.fromiter((len(pairs[at][1]) for at in range(len(name_of))), np.int64, len(name_of))
    sizes = np.bincount(name_of, weights=text + PAIR_BYTES + uses * _USE_BYTES, minlength=names)
    metrics = np.flatnonzero(name_of == table.name_number(METRIC_NAME))
    return Cardinality(
        series=series,
        label_names=names,
        label_pairs=len(name_of),
        series_by_metric=[(pairs[metrics[at]][1], count) for at, count in largest(uses[metrics], limit)],
        series_by_pair=[(pairs[at], count) for at, count in largest(uses, limit)],
        values_by_name=[(table.names[at], count) for at, count in largest(values, limit)],
        label_bytes=[(table.names[at], count) for at, count in largest(sizes.astype(np.int64), limit)],
    )


def largest(counts: Ints, limit: int) -> list[tuple[int, int]]:
    """Return places and counts of the largest, of equal ones the first to come."""
    order = np.argsort(-counts, kind="stable")[:limit]
    return list(zip(order.tolist(), counts[order].tolist(), strict=True))
