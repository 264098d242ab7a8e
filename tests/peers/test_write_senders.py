"""Real senders write to the gateway: everything that they have arrives, and none of it is refused."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from gateway.http import application, listen
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.routes import write_routes
from gateway.http.server import HttpServer
from gateway.ingest.budget import Budget
from gateway.ingest.receiver import Clocks, Receiver
from gateway.metrics import Metrics
from remotewrite.decode.batch import Batch
from runtime.listening import url_of
from runtime.logs import Log
from runtime.stop import Stop
from runtime.values import Address
from tests.gateway.ingest.memory import MemoryStore
from tests.peers.senders import (
    PAGE,
    PAGE_WITHOUT_TOP,
    histogram_series,
    post_v1,
    prometheus_sending_to,
    vmagent_sending_to,
)
from tests.peers.servers import Server, Servers
from tests.peers.sink import POLL_SECONDS, WAIT_SECONDS, Sink
from tests.remotewrite.golden import FLOAT, INTEGER
from timeseries.stale import STALE_BITS

AGE_MS: Final = 60 * 60 * 1000

# What the page of `tests.peers.senders` holds; the senders add series about the scrape itself.
PAGE_METRICS: Final = {"demo_requests_total", "demo_temperature_celsius"}


class Page(Sink):
    """A page to scrape, whose scrapers write to another place."""

    def __init__(self, page: str, write_to: str) -> None:
        super().__init__(page)
        self._write_to = write_to

    @property
    def url(self) -> str:
        """Where to post."""
        return self._write_to


class Gateway:
    """The write endpoint on a real server, over a store in memory."""

    def __init__(self) -> None:
        self.store = MemoryStore(oldest_ms=time.time_ns() // 1_000_000 - AGE_MS)
        self.metrics = Metrics(version="", python="")
        clocks = Clocks(now_ms=lambda: time.time_ns() // 1_000_000, stopwatch=time.perf_counter)
        receiver = Receiver(self.store, clocks=clocks, budget=Budget())
        accounting = Accounting(self.metrics, clock=time.perf_counter)
        sock = listen.open_socket(Address(host="127.0.0.1", port=0), allow_anonymous=False)
        self.url = f"{url_of(sock)}/api/v1/write"
        self.server = HttpServer(
            application.create(
                routes=write_routes(receiver=receiver, metrics=self.metrics),
                accounting=accounting,
                errors=Errors(log=Log("test"), new_id=str),
            ),
            sock,
            clock=time.monotonic,
            on_unreadable=accounting.unreadable,
            new_id=str,
        )

    def wait(self, wanted: Callable[[Batch], bool]) -> Batch:
        """Return the first batch that is wanted, as soon as it is there."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            for batch in self.store.batches.copy():
                if wanted(batch):
                    return batch
            time.sleep(POLL_SECONDS)
        raise TimeoutError(f"{len(self.store.batches)} batches in {WAIT_SECONDS:.0f} s, and none as wanted")

    def names(self, batch: Batch) -> set[str]:
        """The metrics that a batch has samples of."""
        return {self.store.labels(ref).metric_name for ref in batch.samples.refs.tolist()}

    def answers(self) -> set[tuple[str, str]]:
        """Version and status of all answers."""
        return {
            (sample.labels["version"], sample.labels["code"])
            for family in self.metrics.registry.collect()
            for sample in family.samples
            if sample.name == "fleetgauge_ingest_requests_total"
        }


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    made = Gateway()
    with serving(made.server):
        yield made


@contextmanager
def serving(server: HttpServer) -> Iterator[None]:
    stop = Stop()
    thread = threading.Thread(target=server.serve, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.request("test")
        thread.join()


def has_stale(batch: Batch) -> bool:
    return bool((batch.samples.values.view("int64") == STALE_BITS).any())


def assert_page_arrives(gateway: Gateway, page: Page, sender: Server) -> None:
    gateway.wait(lambda batch: gateway.names(batch) >= PAGE_METRICS)
    page.page = PAGE_WITHOUT_TOP
    stale = gateway.wait(has_stale)
    sender.stop()
    gone = stale.samples.refs[stale.samples.values.view("int64") == STALE_BITS]
    assert "top" in {gateway.store.labels(ref).get("room") for ref in gone.tolist()}
    assert gateway.answers() == {("1.0", "204")}


@pytest.mark.peer("prometheus")
def test_a_prometheus_writes_all_it_has(servers: Servers, gateway: Gateway) -> None:
    with Page(PAGE, gateway.url) as page:
        prometheus = prometheus_sending_to(page, servers)
        sent = histogram_series({"integer_seconds": INTEGER, "float_seconds": FLOAT})
        assert post_v1(prometheus, sent).status_code == 204
        got = gateway.wait(lambda batch: len(batch.histograms) == len(sent))
        assert {
            gateway.store.labels(ref).metric_name: sample.histogram for ref, sample in got.histograms
        } == {one.labels.metric_name: one.histograms[0].histogram for one in sent}
        exemplars = gateway.wait(lambda batch: bool(batch.exemplars)).exemplars
        assert exemplars[0][1].labels.get("trace_id") == "4bf92f35"
        metadata = gateway.wait(lambda batch: bool(batch.metadata)).metadata
        assert "Temperature of the room." in {about.help for about in metadata}
        assert_page_arrives(gateway, page, prometheus)


@pytest.mark.peer("vmagent")
def test_a_vmagent_writes_all_it_has(servers: Servers, gateway: Gateway) -> None:
    with Page(PAGE, gateway.url) as page:
        assert_page_arrives(gateway, page, vmagent_sending_to(page, servers))
