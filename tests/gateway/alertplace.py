"""A gateway with rules and a receiver of webhooks, to be killed and started again as a test likes."""

import json
import shutil
import socket
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from alertrules.alert import fingerprint_of
from gateway.storage.database import FILE_NAME
from gateway.storage.ledger.told import load_told
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Sample, Series
from tests.gateway.programs import Program, running
from tests.gateway.test_storing import now_ms, post
from timeseries.labels import Labels

RULES = """
groups:
- name: levels
  interval: 200ms
  rules:
  - {alert: Level, expr: level > 0}
  - {alert: Source, expr: source > 0}
  - {alert: Waits, expr: waits > 0, for: 3s}
"""

ROUTES = """
route:
  receiver: hook
  group_by: [alertname, host]
  group_wait: 300ms
  group_interval: 300ms
  repeat_interval: 1h
  routes:
  - {matchers: ['pace="slow"'], group_wait: 4s, group_interval: 4s}
inhibit_rules:
- {source_matchers: [alertname="Source"], target_matchers: [alertname="Level"], equal: [host]}
receivers:
- name: hook
  webhook_configs: [{url: 'http://127.0.0.1:%d/'}]
"""

PATIENCE_S = 20.0

FIRING, RESOLVED = "firing", "resolved"


def until(is_true: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.03)


class Hook(ThreadingHTTPServer):
    """A receiver: what it took, in order. It refuses hosts for a while, or takes its time."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refuses: set[str] = set()
        self.refused: Counter[str] = Counter()
        self.seconds = 0.0
        self.began = 0
        self.taken: list[tuple[str, str, str]] = []
        self.lock = threading.Lock()
        self.fingerprints: dict[tuple[str, str], str] = {}

    def told(self, host: str, name: str = "Level") -> list[str]:
        """What it was told of an alert, in order: firing, resolved and so on."""
        with self.lock:
            return [status for one, each, status in self.taken if (one, each) == (host, name)]

    def take(self, said: dict[str, Any]) -> bool:
        with self.lock:
            self.began += 1
            labels = [alert["labels"] for alert in said["alerts"]]
            refused = {each["host"] for each in labels} & self.refuses
            self.refused.update(refused)
        time.sleep(self.seconds)
        with self.lock:
            for alert in () if refused else said["alerts"]:
                key = (alert["labels"]["host"], alert["labels"]["alertname"])
                self.fingerprints[key] = alert["fingerprint"]
                self.taken.append((*key, alert["status"]))
        return not refused


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_taken = self.server.take(said)
        self.send_response(200 if is_taken else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name is given
        """Say nothing."""


class Place:
    """Where a gateway lives: its data, its port and its files stay the same."""

    def __init__(self, directory: Path, hook: Hook, data: Path | None = None) -> None:
        self.hook = hook
        self.data = data or directory / "data"
        self.rules, self.routes = directory / "rules.yml", directory / "alertmanager.yml"
        self.rules.write_text(RULES)
        self.routes.write_text(ROUTES % hook.server_port)
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]
        self.gateway: Program

    @contextmanager
    def runs(self) -> Iterator[Program]:
        """Run the gateway until the end, which is a kill."""
        flags = {
            "--listen": f"127.0.0.1:{self.port}",
            "--data-dir": self.data,
            "--rules": self.rules,
            "--alertmanager-config": self.routes,
        }
        arguments = [str(each) for pair in flags.items() for each in pair]
        with running("gateway", *arguments) as self.gateway:
            # What it says goes nowhere; a full pipe would stop it.
            threading.Thread(target=self.gateway.rest, daemon=True).start()
            yield self.gateway
            self.gateway.process.kill()
            self.gateway.process.wait(10)

    def write(self, value: float, *hosts: str, name: str = "level", pace: str = "") -> None:
        """Set the level of hosts."""
        series = [
            Series(
                labels=Labels({"__name__": name, "host": host} | ({"pace": pace} if pace else {})),
                samples=[Sample(now_ms(), value)],
            )
            for host in hosts
        ]
        assert post(self.gateway.url, encode_v1(series)).status_code == 204

    def ask(self, path: str, **parameters: str) -> Any:
        return requests.get(f"{self.gateway.url}{path}", parameters, timeout=10).json()

    def firing(self, name: str = "Level") -> set[str]:
        """Hosts for which the rule itself says that it fires."""
        return {
            alert["labels"]["host"]
            for alert in self.ask("/api/v1/alerts")["data"]["alerts"]
            if alert["state"] == FIRING and alert["labels"]["alertname"] == name
        }

    def silence(self, host: str, seconds: float) -> None:
        begins, ends = (
            time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + at)) for at in (-2, seconds)
        )
        matcher = {"name": "host", "value": host, "isRegex": False}
        answer = requests.post(
            f"{self.gateway.url}/api/v2/silences",
            json={
                "matchers": [matcher], "startsAt": begins, "endsAt": ends,
                "createdBy": "me", "comment": "work",
            },
            timeout=10,
        )  # fmt: skip
        assert answer.status_code == 200, answer.text

    def episodes(self, host: str, name: str = "Level") -> list[dict[str, Any]]:
        """What the history says of an alert, the oldest first."""
        found = self.ask("/api/v1/alerts/history", name=name, limit="500")["data"]["episodes"]
        return [each for each in reversed(found) if each["labels"]["host"] == host]

    def written(self) -> dict[str, str]:
        """The last state that is written of each alert that somebody was told of; the gateway is dead."""
        with TemporaryDirectory() as directory:
            for file in self.data.glob(f"{FILE_NAME}*"):
                shutil.copy(file, directory)
            with closing(sqlite3.connect(Path(directory) / FILE_NAME)) as connection:
                told = load_told(connection, 0)
        return {one: FIRING for each in told for one in each.firing} | {
            one: RESOLVED for each in told for one in each.resolved - each.firing
        }


def fingerprint(host: str, name: str = "Level") -> str:
    return fingerprint_of(Labels({"alertname": name, "host": host}))


@contextmanager
def hooked() -> Iterator[Hook]:
    with Hook() as hook:
        thread = threading.Thread(target=hook.serve_forever, daemon=True)
        thread.start()
        try:
            yield hook
        finally:
            hook.shutdown()
            thread.join()
