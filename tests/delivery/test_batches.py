"""Batches: full ones and a rest, and one bad series costs no other."""

from delivery.batches import MAX_SAMPLES, batched
from remotewrite.compression import decompress
from remotewrite.encode.v2 import encode_v2
from remotewrite.model import Sample, Series
from tests.delivery.parts import NOW_MS, series
from timeseries.exemplar import Exemplar
from timeseries.labels import Labels


def test_a_batch_is_full_before_the_next_begins() -> None:
    all_of_it = [series(number) for number in range(MAX_SAMPLES)]
    [full] = batched(all_of_it).batches
    assert decompress(full.body) == encode_v2(all_of_it)
    last = series(MAX_SAMPLES, time_ms=NOW_MS - 7)
    same, rest = batched([*all_of_it, last]).batches
    assert (same, rest.samples, rest.oldest_ms) == (full, 1, NOW_MS - 7)
    assert decompress(rest.body) == encode_v2([last])


def test_nothing_makes_no_batch() -> None:
    assert batched([]).batches == []


def test_a_series_larger_than_a_batch_is_split_and_its_exemplars_go_with_the_last_part() -> None:
    labels = Labels({"__name__": "long_total"})
    samples = [Sample(NOW_MS + number, 1.0) for number in range(2 * MAX_SAMPLES + 1)]
    exemplar = Exemplar(labels=Labels({"trace_id": "a"}), value=1.0, time_ms=NOW_MS)
    ready = batched([Series(labels=labels, samples=samples, exemplars=[exemplar])]).batches
    assert [each.samples for each in ready] == [MAX_SAMPLES, MAX_SAMPLES, 1]
    last = Series(labels=labels, samples=samples[-1:], exemplars=[exemplar])
    assert decompress(ready[-1].body) == encode_v2([last])


def test_a_series_that_no_receiver_takes_is_left_out_and_counted() -> None:
    nameless = Series(labels=Labels({"job": "a"}), samples=[Sample(NOW_MS, 1.0)])
    result = batched([series(1), nameless, series(2)])
    [batch] = result.batches
    assert decompress(batch.body) == encode_v2([series(1), series(2)])
    assert result.unencodable == 1
    assert batched([nameless]).batches == []
