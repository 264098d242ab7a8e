"""The index of series against a dict and a loop, across all its boundaries; and readers beside a writer."""

import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.storage.errors import DamagedData
from gateway.storage.index import SeriesIndex
from gateway.storage.postings import MAX_SEGMENT
from tests.strategies import labels as any_labels
from timeseries.columns import Ints
from timeseries.labels import METRIC_NAME, Labels
from timeseries.matcher import Matcher, MatchType

# Tail and segment sizes: boundaries everywhere, somewhere, and nowhere.
SIZES = [(1, 2), (2, 6), (3, 3), (4096, MAX_SEGMENT)]

NAMES = (METRIC_NAME, "a", "é.label", "nul\0name")
VALUES = ("x", "y", "xy", "x|y", "a=b,c", "nul\0", "🔥\n")
REGEXES = ("", ".*", ".+", "x", "x|y", "(x|y|)", "x.*", "[^x]*", "x?", r"x\|y", "nomatch.+", "🔥\n")

small_labels = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=4).map(Labels)
series_lists = st.lists(small_labels | any_labels(), max_size=30)
matchers = st.builds(
    lambda name, kind, value: Matcher(name=name, type=kind, value=value),
    st.sampled_from((*NAMES, "missing")),
    st.sampled_from(MatchType),
    st.sampled_from((*VALUES, *REGEXES)),
)
matcher_lists = st.lists(matchers, max_size=3)


def matcher(text: str) -> Matcher:
    """Read `name op value`."""
    name, kind, value = text.split(" ")
    return Matcher(name=name, type=MatchType(kind), value=value)


def index_of(series: Sequence[Labels], sizes: tuple[int, int]) -> SeriesIndex:
    index = SeriesIndex(*sizes)
    for labels in series:
        index.ref(labels)
    return index


def naive_select(series: Sequence[Labels], wanted: Sequence[Matcher]) -> list[int]:
    return [ref for ref, labels in enumerate(series) if all(one.accepts(labels) for one in wanted)]


def refs_of(*refs: int) -> Ints:
    return np.array(refs, np.int64)


@pytest.mark.parametrize("sizes", SIZES)
@given(series=series_lists)
def test_references_are_dense_and_lasting(sizes: tuple[int, int], series: list[Labels]) -> None:
    index = SeriesIndex(*sizes)
    known: dict[Labels, int] = {}
    for labels in series:
        assert index.find(labels) == known.get(labels)
        assert index.ref(labels) == known.setdefault(labels, len(known))
        assert len(index) == len(known)
    assert [index.labels(ref) for ref in range(len(known))] == list(known)
    assert [index.find(labels) for labels in known] == list(known.values())


@pytest.mark.parametrize("sizes", SIZES)
@given(series=series_lists, wanted=matcher_lists)
def test_select_takes_what_each_matcher_accepts(
    sizes: tuple[int, int], series: list[Labels], wanted: list[Matcher]
) -> None:
    index = index_of(series, sizes)
    found = index.select(wanted)
    assert found.dtype == np.int64
    assert found.tolist() == naive_select(list(dict.fromkeys(series)), wanted)


@pytest.mark.parametrize("sizes", SIZES)
@given(series=series_lists, data=st.data())
def test_labels_names_and_values_of_any_references(
    sizes: tuple[int, int], series: list[Labels], data: st.DataObject
) -> None:
    index = index_of(series, sizes)
    distinct = list(dict.fromkeys(series))
    chosen = data.draw(st.lists(st.integers(0, len(distinct) - 1), max_size=9)) if distinct else []
    theirs = [distinct[ref] for ref in chosen]
    refs = refs_of(*chosen)
    assert index.labels_of(refs) == theirs
    assert index.label_names(refs) == sorted({name for labels in theirs for name, _ in labels})
    assert index.label_names() == sorted({name for labels in distinct for name, _ in labels})
    for name in (*NAMES, "missing"):
        assert index.label_values(name, refs) == sorted({labels.get(name) for labels in theirs} - {""})
        assert index.label_values(name) == sorted({labels.get(name) for labels in distinct} - {""})


@pytest.mark.parametrize("sizes", SIZES)
@given(series=series_lists, data=st.data())
def test_order_is_by_metric_and_then_by_reference(
    sizes: tuple[int, int], series: list[Labels], data: st.DataObject
) -> None:
    index = index_of(series, sizes)
    distinct = list(dict.fromkeys(series))
    refs = refs_of(*data.draw(st.permutations(range(len(distinct)))))
    ordered = refs[index.order(refs)].tolist()
    first_seen = dict.fromkeys(labels.metric_name for labels in distinct if labels.metric_name)
    rank = {"": -1, **{metric: at for at, metric in enumerate(first_seen)}}
    assert ordered == sorted(range(len(distinct)), key=lambda ref: (rank[distinct[ref].metric_name], ref))


@pytest.mark.parametrize("sizes", SIZES)
@given(series=series_lists, data=st.data(), wanted=matcher_lists)
def test_what_is_restored_is_what_was_there(
    sizes: tuple[int, int], series: list[Labels], data: st.DataObject, wanted: list[Matcher]
) -> None:
    index = index_of(series, sizes)
    count = len(index)
    cuts = sorted(data.draw(st.lists(st.integers(0, count), max_size=4)))
    restored = SeriesIndex(*data.draw(st.sampled_from(SIZES)))
    for first, end in zip([0, *cuts], [*cuts, count], strict=True):
        restored.restore(index.rows(first, end))
    everything = np.arange(count)
    assert restored.labels_of(everything) == index.labels_of(everything)
    assert restored.select(wanted).tolist() == index.select(wanted).tolist()
    assert restored.rows(0, count) == index.rows(0, count)
    assert [restored.ref(labels) for labels in series] == [index.find(labels) for labels in series]
    more = Labels({"of": "the", "next": "run"})
    assert restored.ref(more) == index.ref(more)


