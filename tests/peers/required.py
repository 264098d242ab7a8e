"""Which real programs tests may ask for, and what becomes of a test whose program is missing.

Knows no test and starts nothing.
"""

import os
import shutil
from typing import Final, NoReturn

import pytest

# Peer to the programs it takes, by the names that Debian's packages give them.
PEERS: Final = {
    "prometheus": ("prometheus", "promtool"),
    "alertmanager": ("prometheus-alertmanager", "amtool"),
    "victoria-metrics": ("victoria-metrics",),
    "vmagent": ("vmagent",),
    "chromium": ("chromium",),
    "container-engine": ("dockerd", "busybox"),
    "podman": ("podman", "conmon", "runc", "busybox"),
    "node-exporter": ("prometheus-node-exporter",),
    "process-exporter": ("prometheus-process-exporter",),
    "strace": ("strace",),
}

# Debian keeps some of them where only root's PATH looks.
_SYSTEM_DIRECTORIES: Final = ("/usr/sbin", "/sbin")


def find_program(name: str) -> str | None:
    """The path of a program, or None."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_SYSTEM_DIRECTORIES))
    return shutil.which(name, path=path)


def require_peer(peer: str) -> None:
    """Skip the running test when the peer is missing; fail it where peers are required."""
    if peer not in PEERS:
        pytest.fail(f"no peer is called {peer!r}; there are {', '.join(PEERS)}", pytrace=False)
    if not all(find_program(program) for program in PEERS[peer]):
        go_without(f"{peer} is not installed; `make peers` installs it")


def go_without(reason: str) -> NoReturn:
    """Skip the running test; fail it where peers are required."""
    if os.environ.get("FLEETGAUGE_REQUIRE_PEERS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
