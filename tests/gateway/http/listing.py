"""A client of the routes about agents, over a real store, at a time that the test sets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import falcon
from falcon.testing import Result, TestClient

from gateway.access.caller import ANYONE, Caller
from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.routes import agents_routes
from gateway.metrics import Metrics
from gateway.registry.machine import Timing
from gateway.registry.registry import Registry
from gateway.storage.ledger.agents import AgentTables
from gateway.storage.store import Store
from runtime.logs import Log
from tests.gateway.registry.parts import START_MS
from tests.gateway.storage.samples import open_store


@dataclass(slots=True)
class Front:
    """The routes, and who asks at what time."""

    client: TestClient
    registry: Registry
    metrics: Metrics
    store: Store
    caller: Caller = ANYONE
    now_ms: int = START_MS

    def ask(self, method: str, path: str, said: object = None, **parameters: Any) -> Result:
        """Ask, with a body in JSON or in bytes."""
        body: dict[str, Any] = {"body": said} if isinstance(said, bytes) else {"json": said}
        return self.client.simulate_request(
            method,
            f"/api/v1{path}",
            params=parameters,
            params_csv=False,
            **(body if said is not None else {}),
        )

    def data(self, method: str, path: str, said: object = None, **parameters: Any) -> Any:
        """Return what a good answer holds."""
        answer = self.ask(method, path, said, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json["data"]

    def error(self, method: str, path: str, said: object = None, **parameters: Any) -> tuple[int, str]:
        """Return the status and the sentence of a bad answer."""
        answer = self.ask(method, path, said, **parameters)
        assert answer.json["status"] == "error"
        return answer.status_code, answer.json["error"]

    def register(self, number: int = 1, **changed: Any) -> Any:
        """Register an agent."""
        said = {
            "agent_id": f"agent-{number:04}",
            "name": f"web-{number}",
            "labels": {"env": "prod" if number % 2 else "test"},
            "system": {"hostname": f"host-{number}"},
            "metrics_url": f"http://web-{number}:9256/metrics",
        }
        return self.data("POST", "/agents/register", said | changed)

    def names(self, **parameters: Any) -> list[str]:
        """Return the names of the agents that are listed."""
        return [agent["name"] for agent in self.data("GET", "/agents", **parameters)]

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Say who asks, as a middleware."""
        req.context.caller = self.caller


@contextmanager
def fronting(directory: Path, *, max_agents: int = 20) -> Iterator[Front]:
    """Open a store, and give a client of the routes about agents."""
    metrics = Metrics(version="", python="")
    with open_store(directory, sync="off") as store:
        registry = Registry(
            AgentTables(store.ledger),
            timing=Timing(),
            max_agents=max_agents,
            now_ms=START_MS,
            happened=metrics.agent_event,
        )
        app = application.create(
            routes=agents_routes(
                registry=registry,
                now_ms=lambda: front.now_ms,
                counted=metrics.agent_said,
                forget=lambda _: None,
            ),
            accounting=Accounting(metrics, clock=lambda: 0.0),
            errors=Errors(log=Log("test"), new_id=lambda: "id-7"),
        )
        front = Front(client=TestClient(app), registry=registry, metrics=metrics, store=store)
        app.add_middleware(front)
        yield front
