"""A whole gateway with accounts, asked without a socket, and its callers of every kind."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from falcon.testing import Result, TestClient

from gateway.access.audit import Actor
from gateway.access.desk import Order
from gateway.access.roles import Role
from gateway.app import Gateway, open_desk
from gateway.settings import GatewaySettings
from runtime.stop import Stop
from runtime.values import Address

TESTER: Final = Actor(name="tester", address="")
PASSWORD: Final = "correct horse battery"
GUARD: Final = {"X-Fleetgauge": "1"}

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A gateway and who is known there."""

    client: TestClient
    directory: Path

    def ask(self, method: str, path: str, headers: Headers | None = None, **more: Any) -> Result:
        """Ask as whoever the headers say."""
        return self.client.simulate_request(method, path, headers=dict(headers or {}), **more)

    def token(self, order: Order) -> Headers:
        """Make a token beside the running gateway, and return how it is shown."""
        with open_desk(str(self.directory)) as desk:
            return bearer(desk.create_token(order, TESTER)[1])

    def user(self, name: str, role: Role) -> Headers:
        """Add a user beside the running gateway, and return how they say who they are."""
        with open_desk(str(self.directory)) as desk:
            desk.add_user(name, role, PASSWORD, TESTER)
        return basic(name)

    def session(self, name: str) -> Headers:
        """Log in, and return what a browser sends from then on."""
        answer = self.ask("POST", "/api/v1/login", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return {"Cookie": f"fleetgauge_session={answer.cookies['fleetgauge_session'].value}"}


def bearer(secret: str) -> Headers:
    return {"Authorization": f"Bearer {secret}"}


def basic(name: str, password: str = PASSWORD) -> Headers:
    return {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}


@contextmanager
def house(directory: Path, **settings: Any) -> Iterator[House]:
    """Start a gateway on loopback, and end it."""
    given: dict[str, Any] = {
        "listen": Address(host="127.0.0.1", port=0),
        "data_dir": str(directory),
    } | settings
    gateway = Gateway(GatewaySettings(**given))
    stop = Stop()
    stop.request("test")
    try:
        gateway.open()
        yield House(client=TestClient(gateway.application), directory=directory)
        gateway.close()
    finally:
        gateway.server.serve(stop)
