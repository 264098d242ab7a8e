"""The write endpoint over a store in memory, at a time that tests know, and requests to send to it."""

from collections.abc import Iterable
from itertools import count
from typing import Final

from falcon.testing import Result, TestClient

from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.routes import write_routes
from gateway.ingest.budget import Budget
from gateway.ingest.receiver import Clocks, Receiver
from gateway.metrics import Metrics
from remotewrite.compression import compress
from remotewrite.model import Sample, Series
from runtime.logs import Log
from tests.gateway.ingest.memory import MemoryStore
from tests.strategies import NOW_MS, reference_v1, reference_v2
from timeseries.labels import Labels
from timeseries.metadata import Metadata

V1: Final = "application/x-protobuf"
V2: Final = "application/x-protobuf;proto=io.prometheus.write.v2.Request"

DAY_MS: Final = 24 * 60 * 60 * 1000


class Endpoint:
    """It is NOW_MS, and what is older than a day is not kept."""

    def __init__(self, store: MemoryStore | None = None, *, budget: Budget | None = None) -> None:
        self.store = store or MemoryStore(oldest_ms=NOW_MS - DAY_MS)
        self.metrics = Metrics(version="", python="")
        ticks = count()
        clocks = Clocks(now_ms=lambda: NOW_MS, stopwatch=lambda: float(next(ticks)))
        self.receiver = Receiver(self.store, clocks=clocks, budget=budget or Budget())
        self.app = application.create(
            routes=write_routes(receiver=self.receiver, metrics=self.metrics),
            accounting=Accounting(self.metrics, clock=lambda: 0.0),
            errors=Errors(log=Log("test"), new_id=lambda: "id-7"),
        )
        self.client = TestClient(self.app)

    def post(self, body: bytes, **headers: str | None) -> Result:
        """Post a body as 1.0 and snappy unless the headers say otherwise; None leaves one out."""
        given = {"Content-Type": V1, "Content-Encoding": "snappy"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        sent = {name: value for name, value in given.items() if value is not None}
        return self.client.simulate_post("/api/v1/write", body=body, headers=sent)

    def write(self, *series: Series, version: str = V1) -> Result:
        """Write series."""
        return self.post(body_of(*series, version=version), Content_Type=version)

    def kept(self) -> list[tuple[str, int, float]]:
        """Each sample that was committed: the name of its metric, its time and its value."""
        return [
            (self.store.labels(ref).metric_name, time_ms, value)
            for batch in self.store.batches
            for ref, time_ms, value in zip(
                batch.samples.refs.tolist(),
                batch.samples.times.tolist(),
                batch.samples.values.tolist(),
                strict=True,
            )
        ]

    def counted(self, name: str, **labels: str) -> float:
        """The value of a self-metric."""
        return self.metrics.registry.get_sample_value(f"fleetgauge_ingest_{name}", labels) or 0.0


def body_of(*series: Series, version: str = V1, metadata: Iterable[Metadata] = ()) -> bytes:
    """Write a request with protobuf's own classes, which take what no sender should send, too."""
    message = reference_v1(series, metadata) if version == V1 else reference_v2(series)
    return compress(message.SerializeToString())


def series_of(name: str, *times_ms: int, **labels: str) -> Series:
    """Return a series with a 1 at each time, or only now."""
    return Series(
        labels=Labels({"__name__": name, **labels}),
        samples=[Sample(time_ms, 1.0) for time_ms in times_ms or (NOW_MS,)],
    )


def nameless(*times_ms: int) -> Series:
    """Return a series that no receiver may take."""
    return Series(
        labels=Labels({"job": "x"}), samples=[Sample(time_ms, 1.0) for time_ms in times_ms or (NOW_MS,)]
    )


def written(answer: Result) -> tuple[str | None, ...]:
    """Return the counts of the 2.0 headers: samples, histograms, exemplars."""
    return tuple(
        answer.headers.get(f"x-prometheus-remote-write-{kind}-written")
        for kind in ("samples", "histograms", "exemplars")
    )


NOT_WRITTEN: Final = (None, None, None)
