"""What a destination gets is what came in, as its labels and rules leave it, and nothing else."""

from collections import defaultdict
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.relabel import Rule, relabel
from gateway.forward.forms import V1, V2, as_v1, as_v2
from gateway.forward.making import ENTRY_BYTES, MAX_SAMPLES, Made, Maker
from remotewrite.compression import compress, decompress
from remotewrite.decode.v1 import decode_v1
from remotewrite.decode.v2 import decode_v2
from remotewrite.encode.v1 import encode_v1
from remotewrite.encode.v2 import encode_v2
from remotewrite.model import Sample, Series
from tests import strategies
from tests.remotewrite.reading import Receiver, View
from timeseries.labels import Labels

NOW_MS = strategies.NOW_MS

RULES: dict[str, tuple[Rule, ...]] = {
    "none": (),
    "half": (
        Rule(action="hashmod", source_labels=("__name__",), modulus=2, target_label="half"),
        Rule(action="drop", source_labels=("half",), regex="1"),
    ),
    "renamed": (Rule(target_label="__name__", source_labels=("__name__",), replacement="new_$1"),),
    "nameless": (Rule(action="labeldrop", regex="__name__"),),
}


def read(bodies: list[Made]) -> View:
    """All that is in bodies, in their order."""
    receiver = Receiver()
    views = []
    for made in bodies:
        decode = {V1: decode_v1, V2: decode_v2}[made.body[:1]]
        views.append(receiver.view(decode(decompress(made.body[1:]), receiver.table)))
        assert made.samples == len(views[-1].samples) + len(views[-1].histograms)
    return View(*([each for part in parts for each in part] for parts in zip(*views, strict=True)))


def by_series(entries: object) -> dict[Labels, list[object]]:
    found = defaultdict(list)
    for labels, *rest in entries:  # type: ignore[attr-defined]
        found[labels].append(rest)
    return dict(found)


def changed(labels: Labels, external: dict[str, str], rules: tuple[Rule, ...]) -> Labels | None:
    found = relabel(Labels({**external, **dict(labels)}), rules)
    return found if found is not None and found.metric_name else None


@given(
    request=strategies.requests,
    usual=st.booleans(),
    came=st.sampled_from([1, 2]),
    version=st.sampled_from([1, 2]),
    out=st.tuples(
        st.sampled_from(sorted(RULES)),
        st.sampled_from([{}, {"cluster": "eu"}, {"a": "b", "cluster": "eu"}]),
        st.integers(1, 3),
    ),
)
def test_all_that_came_in_is_made_with_its_new_labels(
    request: list[Series],
    usual: bool,
    came: int,
    version: Literal[1, 2],
    out: tuple[str, dict[str, str], int],
) -> None:
    rules, external, shards = out
    if usual:
        request = [
            Series(
                labels=one.labels,
                samples=[Sample(NOW_MS + at, sample.value) for at, sample in enumerate(one.samples)],
            )
            for one in request
            if one.samples
        ]
    request = [one for one in request if came == 1 or one.samples or one.histograms]
    receiver = Receiver()
    decode, encode = (decode_v1, encode_v1) if came == 1 else (decode_v2, encode_v2)
    batch = decode(encode(request), receiver.table)
    view = receiver.view(batch)
    maker = Maker(receiver.series.__getitem__, rules=RULES[rules], external=external, shards=shards)
    made = maker.make(batch, version=version)
    got = read(made) if made else View([], [], [], [], [])
    kept = {labels: changed(labels, external, RULES[rules]) for labels in receiver.series}
    samples = [
        (new, time, value, start if version == 2 else 0)
        for labels, time, value, start in view.samples
        if (new := kept[labels]) is not None
    ]
    assert by_series(got.samples) == by_series(samples)
    exemplars = [(new, one) for labels, one in view.exemplars if (new := kept[labels]) is not None]
    assert sorted(got.exemplars, key=repr) == sorted(exemplars, key=repr)
    assert len(got.histograms) == sum(kept[labels] is not None for labels, _ in view.histograms)
    if shards == 1 or came == 1:
        assert set(got.metadata) >= set(view.metadata)
    wanted = len(view.samples) + len(view.histograms) - len(samples) - len(got.histograms)
    assert sum(maker.left_out.values()) == wanted
    assert {one.shard for one in made} <= set(range(shards))


def test_a_series_always_takes_the_same_connection() -> None:
    shards = 5
    receiver = Receiver()
    named = [Labels({"__name__": "a", "number": str(number)}) for number in range(50)]
    maker = Maker(receiver.series.__getitem__, shards=shards)
    taken: dict[Labels, set[int]] = defaultdict(set)
    # With a start time, with a time of another size, and as usual: each is made in its own way.
    for sample in (Sample(NOW_MS, 1.0), Sample(NOW_MS, 1.0, NOW_MS - 5), Sample(77, 1.0)):
        request = [Series(labels=labels, samples=[sample]) for labels in named]
        for made in maker.make(decode_v2(encode_v2(request), receiver.table), version=2):
            for labels, *_ in read([made]).samples:
                taken[labels].add(made.shard)
    assert {len(shards_of) for shards_of in taken.values()} == {1}
    assert set.union(*taken.values()) == set(range(shards))


@pytest.mark.parametrize("number", [MAX_SAMPLES, MAX_SAMPLES + 1])
def test_a_large_request_becomes_several(number: int) -> None:
    receiver = Receiver()
    series = [
        Series(labels=Labels({"__name__": "a"}), samples=[Sample(NOW_MS + at, 1.0) for at in range(number)])
    ]
    made = Maker(receiver.series.__getitem__, external={"a": "b"}).make(
        decode_v1(encode_v1(series), receiver.table), version=1
    )
    assert [one.samples for one in made] == [MAX_SAMPLES, 1][: number - MAX_SAMPLES + 1]


def test_what_is_known_of_series_is_bounded_and_learnt_again() -> None:
    receiver = Receiver()
    asked: list[int] = []

    def labels(ref: int) -> Labels:
        asked.append(ref)
        return receiver.series[ref]

    maker = Maker(labels, external={"a": "b"}, capacity=20 * ENTRY_BYTES)
    request = [
        Series(labels=Labels({"__name__": "a", "number": str(number)}), samples=[Sample(NOW_MS, 1.0)])
        for number in range(100)
    ]
    for _ in range(2):
        made = maker.make(decode_v1(encode_v1(request), receiver.table), version=1)
        assert len(read(made).samples) == 100
    assert len(asked) > 100 + 20
    few = decode_v1(encode_v1(request[:5]), receiver.table)
    asked.clear()
    maker.make(few, version=1)
    maker.make(few, version=1)
    assert len(asked) == 5


@given(request=strategies.requests)
def test_one_version_becomes_the_other(request: list[Series]) -> None:
    with_points = [one for one in request if one.samples or one.histograms]
    first, second = Receiver(), Receiver()
    expected = first.view(decode_v2(encode_v2(with_points), first.table))
    got = second.view(decode_v1(decompress(as_v1(compress(encode_v2(with_points)))), second.table))
    assert [(*each[:3], 0) for each in expected.samples] == list(got.samples)
    assert list(expected.exemplars) == list(got.exemplars)
    assert len(expected.histograms) == len(got.histograms)
    third, fourth = Receiver(), Receiver()
    expected = third.view(decode_v1(encode_v1(request), third.table))
    got = fourth.view(decode_v2(decompress(as_v2(compress(encode_v1(request)))), fourth.table))
    assert list(expected.samples) == list(got.samples)
    assert list(expected.histograms) == list(got.histograms)
