"""Times outside the window are rejected, with counts and the first one named; the rest stays as it was."""

import numpy as np
import pytest

from gateway.ingest.window import FUTURE_MS, TOO_NEW, TOO_OLD, Window
from remotewrite.decode.batch import Batch, Rejection, SampleColumns
from tests.remotewrite.golden import INTEGER
from tests.strategies import NOW_MS
from timeseries.exemplar import Exemplar
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels

OLDEST = NOW_MS - 1000
LATEST = NOW_MS + FUTURE_MS
WINDOW = Window(oldest_ms=OLDEST, now_ms=NOW_MS)
EARLIER = Rejection(code="no_metric_name", reason="…", times=1, samples=1)


def batch_of(
    *times: int,
    histograms: tuple[int, ...] = (),
    exemplars: tuple[int, ...] = (),
    rejected: tuple[Rejection, ...] = (),
) -> Batch:
    """Return a batch whose references are the positions in it."""
    return Batch(
        samples=SampleColumns(
            refs=np.arange(len(times)),
            times=np.array(times, np.int64),
            values=np.arange(len(times)) / 2,
            starts=np.arange(len(times)) * 3,
        ),
        histograms=[(ref, HistogramSample(time, INTEGER)) for ref, time in enumerate(histograms)],
        exemplars=[
            (ref, Exemplar(labels=Labels(), value=1.0, time_ms=time)) for ref, time in enumerate(exemplars)
        ],
        metadata=[],
        rejected=rejected,
    )


def labels(ref: int) -> Labels:
    return Labels({"__name__": "up", "ref": str(ref)})


def test_a_batch_inside_the_window_is_passed_on_as_it_is() -> None:
    edges = (OLDEST, NOW_MS, LATEST)
    for batch in (batch_of(), batch_of(*edges, histograms=edges, exemplars=edges, rejected=(EARLIER,))):
        assert WINDOW.clip(batch, labels) is batch


@pytest.mark.parametrize(("time", "code"), [(OLDEST - 1, TOO_OLD), (LATEST + 1, TOO_NEW)])
def test_each_kind_is_rejected_one_millisecond_outside(time: int, code: str) -> None:
    for batch, expected in (
        (batch_of(OLDEST, time, LATEST), (1, 0, 0)),
        (batch_of(histograms=(OLDEST, time, LATEST)), (0, 1, 0)),
        (batch_of(exemplars=(OLDEST, time, LATEST)), (0, 0, 1)),
    ):
        clipped = WINDOW.clip(batch, labels)
        [rejection] = clipped.rejected
        assert (rejection.code, rejection.times) == (code, 1)
        assert (rejection.samples, rejection.histograms, rejection.exemplars) == expected
        assert 'series {__name__="up", ref="1"}: its time, ' in rejection.reason
        kept = len(clipped.samples), len(clipped.histograms), len(clipped.exemplars)
        assert kept == tuple(2 * count for count in expected), "both edges are inside"


def test_all_columns_of_what_is_kept_stay_together() -> None:
    samples = WINDOW.clip(batch_of(0, NOW_MS, LATEST + 1, OLDEST), labels).samples
    assert samples.refs.tolist() == [1, 3]
    assert samples.times.tolist() == [NOW_MS, OLDEST]
    assert samples.values.tolist() == [0.5, 1.5]
    assert samples.starts.tolist() == [3, 9]


def test_rejections_are_counted_by_side_after_the_earlier_ones() -> None:
    batch = batch_of(NOW_MS, 1, LATEST + 5, 2, histograms=(3,), exemplars=(4, NOW_MS), rejected=(EARLIER,))
    earlier, old, new = WINDOW.clip(batch, labels).rejected
    assert earlier == EARLIER
    assert (old.code, old.times, old.samples, old.histograms, old.exemplars) == (TOO_OLD, 4, 2, 1, 1)
    assert (new.code, new.times, new.samples, new.histograms, new.exemplars) == (TOO_NEW, 1, 1, 0, 0)
    assert 'ref="1"' in old.reason, "the first of them"
    assert 'ref="2"' in new.reason


def test_times_are_written_for_people() -> None:
    [old] = WINDOW.clip(batch_of(0), labels).rejected
    assert "its time, 1970-01-01T00:00:00.000Z, is before " in old.reason


@pytest.mark.parametrize("time", [-(1 << 63), (1 << 63) - 1, NOW_MS * 1_000_000])
def test_a_time_beyond_any_calendar_is_written_as_a_number(time: int) -> None:
    [rejection] = WINDOW.clip(batch_of(time), labels).rejected
    assert f"its time, {time} ms, is " in rejection.reason


def test_a_series_with_endless_labels_is_not_repeated_in_full() -> None:
    [old] = WINDOW.clip(batch_of(0), lambda _: Labels({"__name__": "x" * 10_000})).rejected
    assert len(old.reason) < 500
