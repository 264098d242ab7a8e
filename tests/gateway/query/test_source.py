"""The store as a source of queries: the same series and samples as a plain dict has."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.query import pieces
from gateway.query.source import StoredSeries
from promql.errors import QueryTooLarge
from promql.source import Selected
from remotewrite.decode.batch import Batch, SampleColumns
from tests.gateway.storage.samples import EVERYTHING, batch, open_store
from tests.promqltest.samples import Sample
from tests.promqltest.shape import Shape
from tests.promqltest.shelves import Memory, Stored
from tests.strategies import bits, values
from timeseries.histogram import Histogram, HistogramSample, ResetHint
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType

near = st.integers(-20, 60)
shapes = st.integers(0, 9).map(lambda count: Shape(count=count, positive={1: count}))
samples = st.builds(Sample, near, values | shapes, st.just(0) | near)
# Of two samples for one time the later load wins; within one load there is only one.
loads = st.lists(
    st.dictionaries(
        st.sampled_from([Labels({"__name__": name}) for name in ("a", "b", "c")]),
        st.lists(samples, max_size=6, unique_by=lambda one: one.time_ms),
        max_size=3,
    ),
    max_size=3,
)


def told(selected: Selected) -> dict[Labels, list[tuple[int, object, int]]]:
    """Return what was selected as plain values, each series by time; what is told of resets is left out."""
    found = {}
    for row, labels in enumerate(selected.labels):
        times, numbers = selected.columns.row(row)
        part = slice(selected.columns.offsets[row], selected.columns.offsets[row + 1])
        points: list[tuple[int, object, int]] = [
            *zip(times.tolist(), map(bits, numbers), selected.starts[part].tolist(), strict=True),
            *(
                (one.time_ms, replace(one.histogram, reset_hint=ResetHint.UNKNOWN), one.start_ms)
                for one in selected.histograms.get(row, ())
            ),
        ]
        if points:
            found[labels] = sorted(points, key=lambda point: point[0])
    return found


def no_samples() -> SampleColumns:
    none = np.empty(0, np.int64)
    return SampleColumns(refs=none, times=none, values=np.empty(0), starts=none)


@settings(max_examples=25, deadline=None)
@given(loads=loads)
def test_a_store_and_a_dict_select_the_same(loads: list[dict[Labels, list[Sample]]]) -> None:
    with closing(Memory()) as memory, closing(Stored()) as stored:
        seen: set[tuple[Labels, int]] = set()
        for load in loads:
            # The store can't tell which of a float and a histogram is the later one.
            fresh = {
                labels: [one for one in some if (labels, one.time_ms) not in seen]
                for labels, some in load.items()
            }
            seen |= {(labels, one.time_ms) for labels, some in fresh.items() for one in some}
            memory.add(fresh)
            stored.add(fresh)
        everything = told(memory.source.select(EVERYTHING, -20, 60))
        assert told(stored.source.select(EVERYTHING, -20, 60)) == everything


@pytest.mark.parametrize("kind", [Memory, Stored])
def test_both_ends_are_included_and_matchers_are_kept(kind: type[Memory] | type[Stored]) -> None:
    one, other = (Labels({"__name__": name}) for name in ("one", "other"))
    some = [Sample(time, float(time)) for time in (1, 2, 3, 4)]
    with closing(kind()) as shelf:
        shelf.add({one: some, other: some})
        matcher = Matcher(name="__name__", type=MatchType.EQUAL, value="one")
        selected = shelf.source.select([matcher], 2, 3)
    assert list(selected.labels) == [one]
    assert selected.columns.times.tolist() == [2, 3]
    assert not selected.histograms


def test_a_histogram_wins_over_a_float_of_the_same_time(tmp_path: Path) -> None:
    histogram = Histogram(integer=False, schema=0, count=1.0, sum=2.0)
    with open_store(tmp_path, sync="off") as store:
        store.commit(batch(store, [(0, 10, bits(1.0), 0), (1, 10, bits(2.0), 0), (1, 20, bits(3.0), 5)]))
        ref = store.select(EVERYTHING, 0, 99).refs[1]
        store.commit(Batch(samples=no_samples(), histograms=[(int(ref), HistogramSample(10, histogram, 7))]))
        selected = StoredSeries(store).select(EVERYTHING, 0, 99)
    assert selected.columns.times.tolist() == [10, 20]
    assert selected.columns.offsets.tolist() == [0, 1, 2]
    assert selected.starts.tolist() == [0, 5]
    assert selected.histograms == {1: [HistogramSample(10, histogram, 7)]}


def test_resets_are_told(tmp_path: Path) -> None:
    with open_store(tmp_path, sync="off") as store:
        ref = store.register(Labels({"__name__": "h"}))
        counted = [HistogramSample(at, Shape(count=count).sample()) for at, count in enumerate((1, 2, 1))]
        store.commit(Batch(samples=no_samples(), histograms=[(ref, one) for one in counted]))
        selected = StoredSeries(store).select(EVERYTHING, 0, 9)
    hints = [one.histogram.reset_hint for one in selected.histograms[0]]
    assert hints == [ResetHint.UNKNOWN, ResetHint.NOT_RESET, ResetHint.RESET]


def test_a_large_selection_is_told_piece_by_piece_and_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pieces, "SAMPLES_AT_ONCE", 1)
    with closing(Stored()) as stored:
        rows = {Labels({"__name__": "m", "n": str(n)}): [Sample(1, float(n), 0)] for n in range(200)}
        stored.add(rows)
        told_of: list[tuple[int, int]] = []
        selected = stored.source.select(
            EVERYTHING, 0, 9, lambda series, samples: told_of.append((series, samples))
        )
        assert told_of == [(200, 0), (0, 64), (0, 64), (0, 64), (0, 8)]
        assert told(selected) == told(stored.source.select(EVERYTHING, 0, 9))

        def stop(series: int, samples: int) -> None:
            told_of.append((series, samples))
            if samples:
                raise QueryTooLarge

        told_of.clear()
        with pytest.raises(QueryTooLarge):
            stored.source.select(EVERYTHING, 0, 9, stop)
        assert told_of == [(200, 0), (0, 64)]
