"""Who may reach the gateway by default. Must not know how a socket is opened."""

import socket

from runtime.errors import ListenRefused
from runtime.listening import open_socket as open_on
from runtime.values import Address


def open_socket(address: Address, *, allow_anonymous: bool) -> socket.socket:
    """Listen on the address; off loopback only if anonymous access is allowed."""
    refusal = ListenRefused(
        f"Not listening on {address}: everyone who can reach this address could use the gateway. "
        "If you want that, add --allow-anonymous. Otherwise listen on 127.0.0.1."
    )
    return open_on(address, refuse=None if allow_anonymous else refusal)
