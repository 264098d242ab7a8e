"""The benchmark of waits measures commits beside flushes and merges."""

from benchmarks import waits
from gateway.storage.upkeep import Policy


def test_it_tells_the_longest_wait() -> None:
    policy = Policy(flush_samples=1000, retention_ms=1 << 50)
    row = waits.Waits(name="waits", rounds=3, policy=policy).measure()
    assert "longest wait" in row.note
    assert len(row.micros) == 1
