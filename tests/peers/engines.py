"""Starts real container engines for a test, in a network of their own, with an image that holds busybox.

Knows how to start and to ask them, and nothing of what a test looks for.
"""

import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from exporter.collectors.containers.addresses import Address
from exporter.collectors.containers.engine import Session
from tests.peers.required import find_program, go_without, require_peer
from tests.peers.servers import POLL_SECONDS, START_SECONDS, end

APPLETS: Final = ("sh", "sleep", "true", "false")
# Below this, engines put the cgroups of their containers.
_PARENT: Final = f"/fleetgauge-{os.getpid()}"
_ASKING_SECONDS: Final = 20.0


@dataclass(slots=True, kw_only=True)
class Engine:
    """A running engine."""

    name: str
    socket: Path
    process: subprocess.Popen[bytes]
    image: str = ""

    @property
    def host(self) -> str:
        return f"unix://{self.socket}"

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Any:
        """What the engine answers, decoded when it is one JSON value."""
        with Session(Address(text=self.host, socket=self.socket), allowed_s=_ASKING_SECONDS) as session:
            connection = session.connection()
            connection.request(method, path, body or None, {"Content-Type": kind} if body else {})
            response = connection.getresponse()
            text = response.read()
        assert response.status < 300, f"{method} {path}: {response.status} {text[:500]!r}"
        try:
            return json.loads(text)
        except ValueError:
            return text

    def run(self, name: str, command: Sequence[str], *, network: str = "none", **settings: Any) -> str:
        """Start a container; its id."""
        host = settings.pop("HostConfig", {})
        # Podman 4.3 would raise limits beyond those that root may have here.
        limits = [{"Name": each, "Soft": 1024, "Hard": 1024} for each in ("nofile", "nproc")]
        wanted = {
            "Image": self.image,
            "Cmd": list(command),
            "HostConfig": {"NetworkMode": network, "Ulimits": limits, "CgroupParent": _PARENT, **host},
            **settings,
        }
        created = self.ask("POST", f"/containers/create?name={name}", json.dumps(wanted).encode())
        self.ask("POST", f"/containers/{name}/start")
        return str(created["Id"])

    def remove(self, name: str) -> None:
        self.ask("DELETE", f"/containers/{name}?force=true&v=true")

    def wait_ready(self, log: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(OSError, HTTPException):
                self.ask("GET", "/version")
                return
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"{self.name} did not start:\n{log.read_text(errors='replace')[-3000:]}")

    def stop(self) -> None:
        with suppress(OSError, HTTPException, AssertionError):
            for container in self.ask("GET", "/containers/json?all=true"):
                self.remove(container["Id"])
        end(self.process)


@contextmanager
def docker() -> Iterator[Engine]:
    """A Docker engine whose bridge is in a network namespace that ends with it."""
    require_peer("container-engine")
    with _directory() as root:
        command = [_program("dockerd"), "--data-root", f"{root}/data", "--exec-root", f"{root}/exec"]
        command += ["--pidfile", f"{root}/pid", "-H", f"unix://{root}/engine.sock"]
        command += ["--storage-driver=overlay2", "--exec-opt=native.cgroupdriver=cgroupfs"]
        command += ["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"]
        with _running("docker", root, command, {}) as engine:
            yield engine
        # Docker leaves this mount behind, and the directory with it.
        subprocess.run(["umount", f"{root}/exec/netns/default"], check=False, capture_output=True)


@contextmanager
def podman() -> Iterator[Engine]:
    """Podman's service."""
    require_peer("podman")
    with _directory() as root:
        (root / ".config/containers").mkdir(parents=True)
        (root / ".config/containers/policy.json").write_text(
            '{"default": [{"type": "insecureAcceptAnything"}]}'
        )
        (root / "containers.conf").write_text(
            '[containers]\nlog_driver = "k8s-file"\n'
            '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
            f'conmon_path = ["{_program("conmon")}"]\n'
            f'[network]\nnetwork_backend = "cni"\nnetwork_config_dir = "{root}/networks"\n'
        )
        command = [_program("podman"), "--root", f"{root}/data", "--runroot", f"{root}/run"]
        command += ["--tmpdir", f"{root}/tmp", "--storage-driver=vfs"]
        command += ["system", "service", "-t", "0", f"unix://{root}/engine.sock"]
        environ = {"HOME": str(root), "CONTAINERS_CONF": f"{root}/containers.conf"}
        with _running("podman", root, command, environ) as engine:
            yield engine


@contextmanager
def _directory() -> Iterator[Path]:
    if os.geteuid() != 0:
        go_without("a container engine of its own needs root")
    # Not below pytest's directory: the path of a socket has at most 107 bytes.
    directory = Path(tempfile.mkdtemp(prefix="engine-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        for cgroup in sorted(Path("/sys/fs/cgroup").glob(f"*{_PARENT}")):
            for path in (*cgroup.glob("*/"), cgroup):
                with suppress(OSError):
                    path.rmdir()


@contextmanager
def _running(name: str, root: Path, command: Sequence[str], environ: dict[str, str]) -> Iterator[Engine]:
    log = root / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environ},
            start_new_session=True,
        )
    engine = Engine(name=name, socket=root / "engine.sock", process=process)
    try:
        engine.wait_ready(log)
        path = "/images/create?fromSrc=-" + ("&repo=test/busybox&tag=1" if name == "docker" else "")
        answer = str(engine.ask("POST", path, _image(), "application/x-tar"))
        found = re.search("sha256:[0-9a-f]{64}", answer)
        assert found, answer
        engine.image = "test/busybox:1" if name == "docker" else found[0]
        yield engine
    finally:
        engine.stop()


def _image() -> bytes:
    """The files of an image: busybox alone, which is linked statically."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for directory in ("bin", "etc", "tmp", "proc", "sys", "dev"):
            entry = tarfile.TarInfo(directory)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        tar.add(_program("busybox"), "bin/busybox")
        for name in APPLETS:
            entry = tarfile.TarInfo(f"bin/{name}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
    return packed.getvalue()


def _program(name: str) -> str:
    found = find_program(name)
    assert found, f"{name} is not installed"
    return found
