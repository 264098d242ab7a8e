"""The store against a model that is plainly right, through flushes, merges and restarts."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.storage.database import FILE_NAME
from gateway.storage.upkeep import Policy, Upkeep, merge
from remotewrite.errors import SeriesRejected
from tests.gateway.storage.samples import (
    ALL_TIME,
    Model,
    Row,
    batch,
    contents,
    counting,
    naming,
    open_store,
    series,
)
from tests.remotewrite.reading import histogram_key
from tests.strategies import NOW_MS, bits, histograms, times, values
from timeseries.exemplar import Exemplar
from timeseries.histogram import Histogram, HistogramSample
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType

near_times = st.integers(NOW_MS, NOW_MS + 40)
all_times = near_times | times.filter(lambda time: abs(time) < 1 << 60)
some_series = st.sets(st.integers(0, 7), min_size=1, max_size=3)
rows = st.lists(
    st.tuples(st.integers(0, 7), all_times, values.map(bits), st.just(0) | near_times), max_size=40
)


class StoreMachine(RuleBasedStateMachine):
    """Commits, deletions, flushes, merges and reopens in any order: what is in it is what the model has."""

    @initialize()
    def open(self) -> None:
        self.directory = TemporaryDirectory()
        self.path = Path(self.directory.name)
        self.store = open_store(self.path, sync="off")
        self.model = Model()

    @rule(rows=rows)
    def commit(self, rows: list[Row]) -> None:
        self.store.commit(batch(self.store, rows))
        self.model.commit(rows)

    @rule(numbers=some_series, start=all_times, end=all_times)
    def delete(self, numbers: set[int], start: int, end: int) -> None:
        self.store.delete([naming([number]) for number in numbers], start, end)
        self.model.delete(numbers, start, end)

    @rule(numbers=some_series)
    def delete_whole_series(self, numbers: set[int]) -> None:
        self.store.delete([naming(numbers)], *ALL_TIME)
        self.model.delete(numbers, *ALL_TIME)

    @rule()
    def clean(self) -> None:
        Upkeep(self.store, Policy()).clean()
        assert not self.store.state.tombstones

    @rule()
    def forget(self) -> None:
        self.store.forget_tombstones()

    @rule()
    def flush(self) -> None:
        self.store.flush()

    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        parts = self.store.state.parts
        if parts:
            first = data.draw(st.integers(0, len(parts) - 1))
            merge(self.store, parts[first : data.draw(st.integers(first + 1, len(parts)))])

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = open_store(self.path, sync="off")

    @rule(start=near_times, end=near_times)
    def look(self, start: int, end: int) -> None:
        assert contents(self.store, start, end) == self.model.contents(start, end)

    @invariant()
    def holds_what_was_committed(self) -> None:
        if hasattr(self, "store"):
            assert contents(self.store) == self.model.contents()

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.directory.cleanup()


StoreMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=12, deadline=None)
test_a_store_never_differs_from_its_model = StoreMachine.TestCase


def test_series_past_the_limit_are_refused_and_known_ones_are_not(tmp_path: Path) -> None:
    with open_store(tmp_path, max_series=2) as store:
        assert [store.register(series(number)) for number in (0, 1, 0)] == [0, 1, 0]
        with pytest.raises(SeriesRejected, match="holds 2 series, its limit"):
            store.register(series(2))
        assert store.register(series(1)) == 1


def test_many_small_rows_of_series_become_one_that_reads_back(tmp_path: Path) -> None:
    with open_store(tmp_path, sync="off") as store:
        for number in range(70):
            assert not store.join_series() or number == 64
            store.commit(batch(store, [(number, NOW_MS, 0, 0)]))
        before = contents(store)
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        rows = database.execute("SELECT first FROM series ORDER BY first").fetchall()
    assert rows == [(0,), *((number,) for number in range(64, 70))]
    with open_store(tmp_path) as store:
        assert contents(store) == before


def test_metadata_survives_a_restart_and_later_metadata_wins(tmp_path: Path) -> None:
    first = Metadata(family="up", type=MetricType.GAUGE, help="one")
    later = Metadata(family="up", type=MetricType.COUNTER, help="two", unit="s")
    with open_store(tmp_path) as store:
        for meta in (first, later):
            store.commit(batch(store, [], [meta]))
    with open_store(tmp_path) as store:
        assert store.metadata == {"up": later}


def test_a_flush_empties_the_log_and_the_head(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.commit(batch(store, counting(NOW_MS, 20)))
        before = contents(store)
        assert store.flush()
        assert not len(store.state.head)
        assert contents(store) == before
        assert not store.flush()


@pytest.mark.parametrize(
    ("first", "last"), [(-5, 2000), (0, 599), (10, 10), (250, 420), (599, 700), (700, 900)]
)
@pytest.mark.parametrize("scrapes", [20, 600])
def test_of_a_part_only_the_wanted_times_are_read(
    tmp_path: Path, scrapes: int, first: int, last: int
) -> None:
    points = [(number, NOW_MS + at, at, 0) for at in range(scrapes) for number in (0, 1) if number or at % 3]
    with open_store(tmp_path, sync="off") as store:
        store.commit(batch(store, points))
        store.flush()
        store.commit(batch(store, [(0, NOW_MS, 7, 0)]))
        model = Model()
        model.commit([*points, (0, NOW_MS, 7, 0)])
        wanted = NOW_MS + first, NOW_MS + last
        assert contents(store, *wanted) == model.contents(*wanted)


@given(st.integers(1, 200), st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_many_series_in_many_blocks_read_back(many: int, scrapes: int) -> None:
    with TemporaryDirectory() as directory, open_store(Path(directory), sync="off") as store:
        model = Model()
        for at in range(2):
            some = counting(NOW_MS + 100_000 * at, scrapes, many=many)
            store.commit(batch(store, some))
            model.commit(some)
            store.flush()
        assert contents(store) == model.contents()
        merge(store, store.state.parts)
        assert len(store.state.parts) == 1
        assert contents(store) == model.contents()


@given(st.lists(st.tuples(st.integers(0, 3), near_times, histograms), max_size=20), st.integers(1, 4))
@settings(max_examples=30)
def test_histograms_and_exemplars_read_back_after_a_restart(
    found: list[tuple[int, int, Histogram]], every: int
) -> None:
    wanted: dict[tuple[int, int], object] = {}
    with TemporaryDirectory() as directory:
        path = Path(directory)
        with open_store(path, sync="off") as store:
            refs = [store.register(series(number)) for number in range(4)]
            for start in range(0, len(found), every):
                some = [(refs[n], HistogramSample(at, one, 7)) for n, at, one in found[start : start + every]]
                marks = [
                    (ref, Exemplar(labels=Labels({"trace": str(ref)}), value=1.5, time_ms=one.time_ms))
                    for ref, one in some
                ]
                store.commit(replace(batch(store, []), histograms=some, exemplars=marks))
                wanted |= {(ref, one.time_ms): histogram_key(one) for ref, one in some}
        with open_store(path, sync="off") as store:
            every_ref = np.arange(4)
            back = store.histograms.select(every_ref, *ALL_TIME)
            assert {(ref, one.time_ms): histogram_key(one) for ref in back for one in back[ref]} == wanted
            marked = store.exemplars.select(every_ref, *ALL_TIME)
            assert {(ref, one.time_ms) for ref in marked for one in marked[ref]} == set(wanted)


def test_small_rows_of_histograms_are_joined_and_old_ones_dropped(tmp_path: Path) -> None:
    one = Histogram(integer=True, schema=0, count=0, sum=1.5)
    with open_store(tmp_path) as store:
        ref = store.register(series(0))
        for at in range(70):
            sample = HistogramSample(NOW_MS + at // 2, replace(one, sum=float(at)))
            store.commit(replace(batch(store, []), histograms=[(ref, sample)]))
        store.tidy_records(NOW_MS)
        back = store.histograms.select(np.array([ref]), *ALL_TIME)
        assert [sample.histogram.sum for sample in back[ref]] == list(range(1, 70, 2))
        store.tidy_records(NOW_MS + 33)
        times = [sample.time_ms for sample in store.histograms.select(np.array([ref]), *ALL_TIME)[ref]]
        assert times[0] <= NOW_MS + 33
        assert times[-1] == NOW_MS + 34
        store.tidy_records(NOW_MS + 100)
        assert not store.histograms.select(np.array([ref]), *ALL_TIME)
