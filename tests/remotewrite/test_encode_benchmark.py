"""The benchmarked requests are what they claim to be, and both ways to encode them give the same bytes."""

from itertools import pairwise

import pytest

from benchmarks.bodies import ROUNDS, SHAPES, Shape, requests
from benchmarks.encode import naive_v1, naive_v2
from remotewrite.encode.v1 import encode_v1
from remotewrite.encode.v2 import encode_v2
from tests.strategies import rewritten_v1, rewritten_v2


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_naive_way_gives_the_same_bytes(shape: Shape) -> None:
    [request] = requests(shape, rounds=1)
    assert rewritten_v1(encode_v1(request)) == naive_v1(request)
    assert rewritten_v2(encode_v2(request)) == naive_v2(request)


def test_a_series_takes_about_250_bytes_and_9_to_12_labels() -> None:
    [request] = requests(Shape(series=2000, samples=1), rounds=1)
    assert len(encode_v1(request)) / len(request) == pytest.approx(250, rel=0.1)
    assert {len(series.labels) for series in request} == {9, 10, 12}
    assert len({series.labels for series in request}) == 2000


def test_rounds_have_the_same_series_and_later_times() -> None:
    rounds = requests(Shape(series=10, samples=3))
    assert len(rounds) == ROUNDS
    for before, after in pairwise(rounds):
        for early, late in zip(before, after, strict=True):
            assert early.labels == late.labels
            assert early.samples[-1].time_ms < late.samples[0].time_ms
