"""A client of the routes for reading, over a real store, at a time that tests know."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np
from falcon.testing import Result, TestClient

from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.routes import query_routes
from gateway.metrics import Metrics
from gateway.query.catalog import Catalog
from gateway.query.memory import Memory
from gateway.query.service import Queries, Rules
from gateway.query.source import StoredSeries
from gateway.storage.store import Store
from remotewrite.decode.batch import Batch, SampleColumns
from runtime.logs import Log
from tests.gateway.storage.samples import open_store
from timeseries.exemplar import Exemplar
from timeseries.histogram import Histogram, HistogramSample
from timeseries.labels import Labels
from timeseries.metadata import Metadata

NOW_MS: Final = 1_790_000_000_000

RULES: Final = Rules(timeout_s=60, max_samples=1_000_000, lookback_ms=300_000)
NO_LIMIT: Final = Memory(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A client, its store and its metrics."""

    client: TestClient
    store: Store
    metrics: Metrics

    def get(self, path: str, **parameters: object) -> Result:
        """Ask, with what is named `match` as match[]."""
        return self.client.simulate_get(f"/api/v1/{path}", query_string=_query_string(parameters))

    def post(self, path: str, **parameters: object) -> Result:
        """Ask with a form."""
        return self.client.simulate_post(
            f"/api/v1/{path}",
            body=_query_string(parameters),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

    def data(self, path: str, **parameters: object) -> Any:
        """Return what a good answer holds."""
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        assert answer.json["status"] == "success"
        return answer.json["data"]

    def error(self, path: str, **parameters: object) -> tuple[int, str, str]:
        """Return status, type and sentence of a bad answer."""
        answer = self.get(path, **parameters)
        assert answer.json["status"] == "error"
        return answer.status_code, answer.json["errorType"], answer.json["error"]

    def write(
        self,
        labels: dict[str, str],
        samples: Iterable[tuple[int, float]] = (),
        *,
        histograms: Iterable[tuple[int, Histogram]] = (),
        exemplars: Iterable[Exemplar] = (),
        metadata: Iterable[Metadata] = (),
    ) -> None:
        """Write what one series has, at times in ms."""
        ref = self.store.register(Labels(labels))
        times, values = zip(*samples, strict=True) if samples else ((), ())
        columns = SampleColumns(
            refs=np.full(len(times), ref, np.int64),
            times=np.array(times, np.int64),
            values=np.array(values, np.float64),
            starts=np.zeros(len(times), np.int64),
        )
        self.store.commit(
            Batch(
                samples=columns,
                histograms=[(ref, HistogramSample(at, one)) for at, one in histograms],
                exemplars=[(ref, one) for one in exemplars],
                metadata=list(metadata),
                rejected=[],
            )
        )

    def counted(self, name: str, **labels: str) -> float:
        """The value of a self-metric about queries."""
        return self.metrics.registry.get_sample_value(f"fleetgauge_query_{name}", labels) or 0.0


def _query_string(parameters: dict[str, object]) -> str:

    named = {"match[]" if name == "match" else name: value for name, value in parameters.items()}
    return urlencode(named, doseq=True)


@contextmanager
def reading(
    directory: Path,
    *,
    rules: Rules = RULES,
    stopwatch: Callable[[], float] = lambda: 0.0,
    memory: Memory = NO_LIMIT,
) -> Iterator[Reader]:
    """Open a store, and give a client for it."""
    metrics = Metrics(version="", python="")
    with open_store(directory, sync="off") as store:
        queries = Queries(
            source=StoredSeries(store),
            rules=lambda: rules,
            stopwatch=stopwatch,
            memory=memory,
            ran=metrics.ran,
        )
        app = application.create(
            routes=query_routes(queries=queries, catalog=Catalog(store), now_ms=lambda: NOW_MS),
            accounting=Accounting(metrics, clock=lambda: 0.0),
            errors=Errors(log=Log("test"), new_id=lambda: "id-7"),
        )
        yield Reader(client=TestClient(app), store=store, metrics=metrics)
