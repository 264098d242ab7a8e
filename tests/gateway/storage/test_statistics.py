"""What the store says of itself, against counting by hand."""

import random
from pathlib import Path

from gateway.storage.statistics import Statistics
from gateway.storage.upkeep import merge
from tests.gateway.storage.samples import EVERYTHING, Row, batch, counting, open_store
from tests.strategies import NOW_MS, bits


def noisy(metric: int, count: int) -> list[Row]:
    """Return samples, that can't be made small, of 64 series of one of the three metrics."""
    chance = random.Random(metric)
    return [
        (metric + 3 * number, NOW_MS + at, bits(chance.random()), 0)
        for at in range(count)
        for number in range(64)
    ]


def test_the_bytes_of_a_metric_are_those_of_its_blocks(tmp_path: Path) -> None:
    with open_store(tmp_path, sync="off") as store:
        statistics = Statistics(store)
        counts = {0: 5, 1: 50, 2: 20}
        for metric, count in counts.items():
            store.commit(batch(store, noisy(metric, count)))
        store.flush()
        found = statistics.take(10).bytes_by_metric
        sizes = sorted(store.block_bytes(())[0][1].tolist(), reverse=True)  # type: ignore[union-attr]
        assert found == list(zip(("metric_1", "metric_2", "metric_0"), sizes, strict=True))
        assert statistics.take(1).bytes_by_metric == found[:1]
        store.commit(batch(store, noisy(0, 100)))
        store.flush()
        again = dict(statistics.take(10).bytes_by_metric)
        assert sum(again.values()) == sum(part.bytes for part in store.state.parts)
        assert again["metric_0"] > again["metric_1"] == dict(found)["metric_1"]
        merge(store, store.state.parts)
        assert sum(size for _, size in statistics.take(10).bytes_by_metric) == store.state.parts[0].bytes


def test_a_block_of_several_metrics_is_divided_among_its_series(tmp_path: Path) -> None:
    with open_store(tmp_path, sync="off") as store:
        store.commit(batch(store, counting(NOW_MS, 50, many=9)))
        store.flush()
        total = store.state.parts[0].bytes
        shares = dict(Statistics(store).take(10).bytes_by_metric)
        assert shares == dict.fromkeys(("metric_0", "metric_1", "metric_2"), round(total / 3))


def test_samples_bytes_and_times_are_those_of_all_places(tmp_path: Path) -> None:
    with open_store(tmp_path, sync="off") as store:
        statistics = Statistics(store)
        empty = statistics.take(10)
        assert (empty.samples, empty.min_time, empty.max_time, empty.bytes_per_sample) == (0, None, None, 0.0)
        store.commit(batch(store, counting(NOW_MS, 3)))
        store.flush()
        store.commit(batch(store, counting(NOW_MS - 1_000_000, 1)))
        store.commit(batch(store, counting(NOW_MS + 1_000_000, 1)))
        store.delete([EVERYTHING], NOW_MS, NOW_MS)
        found = statistics.take(10)
        assert (found.min_time, found.max_time) == (NOW_MS - 1_000_000, NOW_MS + 1_000_000)
        assert (found.samples, found.head_samples, found.part_samples) == (50, 20, 30)
        assert (found.parts, found.blocks, found.tombstones) == (1, 1, 1)
        assert found.log_bytes > 2 * 10 * 20
        assert found.part_bytes == store.state.parts[0].bytes
        assert found.used_bytes == store.used_bytes()
        assert found.bytes_per_sample == store.used_bytes() / 50
        assert found.cardinality.series == 10
