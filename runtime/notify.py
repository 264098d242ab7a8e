"""Tells systemd how the program is. Knows no program; without systemd it says nothing."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"
ALIVE: Final = "WATCHDOG=1"

WAIT_S: Final = 0.2
"""A manager that does not read holds nobody up for longer."""


def reloading(now_us: int) -> str:
    """Say that the settings are read again; `now_us` is of the monotonic clock."""
    return f"RELOADING=1\nMONOTONIC_USEC={now_us}"


class Manager:
    """The service manager that started us, if one did."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # A name in the abstract namespace is written with @ and begins with a zero byte.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    def say(self, state: str) -> None:
        """Tell the state; one that nobody hears is no reason to fail."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(WAIT_S)
            sock.sendto(state.encode(), self._address)
