"""Starts real servers for a test: each on a free loopback port, in its own directory, stopped at the end.

Knows how to start them, and nothing of what a test asks them.
"""

import socket
import subprocess
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tests.peers.required import find_program, require_peer

# A start takes about a second here; a loaded machine may take much longer.
START_SECONDS: Final = 30.0
# Prometheus flushes its head when told to stop; after this long a server is killed.
GRACE_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.05

NOTHING_TO_SCRAPE: Final = "scrape_configs: []\n"

# A proxy that the machine sets must not stand between a test and its own server.
_direct: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ServerFailed(Exception):
    """A server ended or did not become ready in time; carries the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server: where to reach it, and the directory that holds its configuration, data and log."""

    url: str
    dir: Path
    process: subprocess.Popen[bytes]

    def log_tail(self, lines: int = 20) -> str:
        """The last lines that the server wrote."""
        return "\n".join((self.dir / "log").read_text(errors="replace").splitlines()[-lines:])

    def wait_ready(self, path: str) -> None:
        """Return once the path answers 200."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerFailed(
                    f"{self.dir.name} ended with {self.process.returncode}:\n{self.log_tail()}"
                )
            try:
                with _direct.open(self.url + path, timeout=1):
                    return
            except OSError:
                time.sleep(POLL_SECONDS)
        raise ServerFailed(f"{self.dir.name} was not ready after {START_SECONDS:.0f} s:\n{self.log_tail()}")

    def wait_said(self, text: str) -> None:
        """Return once the log has the text."""
        deadline = time.monotonic() + START_SECONDS
        while text not in self.log_tail():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ServerFailed(f"{self.dir.name} never said {text!r}:\n{self.log_tail()}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End the server; a second call does nothing."""
        end(self.process)


class Servers:
    """Starts servers, each ready when its method returns, and stops them all on leaving."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._running = ExitStack()
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def prometheus(self, config: str = NOTHING_TO_SCRAPE, *flags: str) -> Server:
        """A Prometheus that takes remote write; `config` is its prometheus.yml."""
        require_peer("prometheus")
        directory, port = self._place("prometheus")
        (directory / "prometheus.yml").write_text(config)
        return self._start(
            directory,
            port,
            "/-/ready",
            "prometheus",
            f"--config.file={directory}/prometheus.yml",
            f"--storage.tsdb.path={directory}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-remote-write-receiver",
            *flags,
        )

    def victoria_metrics(self, *flags: str) -> Server:
        """A VictoriaMetrics that keeps samples of any age and shows them at once."""
        require_peer("victoria-metrics")
        directory, port = self._place("victoria-metrics")
        return self._start(
            directory,
            port,
            "/health",
            "victoria-metrics",
            f"-storageDataPath={directory}/data",
            f"-httpListenAddr=127.0.0.1:{port}",
            "-retentionPeriod=100y",
            "-search.latencyOffset=0s",
            *flags,
        )

    def vmagent(self, remote_write_url: str, config: str = NOTHING_TO_SCRAPE, *flags: str) -> Server:
        """A vmagent that sends what it scrapes to the URL; `config` holds its scrape_configs."""
        require_peer("vmagent")
        directory, port = self._place("vmagent")
        (directory / "scrape.yml").write_text(config)
        return self._start(
            directory,
            port,
            "/health",
            "vmagent",
            f"-promscrape.config={directory}/scrape.yml",
            f"-remoteWrite.url={remote_write_url}",
            f"-remoteWrite.tmpDataPath={directory}/data",
            f"-httpListenAddr=127.0.0.1:{port}",
            *flags,
        )

    def alertmanager(self, config: str, *flags: str) -> Server:
        """An Alertmanager that belongs to no cluster; `config` is its alertmanager.yml."""
        require_peer("alertmanager")
        directory, port = self._place("alertmanager")
        (directory / "alertmanager.yml").write_text(config)
        return self._start(
            directory,
            port,
            "/-/ready",
            "prometheus-alertmanager",
            f"--config.file={directory}/alertmanager.yml",
            f"--storage.path={directory}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            *flags,
        )

    def node_exporter(self, *flags: str) -> Server:
        """A node_exporter; flags tell it where to look, and what else to show."""
        require_peer("node-exporter")
        directory, port = self._place("node-exporter")
        return self._start(
            directory, port, "/", "prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}", *flags
        )

    def process_exporter(self, config: str) -> Server:
        """A process-exporter, without proportional memory; `config` says how it groups."""
        require_peer("process-exporter")
        directory, port = self._place("process-exporter")
        (directory / "processes.yml").write_text(config)
        return self._start(
            directory,
            port,
            "/metrics",
            "prometheus-process-exporter",
            f"-web.listen-address=127.0.0.1:{port}",
            "-config.path=processes.yml",
            "-gather-smaps=false",
        )

    def node_exporter_behind(self, web_config: Path) -> Server:
        """A node_exporter that keeps people out as this file says; it can be asked once its log says so."""
        require_peer("node-exporter")
        directory, port = self._place("node-exporter")
        arguments = (f"--web.listen-address=127.0.0.1:{port}", f"--web.config.file={web_config}")
        server = self._launch(directory, port, "prometheus-node-exporter", *arguments)
        server.wait_said("TLS is ")
        return server

    def again(self, server: Server, ready_path: str) -> Server:
        """Start a server that has ended, with its address and its data."""
        with (server.dir / "log").open("ab") as log:
            process = subprocess.Popen(
                server.process.args,
                cwd=server.dir,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        started = Server(url=server.url, dir=server.dir, process=process)
        self._running.callback(started.stop)
        started.wait_ready(ready_path)
        return started

    def _place(self, name: str) -> tuple[Path, int]:
        self._count += 1
        directory = self._root / f"{name}-{self._count}"
        directory.mkdir()
        return directory, free_port()

    def _start(self, directory: Path, port: int, ready_path: str, program: str, *arguments: str) -> Server:
        server = self._launch(directory, port, program, *arguments)
        server.wait_ready(ready_path)
        return server

    def _launch(self, directory: Path, port: int, program: str, *arguments: str) -> Server:
        with (directory / "log").open("wb") as log:
            process = subprocess.Popen(
                [find_program(program) or program, *arguments],
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        server = Server(url=f"http://127.0.0.1:{port}", dir=directory, process=process)
        self._running.callback(server.stop)
        return server


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started here, by force if it takes long; a second call does nothing."""
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
