"""Runs the agent as its user does: a process with its settings in a file, a state directory and a log."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from remotewrite.compression import decompress
from remotewrite.encode.downgrade import v1_from_v2
from tests.exporter import pages
from tests.exporter.http.serving import eventually
from tests.gateway.programs import FLEETGAUGE, environment
from tests.remotewrite.schema import write_v1_pb2 as v1

START_S = 20.0


@dataclass(kw_only=True)
class Agent:
    """A running agent: where its pages are, and the directory with `agent.yml`, `state` and `log`."""

    process: subprocess.Popen[bytes]
    directory: Path
    url: str = ""

    @property
    def state(self) -> Path:
        return self.directory / "state"

    def log(self) -> str:
        return (self.directory / "log").read_text()

    def get(self, path: str = "/metrics", **headers: str) -> requests.Response:
        return requests.get(self.url + path, headers=headers, timeout=10)

    def page(self) -> pages.Page:
        return pages.parsed(self.get().text)

    def value(self, name: str, **labels: str) -> float | None:
        """What /metrics says of a series; None where it says nothing."""
        return self.page().get(name, ("", {}))[1].get(frozenset(labels.items()))

    def rounds(self) -> int:
        text = self.get("/metrics?collect[]=agent").text
        [(value)] = pages.parsed(text)["fleetgauge_agent_rounds_total"][1].values()
        return int(value)

    def after_rounds(self, number: int) -> int:
        """Wait until so many more rounds were made; return how many there are."""
        wanted = self.rounds() + number
        eventually(lambda: self.rounds() >= wanted, 5.0 + 3 * number)
        return self.rounds()

    def health(self) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.get("/health").json()
        return answer

    def settings(self, text: str) -> None:
        (self.directory / "agent.yml").write_text(text)

    def reload(self, text: str) -> requests.Response:
        self.settings(text)
        return requests.post(f"{self.url}/reload", timeout=20)

    def said(self, text: str) -> None:
        """Wait for it."""
        eventually(lambda: text in self.log(), 10.0)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Ask it to stop; return how long that took."""
        began = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(15) == 0, self.log()
        return time.monotonic() - began

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def agent(directory: Path, settings: str = "", *flags: str, **variables: str) -> Iterator[Agent]:
    """Run one on a free port. The directory may be one that an agent ran in before."""
    directory.mkdir(exist_ok=True)
    (directory / "agent.yml").write_text(settings)
    command = [str(FLEETGAUGE), "agent", "--config", "agent.yml", "--state-dir", "state", *flags]
    if not any(flag.startswith("--listen") for flag in flags):
        command += ["--listen", "127.0.0.1:0"]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env=environment(**variables),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    made = Agent(process=process, directory=directory)
    try:
        eventually(lambda: "event=agent.started" in made.log() or process.poll() is not None, START_S)
        assert process.poll() is None, made.log()
        made.url = made.log().partition(" url=")[2].split()[0]
        yield made
    finally:
        process.kill()
        process.wait()


Arrived = dict[tuple[tuple[str, str], ...], dict[int, float]]


def arrived(bodies: list[bytes], wanted: Callable[[str], bool]) -> Arrived:
    """The samples, by labels and time, of the metrics that are wanted. The same may come twice."""
    found: Arrived = {}
    for body in list(bodies):
        for series in v1.WriteRequest.FromString(v1_from_v2(decompress(body))).timeseries:
            labels = tuple((label.name, label.value) for label in series.labels)
            if wanted(dict(labels)["__name__"]):
                found.setdefault(labels, {}).update(
                    {sample.timestamp: sample.value for sample in series.samples}
                )
    return found
