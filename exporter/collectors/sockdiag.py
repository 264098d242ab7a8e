"""Asks the kernel for its TCP sockets by netlink. Knows no metric.

The files in /proc/net are slow: twenty times as long on a host with few sockets and a large table for them.
"""

import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

# From linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h.
_SOCK_DIAG: Final = 4
_BY_FAMILY: Final = 20
_REQUEST_DUMP: Final = 0x301
_ERROR, _DONE = 2, 3
_ALL_STATES: Final = 0xFFFFFFFF
# The header of a message, then which family and protocol, in which states, and no certain socket.
_REQUEST: Final = struct.Struct("=IHHIIBBBBI48x")
_HEADER: Final = struct.Struct("=IHHII")
# State; behind addresses and time-outs, what waits to be read and to be sent.
_ANSWER: Final = struct.Struct("=xB54xII8x")
_ERRNO: Final = struct.Struct("=i")
# The kernel fills at most 32 KiB at a time.
_BUFFER: Final = 65_536
_PATIENCE_SECONDS: Final = 2


class TcpSocket(NamedTuple):
    """The kernel's number of its state, bytes that wait to be read, and bytes that wait to be sent."""

    state: int
    receive: int
    transmit: int


Ask = Callable[[], Iterable[TcpSocket]]


def ask_kernel() -> list[TcpSocket]:
    """All TCP sockets of this network namespace; OSError where the kernel does not tell them so."""
    return [found for family in (socket.AF_INET, socket.AF_INET6) for found in _dump(family)]


def _dump(family: int) -> Iterator[TcpSocket]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG) as link:
        link.settimeout(_PATIENCE_SECONDS)
        link.send(
            _REQUEST.pack(
                _REQUEST.size, _BY_FAMILY, _REQUEST_DUMP, 1, 0, family, socket.IPPROTO_TCP, 0, 0, _ALL_STATES
            )
        )
        while True:
            answer = link.recv(_BUFFER)
            for kind, body in messages(answer):
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    raise OSError(-_ERRNO.unpack_from(body)[0], "the kernel does not tell its sockets")
                yield TcpSocket(*_ANSWER.unpack_from(body))


def messages(answer: bytes) -> Iterator[tuple[int, bytes]]:
    """The kind and the body of each message; OSError where they are cut short."""
    at = 0
    while at < len(answer):
        if len(answer) - at < _HEADER.size:
            raise OSError("a message of the kernel is cut short")
        length, kind, *_ = _HEADER.unpack_from(answer, at)
        body = answer[at + _HEADER.size : at + length]
        if length < _HEADER.size + _ERRNO.size or len(body) < length - _HEADER.size:
            raise OSError("a message of the kernel is cut short")
        if kind not in {_ERROR, _DONE} and len(body) < _ANSWER.size:
            raise OSError("a message of the kernel is cut short")
        yield kind, body
        at += (length + 3) & ~3
