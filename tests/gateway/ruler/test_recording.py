"""What rules come to is written as series that queries read, native histograms too."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from alertrules.errors import RuleFailed
from alertrules.rules.outcome import Recorded
from gateway.ingest.errors import Unavailable
from gateway.query.source import StoredSeries
from gateway.ruler.recording import METADATA, Recorder
from gateway.storage.store import Store
from promql.engine import run_instant
from promql.histograms.model import FloatHistogram
from promql.histograms.sides import Side
from promql.values import Vector
from remotewrite.decode.batch import Batch
from tests.gateway.storage.samples import open_store
from timeseries.labels import Labels
from timeseries.stale import STALE

A = Labels({"__name__": "a"})
B = Labels({"__name__": "b"})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, sync="off") as store:
        yield store


def at(store: Store, text: str, time_ms: int) -> Vector:
    value = run_instant(text, time_ms, StoredSeries(store)).value
    assert isinstance(value, Vector)
    return value


def sample(labels: Labels, time_ms: int, value: float | FloatHistogram) -> Recorded:
    return Recorded(labels=labels, time_ms=time_ms, value=value)


def test_what_is_written_is_read_and_ends(store: Store) -> None:
    recorder = Recorder(store, METADATA)
    recorder.begin()
    recorder.write([sample(A, 1000, 1.5), sample(B, 1000, 2.5)])
    assert [*at(store, "{__name__=~'a|b'}", 2000).values.ravel()] == [1.5, 2.5]
    assert store.metadata["ALERTS"].help
    recorder.begin()
    recorder.write([sample(A, 2000, STALE)])
    assert [labels.metric_name for labels in at(store, "{__name__=~'a|b'}", 2000).labels] == ["b"]


def test_a_histogram_is_written_and_ends(store: Store) -> None:
    side = Side(indices=np.array([-3, -2, 4], np.int64), counts=np.array([1.0, 2.0, 3.0]))
    histogram = FloatHistogram(schema=2, count=6.5, sum=7.0, zero_count=0.5, positive=side)
    recorder = Recorder(store)
    recorder.begin()
    recorder.write([sample(A, 1000, histogram)])
    found = at(store, "a", 1000)
    assert found.histograms is not None
    assert found.histograms[0, 0].equals(histogram)
    recorder.write([sample(A, 2000, STALE)])
    assert len(at(store, "a", 2000)) == 0


def test_where_there_is_no_room_for_a_series_the_others_are_written(tmp_path: Path) -> None:
    with open_store(tmp_path, sync="off", max_series=1) as store:
        recorder = Recorder(store)
        recorder.begin()
        with pytest.raises(RuleFailed, match="its limit"):
            recorder.write([sample(A, 1000, 1), sample(B, 1000, 1)])
        assert len(at(store, "{__name__=~'a|b'}", 1000)) == 1


def test_a_disk_that_is_full_makes_the_rule_fail() -> None:
    class Full:
        def register(self, _labels: Labels) -> int:
            return 0

        def commit(self, _batch: Batch) -> None:
            raise Unavailable("the disk is full", retry_after_s=5)

    recorder = Recorder(Full())
    recorder.begin()
    with pytest.raises(RuleFailed, match="the disk is full"):
        recorder.write([sample(A, 1000, 1)])
    recorder.write([])
