"""TCP sockets by netlink, as the files tell them."""

import contextlib
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.collectors import tcpstat
from exporter.collectors.sockdiag import TcpSocket, ask_kernel, messages


def not_told() -> Iterator[TcpSocket]:
    raise OSError(93, "Protocol not supported")


@pytest.fixture
def waiting() -> Iterator[None]:
    """Forty connections, with bytes in each that nobody reads, and one in every way of being closed."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=50))
        for _ in range(40):
            client = stack.enter_context(socket.create_connection(listener.getsockname()))
            server, _ = listener.accept()
            stack.enter_context(server)
            client.sendall(b"x" * 1000)
        client.shutdown(socket.SHUT_WR)
        yield


def test_netlink_and_the_files_tell_the_same(waiting: None) -> None:
    for attempt in range(200):
        before = tcpstat.read(Path("/proc"), not_told)
        told = tcpstat.read(Path("/proc"))
        # Others open and close connections meanwhile.
        if before == tcpstat.read(Path("/proc"), not_told) and (told == before or attempt == 199):
            break
    assert told == before
    assert told.states["established"] >= 78
    assert told.receive_bytes >= 40_000
    assert told.states["close_wait"] >= 1


def test_the_kernel_is_asked_without_the_files() -> None:
    with socket.create_server(("127.0.0.1", 0)):
        assert tcpstat.read(Path("/nowhere")).states["listen"] >= 1
        assert all(found.state in tcpstat.STATES for found in ask_kernel())


def test_without_netlink_and_files_the_missing_file_is_told() -> None:
    with pytest.raises(FileNotFoundError):
        tcpstat.read(Path("/nowhere"), not_told)


@given(st.binary(max_size=300), st.integers(0, 200))
def test_only_declared_errors_escape_damaged_messages(garbage: bytes, length: int) -> None:
    for answer in (garbage, struct.pack("=IHHII", length, 20, 0, 0, 0) + garbage):
        with contextlib.suppress(OSError):
            list(messages(answer))
