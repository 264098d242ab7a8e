"""Parts run beside each other, are replaced when made of something else, and all end in time."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from exporter import parts as module
from exporter.parts import Parts, Wanted
from runtime.logs import Log


@dataclass(slots=True, eq=False)
class Worker:
    """Notes what it does."""

    stuck: bool = False
    failures: int = 0
    runs: int = 0
    done: list[str] = field(default_factory=list)

    def run(self, stopped: Callable[[], bool], sleep: Callable[[float], None]) -> None:
        self.runs += 1
        if self.runs <= self.failures:
            raise ZeroDivisionError
        while not stopped() or self.stuck:
            sleep(60) if not self.stuck else time.sleep(0.01)
            if self.stuck and "free" in self.done:
                return
        self.done.append("ended")


@pytest.fixture
def parts() -> Iterator[Parts[Worker]]:
    running: Parts[Worker] = Parts(clock=time.monotonic, log=Log("test"))
    yield running
    for worker in running.all().values():
        worker.done.append("free")
    running.stop(5)


def wanted(made_of: object, worker: Worker | None = None) -> Wanted[Worker]:
    return Wanted(made_of=made_of, make=lambda: worker or Worker())


def test_a_part_goes_on_while_it_is_made_of_the_same(parts: Parts[Worker]) -> None:
    parts.replace({"a": wanted(1), "b": wanted(1)}, seconds=5)
    before = parts.all()
    parts.replace({"a": wanted(1), "b": wanted(2)}, seconds=5)
    after = parts.all()
    assert after["a"] is before["a"]
    assert after["b"] is not before["b"]
    assert (before["a"].done, before["b"].done) == ([], ["ended"])


def test_a_part_that_is_not_wanted_any_more_ends(parts: Parts[Worker]) -> None:
    parts.replace({"a": wanted(1)}, seconds=5)
    before = parts.all()["a"]
    parts.replace({}, seconds=5)
    assert before.done == ["ended"]
    assert parts.all() == {}


def test_a_part_that_fails_runs_again(parts: Parts[Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    worker = Worker(failures=2)
    parts.replace({"a": wanted(1, worker)}, seconds=5)
    end = time.monotonic() + 5
    while worker.runs < 3 and time.monotonic() < end:
        time.sleep(0.01)
    parts.stop(5)
    assert (worker.runs, worker.done) == (3, ["ended"])


def test_a_part_that_does_not_end_is_not_waited_for(parts: Parts[Worker]) -> None:
    parts.replace({"a": wanted(1, Worker(stuck=True)), "b": wanted(1)}, seconds=5)
    begun = time.monotonic()
    parts.stop(0.3)
    assert time.monotonic() - begun < 2
    assert parts.all()["b"].done == ["ended"]
