"""Who may reach the gateway by default, and whether by TLS. Must not know how a socket is opened."""

import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.errors import ListenRefused
from runtime.listening import open_socket as open_on
from runtime.values import Address

if TYPE_CHECKING:
    from gateway.http.tls import Tls


def open_socket(address: Address, *, allow_anonymous: bool, guarded: bool = False) -> socket.socket:
    """Listen on the address; off loopback only if callers are asked who they are, or everyone is welcome."""
    refusal = ListenRefused(
        f"Not listening on {address}: everyone who can reach this address could use the gateway. "
        "Make a token or a user first, with `fleetgauge token create` or `fleetgauge user add`: then the "
        "gateway asks who calls. If everyone is welcome, add --allow-anonymous. Otherwise listen on "
        "127.0.0.1."
    )
    return open_on(address, refuse=None if allow_anonymous or guarded else refusal)


def is_loopback(sock: socket.socket) -> bool:
    """Whether only this machine reaches the socket."""
    return ipaddress.ip_address(sock.getsockname()[0]).is_loopback


def make_tls(
    certificate: str, key: str, *, clock: Callable[[], float], failed: Callable[[str], None]
) -> "Tls | None":
    """Return what makes connections speak TLS, None without a certificate; raises SettingsError."""
    if not certificate:
        return None
    # Only here: it brings OpenSSL.
    from gateway.http.tls import Tls

    return Tls(Path(certificate), Path(key), clock=clock, failed=failed)
