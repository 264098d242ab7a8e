"""Histograms as the HTTP API writes them, all numbers as strings. Knows no JSON library."""

from typing import Final

from promql.gofloat import general, plain
from promql.histograms.model import Bucket, FloatHistogram

JsonBucket = tuple[int, str, str, str]
# Beyond these the API writes an exponent.
_SMALL: Final = 1e-6
_LARGE: Final = 1e21


def json_of(histogram: FloatHistogram) -> dict[str, str | list[JsonBucket]]:
    """Return count, sum and, where there are any, the buckets that are not empty.

    The number before a bucket tells its boundary rule: 0 open left, 1 open right, 2 open both, 3 closed both.
    """
    told: dict[str, str | list[JsonBucket]] = {
        "count": api_number(histogram.count),
        "sum": api_number(histogram.sum),
    }
    if buckets := histogram.buckets():
        told["buckets"] = [_bucket(bucket) for bucket in buckets]
    return told


def api_number(value: float) -> str:
    """Write a number as answers have it: all digits, an exponent only where that would be too long."""
    return plain(value) if value == 0 or not _needs_exponent(value) else general(value)


def _needs_exponent(value: float) -> bool:
    return not _SMALL <= abs(value) < _LARGE


def _bucket(bucket: Bucket) -> JsonBucket:
    rules = {(False, True): 0, (True, False): 1, (False, False): 2, (True, True): 3}
    rule = rules[bucket.lower_inclusive, bucket.upper_inclusive]
    return rule, api_number(bucket.lower), api_number(bucket.upper), api_number(bucket.population)
