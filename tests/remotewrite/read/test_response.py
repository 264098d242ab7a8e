"""Answers to remote readers, as protobuf's own classes read them."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from remotewrite.model import Series
from remotewrite.read.response import encode_read, sample_messages, series_messages
from tests import strategies
from tests.remotewrite.read.reading import results_of
from tests.remotewrite.reading import expected
from timeseries.columns import Columns
from timeseries.labels import Labels

results = st.lists(st.lists(strategies.series(), max_size=4), max_size=3)


def messages(some: Sequence[Series]) -> list[bytes]:
    """Write series as the gateway does: their samples in columns, their histograms beside them."""
    rows = [
        (
            np.array([sample.time_ms for sample in one.samples], np.int64),
            np.array([strategies.bits(sample.value) for sample in one.samples], np.uint64).view(np.float64),
        )
        for one in some
    ]
    histograms = {row: one.histograms for row, one in enumerate(some) if one.histograms}
    written = series_messages([one.labels for one in some], Columns.from_rows(rows), histograms)
    return [message for _, message in written]


@given(results)
def test_all_that_is_answered_can_be_read(asked: list[list[Series]]) -> None:
    told = [
        [Series(labels=one.labels, samples=one.samples, histograms=one.histograms) for one in each]
        for each in asked
    ]
    read = results_of(encode_read(map(messages, asked)))
    assert len(read) == len(asked)
    for found, wanted in zip(read, told, strict=True):
        assert expected(found, [], starts=False) == expected(wanted, [], starts=False)


def test_a_series_without_anything_is_left_out() -> None:
    quiet, loud = Labels({"__name__": "a"}), Labels({"__name__": "b"})
    columns = Columns.from_rows([(np.empty(0, np.int64), np.empty(0)), (np.array([7]), np.array([1.0]))])
    assert [labels for labels, _ in series_messages([quiet, loud], columns, {})] == [loud]


@given(st.lists(st.sampled_from(strategies.SPECIAL_TIMES) | strategies.times, max_size=20))
def test_each_sample_is_where_it_is_said_to_be(times: list[int]) -> None:
    raw, offsets = sample_messages(np.array(times, np.int64), np.arange(len(times), dtype=np.float64))
    assert offsets[-1] == len(raw)
    assert [raw[offset] for offset in offsets[:-1].tolist()] == [0x12] * len(times)
