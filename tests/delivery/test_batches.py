"""Batches: full ones at once, the rest after 5 s, and one bad series costs no other."""

from delivery.batches import MAX_SAMPLES, MAX_SECONDS, Batcher
from remotewrite.compression import decompress
from remotewrite.encode.v2 import encode_v2
from remotewrite.model import Sample, Series
from tests.delivery.parts import NOW_MS, series
from timeseries.exemplar import Exemplar
from timeseries.labels import Labels


def test_a_full_batch_leaves_at_once_and_one_sample_less_waits() -> None:
    batcher = Batcher()
    first = [series(number) for number in range(MAX_SAMPLES - 1)]
    assert batcher.add(first, now_s=0.0) == []
    last = series(MAX_SAMPLES, time_ms=NOW_MS - 7)
    [full] = batcher.add([last], now_s=0.0)
    assert (full.samples, full.oldest_ms) == (MAX_SAMPLES, NOW_MS - 7)
    assert decompress(full.body) == encode_v2([*first, last])


def test_what_is_not_full_leaves_after_5_s() -> None:
    batcher = Batcher()
    assert batcher.add([series(1)], now_s=100.0) == []
    assert batcher.add([series(2)], now_s=104.0) == []
    assert batcher.due(now_s=100.0 + MAX_SECONDS - 0.001) == []
    [late] = batcher.due(now_s=100.0 + MAX_SECONDS)
    assert decompress(late.body) == encode_v2([series(1), series(2)])
    assert batcher.due(now_s=1e9) == batcher.flush() == []


def test_a_series_larger_than_a_batch_is_split_and_its_exemplars_go_with_the_last_part() -> None:
    labels = Labels({"__name__": "long_total"})
    samples = [Sample(NOW_MS + number, 1.0) for number in range(2 * MAX_SAMPLES + 1)]
    exemplar = Exemplar(labels=Labels({"trace_id": "a"}), value=1.0, time_ms=NOW_MS)
    batcher = Batcher()
    ready = batcher.add([Series(labels=labels, samples=samples, exemplars=[exemplar])], now_s=0.0)
    ready += batcher.flush()
    assert [each.samples for each in ready] == [MAX_SAMPLES, MAX_SAMPLES, 1]
    last = Series(labels=labels, samples=samples[-1:], exemplars=[exemplar])
    assert decompress(ready[-1].body) == encode_v2([last])


def test_a_series_that_no_receiver_takes_is_left_out_and_counted() -> None:
    batcher = Batcher()
    nameless = Series(labels=Labels({"job": "a"}), samples=[Sample(NOW_MS, 1.0)])
    batcher.add([series(1), nameless, series(2)], now_s=0.0)
    [batch] = batcher.flush()
    assert decompress(batch.body) == encode_v2([series(1), series(2)])
    assert batcher.unencodable == 1
    batcher.add([nameless], now_s=0.0)
    assert batcher.flush() == []
