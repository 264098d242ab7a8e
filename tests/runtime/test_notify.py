"""What a service manager hears, over a socket as systemd's."""

import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

from runtime import notify


@pytest.mark.parametrize("abstract", [False, True])
def test_a_state_is_one_message(tmp_path: Path, abstract: bool) -> None:
    name = f"@{tmp_path}" if abstract else f"{tmp_path}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{tmp_path}" if abstract else name)
        manager.settimeout(5)
        heard = notify.Manager({"NOTIFY_SOCKET": name})
        for state in (notify.READY, notify.ALIVE, notify.STOPPING, notify.reloading(123)):
            heard.say(state)
            assert manager.recv(100).decode() == state
    assert notify.reloading(123) == "RELOADING=1\nMONOTONIC_USEC=123"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/there/is/none"}])
def test_without_a_manager_nothing_is_said_and_nothing_fails(environ: dict[str, str]) -> None:
    notify.Manager(environ).say(notify.READY)


def test_a_manager_whose_queue_is_full_holds_nothing_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"{tmp_path}/notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as others, suppress(BlockingIOError):
            others.setblocking(False)
            while True:
                others.sendto(b"x", f"{tmp_path}/notify")
        began = time.monotonic()
        notify.Manager({"NOTIFY_SOCKET": f"{tmp_path}/notify"}).say(notify.ALIVE)
        assert time.monotonic() - began < 10 * notify.WAIT_S
