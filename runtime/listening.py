"""Opens the socket to listen on, and says why an address cannot be had. Must not know who may reach it."""

import errno
import ipaddress
import socket

from runtime.errors import ListenFailed
from runtime.values import Address

_REASONS = {
    errno.EADDRINUSE: "another program listens there already",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
    errno.EACCES: "this user may not use that port",
}


def open_socket(address: Address, *, refuse: Exception | None) -> socket.socket:
    """Listen on the address. Raise ListenFailed, or what is given when it is not on loopback."""
    family, target = _resolve(address)
    if refuse is not None and not ipaddress.ip_address(target[0]).is_loopback:
        raise refuse
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(target)
        sock.listen()
    except OSError as error:
        sock.close()
        raise _failed(address, _REASONS.get(error.errno or 0) or str(error.strerror)) from error
    return sock


def url_of(sock: socket.socket, scheme: str = "http") -> str:
    """Where a listening socket is reached."""
    host, port = sock.getsockname()[:2]
    return f"{scheme}://{Address(host=host, port=port)}"


def _resolve(address: Address) -> tuple[int, tuple[str, int]]:
    """The address to bind. A name that has both is taken as IPv4, which is what people type elsewhere."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label is empty or too long
        raise _failed(address, "this name is not known") from error
    family, _, _, _, target = min(found, key=lambda each: each[0] != socket.AF_INET)
    return family, (str(target[0]), int(target[1]))


def _failed(address: Address, reason: str) -> ListenFailed:
    return ListenFailed(f"Cannot listen on {address}: {reason}. Choose another address with --listen.")
