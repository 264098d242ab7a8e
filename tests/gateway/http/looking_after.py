"""A client of the routes that look after a store, over a real one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from falcon.testing import TestClient

from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.routes import store_routes
from gateway.keeper import Eraser
from gateway.metrics import Metrics
from gateway.storage.statistics import Statistics
from gateway.storage.store import Store
from gateway.storage.upkeep import Policy, Upkeep
from runtime.logs import Log
from tests.gateway.storage.samples import open_store


@contextmanager
def looking_after(directory: Path, *, admin: bool = True) -> Iterator[tuple[TestClient, Store]]:
    """Open a store, and give a client and the store."""
    with open_store(directory, sync="off") as store:
        upkeep = Upkeep(store, Policy())
        app = application.create(
            routes=store_routes(
                statistics=Statistics(store).take, eraser=Eraser(store, upkeep) if admin else None
            ),
            accounting=Accounting(Metrics(version="", python=""), clock=lambda: 0.0),
            errors=Errors(log=Log("test"), new_id=lambda: "id-7"),
        )
        yield TestClient(app), store
