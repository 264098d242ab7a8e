"""A queue keeps what many threads put into it with few syncs, and says when it can't."""

import os
import threading
from pathlib import Path

import pytest

from delivery.records import Batch
from delivery.remotewrite import RemoteWrite
from delivery.retry import Backoff
from delivery.sender import Sender
from delivery.spool import Limits, Spool
from delivery.transport import Target, Transport
from gateway.forward.passing import Passing
from gateway.forward.queue import Queue
from runtime.logs import Log
from tests.delivery.parts import NOW_MS, FakeClock
from tests.delivery.receiver import refusing_port
from timeseries.labels import Labels

THREADS = 8
EACH = 30


def queue(directory: Path) -> Queue:
    spool = Spool(directory, Limits(), order="oldest-first")
    sender = Sender(
        spool=spool,
        transport=Transport(Target(url=f"http://127.0.0.1:{refusing_port()}/")),
        conversation=RemoteWrite(),
        clock=FakeClock(),
        backoff=Backoff(lambda: 0.0),
        user_agent="test",
    )
    return Queue(spool, sender, now_ms=lambda: NOW_MS, log=Log("test"))


def batch(text: str) -> Batch:
    return Batch(body=text.encode(), samples=1, oldest_ms=NOW_MS)


def test_many_threads_share_syncs_and_each_keeps_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs = 0
    fsync = os.fsync

    def slow(handle: int) -> None:
        nonlocal syncs
        syncs += 1
        threading.Event().wait(0.005)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", slow)
    mine = queue(tmp_path)

    def put(thread: int) -> None:
        for number in range(EACH):
            mine.settle(mine.offer([batch(f"{thread} {number:03}")]))

    threads = [threading.Thread(target=put, args=[thread]) for thread in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert syncs < THREADS * EACH
    mine.close(0)
    spool = Spool(tmp_path, Limits(), order="oldest-first")
    kept: dict[str, list[str]] = {}
    while (waiting := spool.take()) is not None:
        body = spool.body(waiting)
        assert body is not None
        who, number = body.decode().split()
        kept.setdefault(who, []).append(number)
        spool.done(waiting)
    spool.close()
    assert kept == {str(thread): [f"{number:03}" for number in range(EACH)] for thread in range(THREADS)}


def test_what_can_not_be_kept_is_told_to_all_who_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = queue(tmp_path)
    tickets = [mine.offer([batch("a")]), mine.offer([batch("b")])]

    def fail(_: int) -> None:
        raise OSError("no room")

    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", fail)
        for ticket in tickets:
            with pytest.raises(OSError, match="no room"):
                mine.settle(ticket)
    mine.settle(mine.offer([batch("c")]))
    assert mine.spool.filling().batches == 1
    mine.close(0)


def test_references_last_until_there_are_too_many_series() -> None:
    forgotten = []
    passing = Passing(max_series=2)
    passing.forget = lambda: forgotten.append(1)
    named = [Labels({"__name__": "a", "number": str(number)}) for number in range(4)]
    refs = [passing.register(labels) for labels in named]
    assert len(set(refs)) == 4
    assert len(forgotten) == 1
    assert [passing.labels(ref) for ref in refs] == named, "those of the time before are known still"
    assert passing.register(named[3]) == refs[3]
    assert passing.register(named[0]) != refs[0]
    passing.allow_series(4)
    again = [passing.register(labels) for labels in named]
    assert [passing.register(labels) for labels in named] == again, "more may be remembered from now on"
