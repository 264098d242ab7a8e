"""When the head sorts what came, by rows and by batches, and that it loses nothing by it."""

import numpy as np
import pytest

from gateway.storage.head import Head
from gateway.storage.rows import Rows
from gateway.storage.samples import Wanted
from tests.gateway.storage.samples import ALL_TIME
from tests.strategies import NOW_MS


def rows(count: int, time_ms: int) -> Rows:
    """Return one sample each of so many series."""
    refs = np.arange(count)
    return Rows(refs=refs, times=np.full(count, NOW_MS + time_ms), bits=refs + time_ms, starts=None)


@pytest.mark.parametrize(("size", "batches"), [(1, 256), (1 << 16, 1), (1 << 15, 2)])
def test_rows_are_sorted_when_there_are_many_rows_or_many_batches(size: int, batches: int) -> None:
    head = Head(log_seq=0)
    for number in range(batches):
        assert len(head.fresh) == number
        head = head.adding(rows(size, number), number + 1)
    assert not head.fresh
    assert len(head) == size * batches
    (found,) = head.search(Wanted(np.array([0]), *ALL_TIME))
    assert found.bits.tolist() == list(range(batches))
    assert head.log_seq == batches


def test_runs_stay_few_however_many_batches_come() -> None:
    head = Head(log_seq=0)
    for number in range(256 * 40):
        head = head.adding(rows(1, number), number)
    assert len(head.runs) < 8
    assert head.all_rows().bits.tolist() == list(range(256 * 40))
