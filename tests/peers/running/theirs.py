"""A real Prometheus that evaluates rule files: its rules looked at again and again, and what it recorded."""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import requests

from gateway.transfer.remote import Peer, RemoteSeries
from remotewrite.compression import compress
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Series
from tests.peers.running.ours import EXTERNAL, EXTERNAL_URL, Samples
from tests.peers.servers import Servers
from timeseries.labels import Labels
from timeseries.matcher import Matcher

_LOOK_SECONDS: Final = 0.15
_PATIENCE_SECONDS: Final = 20.0
_PAUSE_MS: Final = 60

Moment = tuple[int, str, int, int]
"""An edition, a group, the place of a rule in it, and when the group began to be evaluated."""


class Theirs:
    """A Prometheus with one rule file."""

    def __init__(self, servers: Servers, directory: Path) -> None:
        self._file = directory / "rules.json"
        self._put([])
        self._server = servers.prometheus(
            json.dumps({"global": {"external_labels": dict(EXTERNAL)}, "rule_files": [str(self._file)]}),
            f"--web.external-url={EXTERNAL_URL}",
            "--web.route-prefix=/",
            "--web.enable-lifecycle",
        )
        self.url = self._server.url
        self._series = RemoteSeries(Peer(self.url))

    def write(self, series: Sequence[Series]) -> None:
        """Keep samples, in this order of series."""
        body = compress(encode_v1(series))
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
        answer = requests.post(f"{self.url}/api/v1/write", body, headers=headers, timeout=10)
        assert answer.status_code == 204, answer.text

    def take(self, groups: Sequence[Mapping[str, Any]]) -> None:
        """Let these be all groups."""
        self._put(groups)
        answer = requests.post(f"{self.url}/-/reload", timeout=20)
        assert answer.status_code == 200, f"{answer.text}\n{self._server.log_tail()}"

    def phases(self, edition: int, groups: int) -> set[int]:
        """The milliseconds of the second at which the groups run, once so many of them ran in an edition."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while len(found := self._query(f"clock{{edition='{edition}'}}")) < groups:
            assert time.monotonic() < deadline, self._server.log_tail()
            time.sleep(0.05)
        return {round(float(row["value"][1]) * 1000) % 1000 for row in found}

    def wait_for_a_pause(self, edition: int, phases: set[int]) -> None:
        """Wait until no group is evaluated nor soon will be: a change ends an evaluation in its midst."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        clock, done = (f"timestamp({name}{{edition='{edition}'}})" for name in ("clock", "done"))
        while time.monotonic() < deadline:
            rest = self._query(f"{clock} == on (g) {done}")
            now_ms = int(time.time() * 1000)
            ahead_ms = min((phase - now_ms) % 1000 for phase in phases)
            if len(rest) >= len(phases) and ahead_ms > _PAUSE_MS:
                return
            time.sleep(0.01)

    def _query(self, query: str) -> Sequence[dict[str, Any]]:
        answer = requests.get(f"{self.url}/api/v1/query", {"query": query}, timeout=5)
        result: Sequence[dict[str, Any]] = answer.json()["data"]["result"]
        return result

    def rules(self) -> Sequence[dict[str, Any]]:
        """All groups as they are now."""
        groups: Sequence[dict[str, Any]] = requests.get(f"{self.url}/api/v1/rules", timeout=5).json()["data"][
            "groups"
        ]
        return groups

    def samples(self, selector: Sequence[Matcher], start_ms: int, end_ms: int) -> Samples:
        """What it has, both times included."""
        made: dict[Labels, list[tuple[int, float]]] = {}
        for bundle in self._series.bundles([selector], start_ms, end_ms):
            for ref, time_ms, value in zip(
                bundle.refs.tolist(), bundle.times.tolist(), bundle.values.tolist(), strict=True
            ):
                made.setdefault(without_external(bundle.series[ref]), []).append((time_ms, value))
        return made

    def _put(self, groups: Sequence[Mapping[str, Any]]) -> None:
        self._file.write_text(json.dumps({"groups": groups}))


def without_external(labels: Labels) -> Labels:
    """Remote read adds the external labels."""
    return labels.dropping(dict(EXTERNAL))


class Looking:
    """Looks at the rules while it is open; keeps each rule as it was after each of its evaluations."""

    def __init__(self, theirs: Theirs) -> None:
        self._theirs = theirs
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._before: dict[Moment, dict[str, Any]] = {}
        self.found: dict[Moment, dict[str, Any]] = {}

    def __enter__(self) -> "Looking":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over.wait(_LOOK_SECONDS):
            for group in self._theirs.rules():
                edition = int(group["rules"][0]["labels"]["edition"])
                began_ms = ms_of(group["lastEvaluation"])
                ended_ms = began_ms + group["evaluationTime"] * 1000 + 1
                for place, rule in enumerate(group["rules"]):
                    # Otherwise it is of the time that is not over yet.
                    if began_ms <= ms_of(rule["lastEvaluation"]) <= ended_ms:
                        self._note((edition, group["name"], place, began_ms), rule)

    def _note(self, moment: Moment, rule: dict[str, Any]) -> None:
        """Keep a rule that looks the same for the second time: it was not in the midst of an evaluation."""
        if moment not in self.found and rule["lastEvaluation"].startswith("2"):
            if self._before.get(moment) == rule:
                self.found[moment] = rule
            self._before[moment] = rule


def ms_of(text: str) -> int:
    """Read a time; what is behind the milliseconds is cut."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(f"{whole}+00:00").timestamp()) * 1000 + int(f"{fraction:0<3.3}")
