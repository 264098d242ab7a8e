"""What tests of the pipeline share: receivers that do as they are told, a pipeline on a real database."""

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from alertrules.errors import NotifyFailed
from alertrules.notification import Channel, Notification
from alertrules.routing.configuration import Configuration, Integration
from gateway.alerting.lane import Clock
from gateway.alerting.pipeline import Pipeline
from gateway.storage.ledger.alerts import AlertTables
from runtime.logs import Log
from tests.gateway.storage.samples import open_store


def now_ms() -> int:
    return time.time_ns() // 1_000_000


CLOCK = Clock(now_ms=now_ms, seconds=time.monotonic, chance=random.random)


class Recorder:
    """A channel that keeps what it is sent, fails as often as it is told, and hangs while it is to."""

    def __init__(self, *, failures: int = 0, is_final: bool = False) -> None:
        self.sent: list[Notification] = []
        self.attempts = 0
        self.failures = failures
        self.is_final = is_final
        self.free = threading.Event()
        self.free.set()

    def send(self, notification: Notification, *, timeout_s: float) -> None:
        self.attempts += 1
        self.free.wait(timeout_s)
        if self.failures:
            self.failures -= 1
            raise NotifyFailed("it answered 503", is_final=self.is_final)
        self.sent.append(notification)

    def hosts(self) -> list[str]:
        return [" ".join(each.labels.get("host") for each in told.alerts) for told in self.sent]


def channels(made: Mapping[str, Channel]) -> Callable[[Integration], Channel]:
    return lambda integration: made[integration.kind]


@contextmanager
def pipeline_in(
    directory: Path, configuration: Configuration, made: Mapping[str, Channel], clock: Clock = CLOCK
) -> Iterator[Pipeline]:
    with open_store(directory) as store:
        pipeline = Pipeline(
            AlertTables(store.ledger), clock=clock, new_id=lambda: str(uuid.uuid4()), log=Log("test")
        )
        pipeline.open(configuration, channels(made))
        try:
            yield pipeline
        finally:
            pipeline.stop(5.0)


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.01)
