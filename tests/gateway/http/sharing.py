"""The routes by which samples are read, on a real server over a real store, at a time that tests know."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from gateway.http import application, listen
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.federate import Federate
from gateway.http.read import RemoteRead
from gateway.http.routes import is_query, query_routes, routes, sharing_routes
from gateway.http.server import HttpServer
from gateway.metrics import Metrics
from gateway.query.catalog import Catalog
from gateway.query.latest import NewestSamples
from gateway.query.memory import Memory
from gateway.query.remote import MAX_READ_SAMPLES, RemoteReader
from gateway.query.service import Queries, Rules
from gateway.query.source import StoredSeries
from gateway.storage.store import Store
from remotewrite.decode.table import SeriesTable
from remotewrite.decode.v1 import decode_v1
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Sample, Series
from runtime.listening import url_of
from runtime.logs import Log
from runtime.stop import Stop
from runtime.values import Address
from tests.gateway.storage.samples import open_store
from tests.strategies import NOW_MS
from timeseries.labels import Labels
from timeseries.metadata import Metadata

LOOKBACK_MS = 300_000
MAX_SAMPLES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A store, and where it is served."""

    url: str
    store: Store

    def put(self, *series: Series, metadata: Iterable[Metadata] = ()) -> None:
        """Keep series, as a sender's request would."""
        batch = decode_v1(encode_v1(series, metadata), SeriesTable(self.store.register))
        self.store.commit(batch)

    def get(self, path: str, *pairs: tuple[str, str], **headers: str) -> requests.Response:
        """Ask."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.get(f"{self.url}{path}", params=pairs, headers=given, timeout=60)

    def post(self, path: str, body: bytes, **headers: str) -> requests.Response:
        """Post a body."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(f"{self.url}{path}", data=body, headers=given, timeout=60)


@contextmanager
def sharing(
    directory: Path,
    *,
    max_read_samples: int = MAX_READ_SAMPLES,
    max_samples: int = MAX_SAMPLES,
    timeout_s: float = 60.0,
    now_ms: Callable[[], int] = lambda: NOW_MS,
) -> Iterator[Shared]:
    """Serve a store."""
    metrics = Metrics(version="", python="")
    accounting = Accounting(metrics, clock=time.perf_counter)
    sock = listen.open_socket(Address(host="127.0.0.1", port=0), allow_anonymous=False)
    url = url_of(sock)
    with open_store(directory, sync="off") as store:
        rules = Rules(timeout_s=timeout_s, max_samples=max_samples, lookback_ms=LOOKBACK_MS)
        app = application.create(
            routes=routes(version="", metrics=metrics)
            | sharing_routes(
                read=RemoteRead(RemoteReader(store, max_samples=max_read_samples)),
                federate=Federate(
                    NewestSamples(store, lookback_ms=lambda: LOOKBACK_MS),
                    metadata=lambda: store.metadata,
                    now_ms=now_ms,
                ),
            )
            | query_routes(
                queries=Queries(
                    source=StoredSeries(store),
                    rules=lambda: rules,
                    stopwatch=time.perf_counter,
                    memory=Memory(0),
                ),
                catalog=Catalog(store),
                now_ms=now_ms,
            ),
            accounting=accounting,
            errors=Errors(log=Log("test"), new_id=str),
        )
        server = HttpServer(
            app,
            sock,
            clock=time.monotonic,
            on_unreadable=accounting.unreadable,
            new_id=str,
            is_query=is_query,
            query_threads=2,
        )
        stop = Stop()
        thread = threading.Thread(target=server.serve, args=(stop,))
        thread.start()
        try:
            yield Shared(url=url, store=store)
        finally:
            stop.request("test")
            thread.join()


def gauge(name: str, *points: tuple[int, float], **labels: str) -> Series:
    """Return a series with a value at each time, in ms before now."""
    return Series(
        labels=Labels({"__name__": name, **labels}),
        samples=[Sample(NOW_MS - ago, value) for ago, value in points],
    )
