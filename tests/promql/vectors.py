"""Vectors for tests: from rows of numbers and None, as dicts for each step, and drawn ones."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st

from promql.context import Context
from promql.histograms.model import FloatHistogram
from promql.language.ast import NumberLiteral, Span
from promql.source import Reading, Selected, unlimited
from promql.values import Steps, Value, Vector
from timeseries.columns import Columns
from timeseries.labels import Labels
from timeseries.matcher import Matcher

Sample = float | FloatHistogram
AtStep = dict[Labels, Sample]
T = TypeVar("T")

SPAN = Span(0, 1)
NUMBER = NumberLiteral(span=SPAN, value=0.0)
STEPS = 4


class NoSource:
    """A place without series."""

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, _reading: Reading = unlimited
    ) -> Selected:
        """Return nothing."""
        assert matchers
        assert start_ms <= end_ms
        return Selected(labels=[], columns=Columns.from_rows([]), starts=np.empty(0, np.int64), histograms={})


def context(steps: int = STEPS, start_ms: int = 0, step_ms: int = 60_000) -> Context:
    """Return a context for some steps."""
    times = Steps(start_ms=start_ms, end_ms=start_ms + (steps - 1) * step_ms, step_ms=step_ms)
    return Context(steps=times, source=NoSource(), query_start_ms=start_ms, query_end_ms=times.end_ms)


def vector(rows: Mapping[Labels, Sequence[Sample | None]], steps: int = STEPS) -> Vector:
    """Make a vector of rows of floats, histograms and None."""
    values = np.full((len(rows), steps), -777.0)
    present = np.zeros((len(rows), steps), np.bool_)
    histograms = np.full((len(rows), steps), None, dtype=np.object_)
    for row, samples in enumerate(rows.values()):
        for step, sample in enumerate(samples):
            present[row, step] = sample is not None
            if isinstance(sample, FloatHistogram):
                histograms[row, step] = sample
            elif sample is not None:
                values[row, step] = sample
    found = any(sample is not None for sample in histograms.ravel())
    return Vector(
        labels=list(rows),
        values=values,
        present=present,
        drop_name=np.zeros(len(rows), np.bool_),
        histograms=histograms if found else None,
    )


def samples_at(value: Value, step: int) -> AtStep:
    """Return the samples of a vector at one step, whose labels must differ."""
    assert isinstance(value, Vector)
    found: AtStep = {}
    for row, labels in enumerate(value.labels):
        if value.present[row, step]:
            assert labels not in found
            histogram = None if value.histograms is None else value.histograms[row, step]
            found[labels] = float(value.values[row, step]) if histogram is None else histogram
    return found


def rows_of(value: Value) -> dict[str, list[Sample | None]]:
    """Return a vector's rows under their labels as text."""
    assert isinstance(value, Vector)
    steps = value.present.shape[1]
    by_step = [samples_at(value, step) for step in range(steps)]
    return {str(labels): [found.get(labels) for found in by_step] for labels in value.labels}


def floats_of(found: AtStep) -> dict[Labels, float]:
    """Return the floats alone."""
    return {labels: sample for labels, sample in found.items() if isinstance(sample, float)}


def assert_close(found: AtStep, wanted: Mapping[Labels, float], scale: float = 1e-9) -> None:
    """Check floats; NaN is equal to itself."""
    assert set(found) == set(wanted)
    for labels, value in wanted.items():
        np.testing.assert_allclose(floats_of(found)[labels], value, rtol=scale, atol=1e-300)


# --- drawn vectors ---

_label_sets = st.builds(
    lambda name, a, b: Labels({"__name__": name, "a": a, "b": b}),
    st.sampled_from(["m", "n"]),
    st.sampled_from(["", "1", "2", "3"]),
    st.sampled_from(["", "1", "2"]),
)
small_floats = st.integers(-3, 3).map(float)
floats = st.sampled_from([0.0, -0.0, np.inf, -np.inf, np.nan, 1e300, -1e300, 0.1]) | small_floats


@st.composite
def vectors(draw: st.DrawFn, values: st.SearchStrategy[float] = floats, max_size: int = 8) -> Vector:
    """Draw series that come and go."""
    labels = draw(st.lists(_label_sets, unique=True, max_size=max_size))
    samples = st.none() | values
    return vector({own: draw(st.lists(samples, min_size=STEPS, max_size=STEPS)) for own in labels})
