"""How much memory a value takes. Knows no function and no operator."""

from promql.context import HISTOGRAM_BYTES, SERIES_BYTES
from promql.values import Value, Vector, Windows


def size_of(value: Value) -> int:
    """Return about how many bytes are held for a value."""
    if isinstance(value, Vector):
        objects = 0 if value.histograms is None else value.histograms.nbytes
        return len(value) * SERIES_BYTES + value.values.nbytes + value.present.nbytes + objects
    if isinstance(value, Windows):
        samples = value.columns.times.nbytes + value.columns.values.nbytes + value.sample_starts.nbytes
        places = value.first.nbytes + value.last.nbytes
        histograms = len(value.histograms) * HISTOGRAM_BYTES
        if histograms:
            places += value.histogram_first.nbytes + value.histogram_last.nbytes
        return len(value.labels) * SERIES_BYTES + samples + places + histograms
    return len(value) if isinstance(value, str) else value.nbytes
