"""Labels: order, checks, the operations against a dict, the text form read back."""

import ast
import copy
import pickle
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import label_names, label_values, labels
from timeseries.errors import InvalidLabels
from timeseries.labels import METRIC_NAME, Labels
from timeseries.text import EXCERPT_LENGTH

# Where the order of UTF-8 and that of UTF-16 part, and prefixes of one another.
edgy_text = st.text("aé\ud7ff\ue000\uffff\U00010000\U0010ffff", min_size=1, max_size=3)
pair_sets = st.dictionaries(edgy_text | label_names, st.just("") | edgy_text | label_values, max_size=6)


def utf8(labels: Labels) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in labels]


@given(pair_sets)
def test_names_ascend_in_the_byte_order_of_utf8(pairs: dict[str, str]) -> None:
    names = [name for name, _ in utf8(Labels(pairs))]
    assert all(low < high for low, high in pairwise(names))


@given(st.lists(pair_sets.map(Labels), max_size=6))
def test_series_sort_in_the_byte_order_of_utf8(series: list[Labels]) -> None:
    assert sorted(series) == sorted(series, key=utf8)


@given(pair_sets.flatmap(lambda pairs: st.permutations(list(pairs.items()))))
def test_the_order_of_the_pairs_does_not_matter(pairs: list[tuple[str, str]]) -> None:
    assert Labels(pairs) == Labels(iter(pairs)) == Labels(dict(pairs))


@given(pair_sets)
def test_an_empty_value_means_no_label(pairs: dict[str, str]) -> None:
    assert dict(Labels(pairs)) == {name: value for name, value in pairs.items() if value}


@pytest.mark.parametrize("other", ["x", "", "y"])
def test_a_name_given_twice_is_refused(other: str) -> None:
    with pytest.raises(InvalidLabels, match=r'^label "b" appears twice$'):
        Labels([("b", "x"), ("a", "1"), ("b", other), ("c", "2")])


@pytest.mark.parametrize("pairs", [[("", "x")], [("", "")], [("", "x"), ("", "y")], [("a", "1"), ("", "x")]])
def test_an_empty_name_is_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidLabels, match="a label name is empty"):
        Labels(pairs)


@pytest.mark.parametrize("pair", [("a\ud800", "x"), ("é", "\udfff"), ("a", "\ud83d"), ("\ud83d", "\udd25")])
def test_a_lone_surrogate_is_refused_with_a_message_that_can_be_written(pair: tuple[str, str]) -> None:
    with pytest.raises(InvalidLabels, match="is not valid UTF-8") as caught:
        Labels([("ok", "ok"), pair])
    assert str(caught.value).isprintable()


def test_the_message_does_not_repeat_a_huge_name() -> None:
    name = "x" * 1_000_000
    with pytest.raises(InvalidLabels, match=r"\.\.\. appears twice$") as caught:
        Labels([(name, "1"), (name, "2")])
    assert len(str(caught.value)) < EXCERPT_LENGTH + 30


@given(labels())
def test_labels_equal_and_hash_as_the_tuple_of_their_pairs(one: Labels) -> None:
    same = Labels(dict(one))
    assert same == one == tuple(one)
    assert len({one, same, tuple(one)}) == 1
    assert one != one.updated({"a new one": "x"})


@given(labels())
def test_labels_survive_pickle_and_copy(one: Labels) -> None:
    for twin in (pickle.loads(pickle.dumps(one)), copy.copy(one), copy.deepcopy(one)):
        assert type(twin) is Labels
        assert twin == one


def test_labels_cannot_change() -> None:
    one = Labels({"a": "1"})
    with pytest.raises(AttributeError):
        one.extra = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        one[0] = ("a", "2")  # type: ignore[index]


@given(labels(), label_names)
def test_a_label_that_is_not_there_is_empty_or_the_default(one: Labels, name: str) -> None:
    assert one.get(name) == dict(one).get(name, "")
    assert one.get(name, "other") == dict(one).get(name, "other")


def test_the_metric_name_is_the_label_of_that_name() -> None:
    assert Labels({"a": "1", METRIC_NAME: "up"}).metric_name == "up"
    assert Labels({"a": "1"}).metric_name == ""


@given(labels(), pair_sets)
def test_updating_sets_adds_and_removes(one: Labels, changes: dict[str, str]) -> None:
    updated = one.updated(changes)
    assert type(updated) is Labels
    assert updated == Labels(dict(one) | changes)


def test_updating_checks_the_new_labels() -> None:
    with pytest.raises(InvalidLabels):
        Labels({"a": "1"}).updated({"b": "\ud800"})


@given(labels(), st.data())
def test_keeping_and_dropping_split_the_labels(one: Labels, data: st.DataObject) -> None:
    names = data.draw(st.sets(st.sampled_from([name for name, _ in one]) | label_names))
    kept, dropped = one.keeping(names), one.dropping(names)
    assert type(kept) is type(dropped) is Labels
    assert {name for name, _ in kept} <= names
    assert names.isdisjoint(name for name, _ in dropped)
    assert Labels([*kept, *dropped]) == one
    assert kept == tuple(sorted(kept))


@pytest.mark.parametrize(
    ("pairs", "text"),
    [
        ({}, "{}"),
        ({METRIC_NAME: "up"}, "up"),
        ({METRIC_NAME: "a:b:c", "job": "node"}, 'a:b:c{job="node"}'),
        ({"job": "node"}, '{job="node"}'),
        ({"b": "2", METRIC_NAME: "up", "a": "1"}, 'up{a="1", b="2"}'),
        ({METRIC_NAME: "http.requests"}, '{"http.requests"}'),
        ({METRIC_NAME: "http.requests", "job": "node"}, '{"http.requests", job="node"}'),
        ({METRIC_NAME: "up", "k8s.pod": "a"}, 'up{"k8s.pod"="a"}'),
        ({METRIC_NAME: "up", "a:b": "1"}, 'up{"a:b"="1"}'),
        ({METRIC_NAME: "9", "9": "é\n"}, r'{"9", "9"="é\n"}'),
    ],
)
def test_a_series_is_written_as_prometheus_writes_it(pairs: dict[str, str], text: str) -> None:
    assert str(Labels(pairs)) == text


_STRING = r'"(?:[^"\\]|\\.)*"'
_TOKEN = re.compile(rf"({_STRING}|[a-zA-Z_:][\w:]*)(?:=({_STRING}))?(?:, )?", re.ASCII)


def read_back(text: str) -> dict[str, str]:
    metric, _, inner = text.partition("{") if not text.startswith("{") else ("", "", text[1:])
    pairs = {METRIC_NAME: metric}
    for name, value in _TOKEN.findall(inner.removesuffix("}")):
        plain = ast.literal_eval(name) if name.startswith('"') else name
        pairs |= {plain: ast.literal_eval(value)} if value else {METRIC_NAME: plain}
    return {name: value for name, value in pairs.items() if value}


@given(labels() | pair_sets.map(Labels))
def test_the_text_tells_all_labels_on_one_printable_line(one: Labels) -> None:
    assert str(one).isprintable()
    assert read_back(str(one)) == dict(one)


@given(labels())
def test_the_repr_builds_the_same_labels(one: Labels) -> None:
    assert eval(repr(one)) == one


def test_trusted_pairs_are_taken_as_they_are() -> None:
    assert Labels.trusted(iter([("b", "1"), ("a", "")])) == (("b", "1"), ("a", ""))
