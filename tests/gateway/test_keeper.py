"""What the store's work takes is measured, and only what came to its end."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from gateway.ingest.errors import Unavailable
from gateway.keeper import Shelf, Timekeeper
from gateway.metrics import Metrics
from gateway.storage.errors import StorageUnavailable
from gateway.storage.store import Store
from gateway.storage.upkeep import HOUR_MS, Policy, Upkeep
from tests.gateway.storage.samples import batch, counting, open_store
from tests.strategies import NOW_MS


def ticking() -> Callable[[], float]:
    """Return a stopwatch that shows a second more at each look."""
    seconds = count()
    return lambda: float(next(seconds))


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(version="", python="")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


def test_the_time_of_a_commit_is_measured_and_that_of_a_refused_one_is_not(
    store: Store, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise StorageUnavailable("the disk is full")

    shelf = Shelf(store, oldest_ms=int, stopwatch=ticking(), committed=metrics.committed)
    some = batch(store, counting(NOW_MS, 1))
    shelf.commit(some)
    monkeypatch.setattr(store, "commit", full)
    with pytest.raises(Unavailable, match="nothing can be kept: the disk is full"):
        shelf.commit(some)
    assert metrics.registry.get_sample_value("fleetgauge_store_commit_duration_seconds_count") == 1
    assert metrics.registry.get_sample_value("fleetgauge_store_commit_duration_seconds_sum") == 1


def test_each_step_of_the_upkeep_is_measured_with_its_samples(store: Store, metrics: Metrics) -> None:
    step = Timekeeper(ticking(), metrics.kept_up).step
    for at in range(4):
        store.commit(batch(store, counting(NOW_MS + at * 1_000_000, 10)))
        Upkeep(store, Policy(flush_samples=1), step=step).run(NOW_MS)
    assert steps(metrics) == {"flush": (4, 400), "merge": (1, 400)}
    Upkeep(store, Policy(retention_ms=HOUR_MS), step=step).run(NOW_MS + 10 * HOUR_MS)
    assert steps(metrics) == {"flush": (4, 400), "merge": (1, 400), "expire": (1, 400)}
    store.commit(batch(store, counting(NOW_MS, 10)))
    Upkeep(store, Policy(flush_samples=1, max_bytes=1), step=step).run(NOW_MS)
    assert steps(metrics)["make_room"] == (1, 100)


def steps(metrics: Metrics) -> dict[str, tuple[float, float]]:
    """How often each step was done, each in one second, and on how many samples."""
    found = {}
    for name in ("flush", "merge", "expire", "make_room"):
        values = [
            metrics.registry.get_sample_value(f"fleetgauge_store_upkeep_{each}", {"step": name})
            for each in ("duration_seconds_count", "duration_seconds_sum", "samples_total")
        ]
        if values[0]:
            assert values[0] == values[1]
            found[name] = (values[0], values[2] or 0)
    return found


def test_a_step_that_fails_is_not_counted(metrics: Metrics) -> None:
    with pytest.raises(StorageUnavailable), Timekeeper(ticking(), metrics.kept_up).step("merge", 5):
        raise StorageUnavailable("the disk is full")
    assert steps(metrics) == {}
