"""Where the buckets of native histograms end: exponential ones by schema, custom ones by their list."""

import math
from typing import Final

import numpy as np

from timeseries.columns import Floats, Ints
from timeseries.histogram import MAX_SCHEMA

# Beyond, a bound is 0 or infinite in any case, and the exponent would not fit ldexp's int.
_MAX_EXPONENT: Final = 4096
# The exponent of infinity: the bucket that reaches it ends at the greatest float instead, so that every
# float has a bucket.
_TOP_EXPONENT: Final = 1024

# The square root of 2 as Prometheus' bounds have it: one rounding below the nearest float.
_ROOT: Final = 1.414213562373095


def _fractions(schema: int) -> Floats:
    """Return the bounds within one power of two: 2^(i/2^schema) / 2.

    They are products of roots of 2, the largest root first: so they are rounded as Prometheus' bounds are.
    """
    places = np.arange(1 << schema)
    found = np.full(len(places), 0.5)
    root = 2.0
    for depth in range(1, schema + 1):
        root = math.sqrt(root)
        found[places >> (schema - depth) & 1 == 1] *= _ROOT if depth == 1 else root
    return found


# For each schema from 0 on.
_FRACTIONS: Final = [_fractions(schema) for schema in range(MAX_SCHEMA + 1)]


def upper_bounds(indices: Ints, schema: int) -> Floats:
    """Return the upper bounds, as absolute values, of exponential buckets; the lower is that of index - 1."""
    if schema < 0:
        exponents = np.clip(indices, -_MAX_EXPONENT, _MAX_EXPONENT) << -schema
        fractions = np.ones(len(indices))
        top = exponents == _TOP_EXPONENT
    else:
        at = indices & ((1 << schema) - 1)
        fractions = _FRACTIONS[schema][at]
        exponents = (indices >> schema) + 1
        top = (exponents == _TOP_EXPONENT + 1) & (at == 0)
    with np.errstate(over="ignore", under="ignore"):
        bounds: Floats = np.ldexp(
            fractions, np.clip(exponents, -_MAX_EXPONENT, _MAX_EXPONENT).astype(np.int32)
        )
    bounds[top] = np.finfo(np.float64).max
    return bounds


def custom_upper_bounds(indices: Ints, bounds: tuple[float, ...]) -> Floats:
    """Return the upper bounds of custom buckets; index -1 stands for what lies below all, -Inf."""
    known = np.array((-np.inf, *bounds, np.inf))
    found: Floats = known[np.clip(indices + 1, 0, len(known) - 1)]
    return found


def common_bounds(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, ...]:
    """Return the custom bounds that both lists have."""
    shared = set(other)
    return tuple(bound for bound in one if bound in shared)


def custom_targets(indices: Ints, bounds: tuple[float, ...], coarser: tuple[float, ...]) -> Ints:
    """Return the index of each custom bucket after all bounds but the coarser ones were taken away."""
    targets: Ints = np.searchsorted(np.array(coarser), custom_upper_bounds(indices, bounds))
    return targets
