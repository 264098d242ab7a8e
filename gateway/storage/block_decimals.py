"""Values as whole numbers: those that were once written with a few decimals, and what sets them right.

Knows nothing of blocks. A float that is the nearest to u / 10^k is stored as u. Where a program multiplied or
summed up decimals, the float lies a few units in the last place beside: that distance is stored too. The few
floats of a row that are nothing of the kind (NaN, infinities, -0.0) are listed as they are; a row of many
keeps its bits.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from timeseries.columns import Bools, Floats, Ints, offsets_of

# The exponent of a row that keeps its bits.
RAW: Final = -1
# Powers of ten up to here are exact in a float, and 15 digits always survive one.
_MAX_EXPONENT: Final = 15
_POWERS: Final = 10.0 ** np.arange(_MAX_EXPONENT + 1)
# Whole numbers below are exact in a float.
_EXACT: Final = 2.0**53
# Sums of decimals are off by few units in the last place. Where numbers nearly fill a float it is no gain to
# allow for that: every float is near some decimal of so many digits.
_MAX_DISTANCE: Final = 127
_ROUGH: Final = 2.0**43
# Values of a row that its exponent is guessed from.
_PROBES: Final = 8
# A row has at most one listed value, and one for each so many.
_LISTED_EVERY: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scaled:
    """Rows as whole numbers. `listed` are positions whose values are to be kept aside."""

    exponents: Ints
    numbers: Ints
    distances: Ints
    listed: Ints


def scale(values: Floats, offsets: Ints) -> Scaled:
    """Return each row as whole numbers of the fewest decimals."""
    lengths = np.diff(offsets)
    exponents = _guess(values, offsets[:-1], lengths)
    numbers = values.view(np.int64).copy()
    distances = np.zeros(len(values), np.int64)
    listed = np.zeros(len(values), np.bool_)
    pending = np.flatnonzero(exponents != RAW)
    while len(pending):
        sizes = lengths[pending]
        starts = offsets_of(sizes)
        index = np.arange(starts[-1]) + np.repeat(offsets[pending] - starts[:-1], sizes)
        nearest, beside, fits = _round(values[index], np.repeat(exponents[pending], sizes))
        misfits = np.add.reduceat(~fits, starts[:-1], dtype=np.int64)
        good = misfits <= 1 + sizes // _LISTED_EVERY
        taken = np.repeat(good, sizes)
        numbers[index[taken]] = nearest[taken]
        distances[index[taken]] = beside[taken]
        listed[index[taken & ~fits]] = True
        pending = pending[~good]
        exponents[pending] += 1
        exponents[pending[exponents[pending] > _MAX_EXPONENT]] = RAW
        pending = pending[exponents[pending] != RAW]
    if listed.any():
        numbers = _fill(numbers, listed)
    return Scaled(exponents=exponents, numbers=numbers, distances=distances, listed=np.flatnonzero(listed))


def unscale(numbers: Ints, exponents: Ints, lengths: Ints) -> Floats:
    """Return the floats nearest to the decimals, and the bits of rows that keep them."""
    values = numbers.astype(np.float64)
    raw = exponents == RAW
    decimals = np.where(raw, 0, exponents)
    if decimals.any():
        values /= np.repeat(_POWERS[decimals], lengths)
    if raw.any():
        np.copyto(values.view(np.int64), numbers, where=np.repeat(raw, lengths))
    return values


def _guess(values: Floats, starts: Ints, lengths: Ints) -> Ints:
    """Return the exponent that some values of each row need; RAW where most fit none."""
    filled = np.flatnonzero(lengths)
    probed = values[starts[filled, None] + np.arange(_PROBES) * lengths[filled, None] // _PROBES]
    needed = np.full(probed.shape, RAW)
    rows, columns = np.nonzero(np.isfinite(probed))
    for exponent in range(_MAX_EXPONENT + 1):
        _, _, fits = _round(probed[rows, columns], np.full(len(rows), exponent))
        needed[rows[fits], columns[fits]] = exponent
        rows, columns = rows[~fits], columns[~fits]
        if not len(rows):
            break
    exponents = np.full(len(lengths), RAW)
    hopeless = (needed == RAW).sum(axis=1) > _PROBES // 2
    exponents[filled] = np.where(hopeless, RAW, needed.max(axis=1))
    return exponents


def _round(values: Floats, exponents: Ints) -> tuple[Ints, Ints, Bools]:
    """Return the whole numbers, how far the floats lie beside, and where that will do; 0 where it won't."""
    powers = _POWERS[exponents]
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.rint(values * powers)
        scaled[~(np.abs(scaled) < _EXACT)] = 0
    numbers = scaled.astype(np.int64)
    distances = values.view(np.int64) - (numbers / powers).view(np.int64)
    reach = np.where(np.abs(numbers) < _ROUGH, _MAX_DISTANCE, 0)
    fits = (-reach <= distances) & (distances <= reach)
    numbers[~fits] = 0
    distances[~fits] = 0
    return numbers, distances, fits


def _fill(numbers: Ints, listed: Bools) -> Ints:
    """Let listed places repeat the number before them, so that they take no step."""
    return numbers[np.maximum.accumulate(np.where(listed, 0, np.arange(len(numbers))))]
