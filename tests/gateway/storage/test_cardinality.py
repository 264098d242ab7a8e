"""The counts of what makes many series, against counting by hand."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gateway.storage.index import SeriesIndex
from tests.strategies import labels as any_labels
from timeseries.labels import METRIC_NAME, Labels

small_labels = st.dictionaries(
    st.sampled_from((METRIC_NAME, "a", "b")), st.sampled_from("xyz"), max_size=3
).map(Labels)


@given(series=st.lists(small_labels | any_labels(), unique=True, max_size=30))
def test_all_counts_are_those_of_a_loop(series: list[Labels]) -> None:
    index = SeriesIndex(2, 6)
    for labels in series:
        index.ref(labels)
    uses = Counter(pair for labels in series for pair in labels)
    found = index.cardinality(1000)
    assert (found.series, found.label_pairs) == (len(series), len(uses))
    assert found.label_names == len({name for name, _ in uses})
    assert dict(found.series_by_pair) == uses
    assert dict(found.series_by_metric) == {
        value: count for (name, value), count in uses.items() if name == METRIC_NAME
    }
    assert dict(found.values_by_name) == Counter(name for name, _ in uses)
    assert {name for name, _ in found.label_bytes} == {name for name, _ in uses}


def test_the_largest_come_first_and_no_more_than_asked_for() -> None:
    index = SeriesIndex()
    for number in range(6):
        index.ref(Labels({METRIC_NAME: f"m{min(number, 3)}", "n": "long value" * number}))
    found = index.cardinality(2)
    assert found.series_by_metric == [("m3", 3), ("m0", 1)]
    assert found.series_by_pair == [((METRIC_NAME, "m3"), 3), ((METRIC_NAME, "m0"), 1)]
    assert found.values_by_name == [("n", 5), (METRIC_NAME, 4)]
    assert [name for name, _ in found.label_bytes] == ["n", METRIC_NAME]
