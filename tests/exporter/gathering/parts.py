"""Collectors that do as they should, hang, loop or raise; and how many threads there are."""

import threading
import time
from collections.abc import Callable, Iterable

from exporter.families import Family, Kind, Pairs, Point
from exporter.gathering.collector import Collector


def gauge(name: str, value: float = 1.0, labels: Pairs = (), kind: Kind = "gauge") -> Family:
    return Family(name=name, kind=kind, help="Help.", points=(Point(value, labels),))


def gives(name: str, *families: Family, source: str = "", interval_s: float = 0.0) -> Collector:
    return Collector(name=name, gather=lambda: families, source=source, interval_s=interval_s, timeout_s=0.5)


def does(
    name: str, gather: Callable[[], Iterable[Family]], timeout_s: float = 0.5, source: str = ""
) -> Collector:
    return Collector(name=name, gather=gather, timeout_s=timeout_s, source=source)


def raises(error: BaseException) -> Callable[[], Iterable[Family]]:
    def gather() -> Iterable[Family]:
        raise error

    return gather


def waits(let_go: threading.Event) -> Callable[[], Iterable[Family]]:
    """Hangs where nothing can interrupt it."""

    def gather() -> Iterable[Family]:
        let_go.wait(60)
        return [gauge("came_back")]

    return gather


def loops() -> Iterable[Family]:
    while True:
        pass


def everything(_name: str) -> bool:
    return True


def threads(name: str = "collector") -> int:
    return sum(thread.name == name for thread in threading.enumerate())


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.005)