def test_rows_of_a_part_do_not_fit_where_others_are_missing() -> None:
    index = index_of([Labels({"a": str(number)}) for number in range(9)], (2, 4))
    for first, end in ((3, 9), (1, 2)):
        with pytest.raises(DamagedData, match=f"series {first} and following do not fit"):
            SeriesIndex().restore(index.rows(first, end))
    twice = SeriesIndex()
    twice.restore(index.rows(0, 5))
    with pytest.raises(DamagedData, match="series 0 and following do not fit"):
        twice.restore(index.rows(0, 5))
    other = index_of([Labels({"a": "1", "b": str(number)}) for number in range(5)], (2, 4))
    with pytest.raises(DamagedData, match="series 5 and following do not fit"):
        other.restore(index.rows(5, 9))


def test_a_reference_that_is_not_there_has_no_labels() -> None:
    index = index_of([Labels({"a": "1"})], (2, 4))
    for ref in (-1, 1):
        with pytest.raises(IndexError):
            index.labels(ref)


def test_series_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.storage.index._digest", lambda _: 7)
    series = [Labels({"a": str(number)}) for number in range(9)]
    index = index_of(series, (2, 4))
    restored = SeriesIndex()
    restored.restore(index.rows(0, 9))
    for one in (index, restored):
        assert [one.find(labels) for labels in series] == list(range(9))
        assert one.find(Labels({"a": "9"})) is None


def test_several_matchers_of_one_name_must_all_accept() -> None:
    index = index_of([Labels({"a": value}) for value in ("x1", "x2", "y1")], (2, 4))
    assert index.select([matcher("a =~ x.*"), matcher("a !~ .*2")]).tolist() == [0]
    assert index.select([matcher("a = x1"), matcher("a = x2")]).tolist() == []


def test_a_missing_label_counts_as_empty() -> None:
    index = index_of([Labels({"a": "x"}), Labels({"b": "y"}), Labels()], (2, 4))
    assert index.select([matcher("a = ")]).tolist() == [1, 2]
    assert index.select([matcher("a != x")]).tolist() == [1, 2]
    assert index.select([matcher("a =~ z?")]).tolist() == [1, 2]
    assert index.select([matcher("a != ")]).tolist() == [0]
    assert index.select([matcher("b !~ ")]).tolist() == [1]
    assert index.select([matcher("none != x")]).tolist() == [0, 1, 2]
    assert index.select([matcher("none =~ .+")]).tolist() == []


def test_a_segment_holds_as_many_series_as_16_bits_can_number() -> None:
    index = SeriesIndex()
    for number in range(MAX_SEGMENT + 1):
        index.ref(Labels({METRIC_NAME: f"m{number % 2}", "n": str(number)}))
    assert index.select([matcher("__name__ = m1")]).tolist() == list(range(1, MAX_SEGMENT, 2))
    assert index.select([matcher(f"n =~ 0|{MAX_SEGMENT - 1}|{MAX_SEGMENT}")]).tolist() == [
        0,
        MAX_SEGMENT - 1,
        MAX_SEGMENT,
    ]


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Let threads interrupt each other as often as can be."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("hasty_threads")
def test_readers_see_whole_series_while_others_are_registered() -> None:
    index = SeriesIndex(tail_series=16, segment_series=64)
    series = [
        Labels({METRIC_NAME: f"m{number % 3}", "n": str(number), **({"odd": "1"} if number % 2 else {})})
        for number in range(3000)
    ]
    done = threading.Event()

    def write() -> None:
        for ref, labels in enumerate(series):
            assert index.ref(labels) == ref
        done.set()

    def read(wanted: list[Matcher]) -> int:
        rounds = 0
        while not done.is_set():
            before = len(index)
            found = index.select(wanted).tolist()
            after = len(index)
            seen = found[-1] + 1 if found else 0
            assert found == naive_select(series[:seen], wanted)
            assert naive_select(series[seen:before], wanted) == []
            assert seen <= after
            refs = refs_of(*found[-20:])
            assert index.labels_of(refs) == [series[ref] for ref in refs.tolist()]
            assert index.label_values(METRIC_NAME, refs) == sorted(
                {series[ref].metric_name for ref in refs.tolist()}
            )
            assert before == 0 or index.find(series[before - 1]) == before - 1
            restored = SeriesIndex()
            restored.restore(index.rows(0, min(before, 50)))
            assert restored.labels_of(np.arange(len(restored))) == series[: min(before, 50)]
            rounds += 1
        return rounds

    queries = [
        [matcher("__name__ = m1")],
        [matcher("__name__ =~ m[02]"), matcher("odd = 1")],
        [matcher("odd != 1"), matcher("n !~ .*7")],
    ]
    with ThreadPoolExecutor(len(queries) + 1) as pool:
        readers = [pool.submit(read, wanted) for wanted in queries]
        pool.submit(write).result()
        assert all(reader.result() > 1 for reader in readers)
    assert len(index) == len(series)
