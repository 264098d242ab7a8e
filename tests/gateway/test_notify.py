"""systemd hears when the gateway is ready, takes its settings anew, and stops."""

import signal
import socket
from pathlib import Path

import pytest

from tests.gateway.programs import running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_systemd_hears_of_each_step(tmp_path: Path, number: signal.Signals) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(20)
        with running("gateway", "--listen", "127.0.0.1:0", NOTIFY_SOCKET=address) as gateway:
            assert manager.recv(100) == b"READY=1"
            gateway.process.send_signal(signal.SIGHUP)
            assert manager.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
            assert manager.recv(100) == b"READY=1"
            gateway.process.send_signal(number)
            assert manager.recv(100) == b"STOPPING=1"
            assert gateway.process.wait(10) == 0
