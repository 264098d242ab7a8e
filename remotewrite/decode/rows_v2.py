"""The usual shape of a 2.0 series (label references, one sample, metadata), read for all of a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from remotewrite.decode.matrix import Buffer, SampleRows, read_field, read_samples
from timeseries.columns import Bools, Ints, offsets_of

_TAG_REFS: Final = 0x0A
_TAG_SAMPLES: Final = 0x12
_TAG_METADATA: Final = 0x2A
_TAG_TYPE: Final = 0x08
_TAG_HELP: Final = 0x18
_TAG_UNIT: Final = 0x20
_HEAD: Final = 2

_STOP: Final = 0x80
# Bytes of a label reference, and a type for its value; three bytes are more than limits.MAX_SYMBOLS.
_WIDTHS: Final = ((1, np.uint8), (2, np.uint16), (3, np.uint32))
_MAX_TYPE: Final = 15

References = NDArray[np.unsignedinteger]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlainRows:
    """The series of the usual shape; every reference in them is below the number of symbols."""

    positions: Ints
    references: References
    offsets: Ints
    samples: SampleRows
    # Where their values stand.
    values_at: Ints
    kinds: Ints
    helps: Ints
    units: Ints

    def row(self, index: int) -> Sequence[int]:
        """Return the label references of one series."""
        references: list[int] = self.references[self.offsets[index] : self.offsets[index + 1]].tolist()
        return references


def read_rows(buffer: Buffer, symbols: int) -> PlainRows:
    """Read the series of the usual shape; all others are left out."""
    fits, refs_at, size = _submessage(buffer, _TAG_REFS, buffer.starts, buffer.ends)
    refs_end = refs_at + size
    # A reference that is cut off would run into the next series.
    fits &= (size > 0) & (buffer.octets[np.where(fits, refs_end - 1, 0)] < _STOP)
    has_sample, sample_at, size = _submessage(buffer, _TAG_SAMPLES, refs_end, buffer.ends)
    fits &= has_sample
    samples = read_samples(buffer, sample_at, size)
    fits &= samples.ok
    end = sample_at + size
    has_metadata, metadata_at, size = _submessage(buffer, _TAG_METADATA, end, buffer.ends)
    end = np.where(has_metadata, metadata_at + size, end)
    kinds, cursor = read_field(buffer, _TAG_TYPE, np.where(has_metadata, metadata_at, end), end)
    helps, cursor = read_field(buffer, _TAG_HELP, cursor, end)
    units, cursor = read_field(buffer, _TAG_UNIT, cursor, end)
    fits &= (cursor == end) & (end == buffer.ends)
    fits &= (kinds <= _MAX_TYPE) & (helps < symbols) & (units < symbols)
    positions = np.flatnonzero(fits)
    references, counts = _references(buffer, refs_at[positions], refs_end[positions], symbols)
    good = _good_rows(references, counts, symbols)
    kept = positions[good]
    return PlainRows(
        positions=kept,
        references=references if good.all() else references[np.repeat(good, counts)],
        offsets=offsets_of(counts[good]),
        samples=samples.take(kept),
        values_at=sample_at[kept] + 1,
        kinds=kinds[kept],
        helps=helps[kept],
        units=units[kept],
    )


def _submessage(buffer: Buffer, tag: int, cursor: Ints, ends: Ints) -> tuple[Bools, Ints, Ints]:
    """Tell where a message of under 128 bytes stands at the cursor, where it begins, and its size."""
    fits = cursor + _HEAD <= ends
    at = np.where(fits, cursor, 0)
    size = buffer.octets[at + 1].astype(np.int64)
    fits &= (buffer.octets[at] == tag) & (size < _STOP) & (cursor + _HEAD + size <= ends)
    return fits, np.where(fits, cursor + _HEAD, 0), np.where(fits, size, 0)


def _references(buffer: Buffer, at: Ints, end: Ints, symbols: int) -> tuple[References, Ints]:
    """Return the label references of all rows, end to end, and how many each row has.

    A reference that is longer than the table needs becomes one that is not in the table. The arrays are as
    narrow as can be: that is what the speed depends on.
    """
    pieces = [buffer.raw[low:high] for low, high in zip(at.tolist(), end.tolist(), strict=True)]
    octets = np.frombuffer(b"".join(pieces), np.uint8)
    more = octets >= _STOP
    low = octets & np.uint8(_STOP - 1)
    width, kind = next(row for row in _WIDTHS if symbols <= 1 << 7 * row[0])
    values = low.astype(kind)
    run = more
    for byte in range(1, width):
        next_bits = np.multiply(low[byte:], run[: len(low) - byte], dtype=kind) << kind(7 * byte)
        values[:-byte] = values[:-byte] | next_bits
        run = run[:-1] & more[byte:]
    values[: len(run)][run] = np.iinfo(kind).max
    first = np.concatenate([np.ones(1, np.bool_), ~more[:-1]])[: len(more)]
    counts = np.add.reduceat(~more, offsets_of(end - at)[:-1], dtype=np.int64) if len(more) else end - at
    return values[first], counts


def _good_rows(references: References, counts: Ints, symbols: int) -> Bools:
    """Tell which rows have pairs of references, all of them in the table."""
    good: Bools = counts % 2 == 0
    bad = np.flatnonzero(references >= symbols)
    good[np.searchsorted(np.cumsum(counts), bad, side="right")] = False
    return good
