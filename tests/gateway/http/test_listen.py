"""Who may listen where, and what is said when that fails."""

import socket

import pytest

from gateway.http.listen import open_socket
from runtime.errors import ListenFailed, ListenRefused
from runtime.listening import url_of
from runtime.values import Address


def opened(text: str, *, allow_anonymous: bool = False) -> socket.socket:
    return open_socket(Address.parse(text), allow_anonymous=allow_anonymous)


@pytest.mark.parametrize(
    ("text", "host"),
    [("127.0.0.1:0", "127.0.0.1"), ("127.8.9.1:0", "127.8.9.1"), ("localhost:0", "127.0.0.1")],
)
def test_loopback_is_open_by_default(text: str, host: str) -> None:
    with opened(text) as sock:
        assert url_of(sock) == f"http://{host}:{sock.getsockname()[1]}"
        socket.create_connection(sock.getsockname()).close()


def test_ipv6_loopback_is_open_by_default() -> None:
    try:
        sock = opened("[::1]:0")
    except ListenFailed:
        pytest.skip("this machine has no IPv6")
    with sock:
        assert url_of(sock) == f"http://[::1]:{sock.getsockname()[1]}"


def test_a_name_with_both_kinds_of_address_is_taken_as_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0] for host in ("::1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with opened("both.example.org:0") as sock:
        assert sock.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("text", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"])
def test_any_other_address_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(ListenRefused, match=r"everyone who can reach .* --allow-anonymous"):
        opened(text)


def test_any_address_is_taken_when_anonymous_access_is_allowed() -> None:
    with opened("0.0.0.0:0", allow_anonymous=True) as sock:
        assert sock.getsockname()[0] == "0.0.0.0"


def test_a_taken_port_is_named() -> None:
    with opened("127.0.0.1:0") as first:
        address = f"127.0.0.1:{first.getsockname()[1]}"
        with pytest.raises(ListenFailed, match=f"Cannot listen on {address}: another program listens there"):
            opened(address)


def test_a_port_is_free_again_at_once_after_its_connections_ended() -> None:
    with opened("127.0.0.1:0") as first:
        address = first.getsockname()
        client = socket.create_connection(address)
        first.accept()[0].close()
        client.close()
    opened(f"127.0.0.1:{address[1]}").close()


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(ListenFailed, match="this machine does not have that address"):
        opened("192.0.2.1:0", allow_anonymous=True)


@pytest.mark.parametrize("host", ["a..b", "x" * 64])
def test_an_impossible_name_is_named(host: str) -> None:
    with pytest.raises(ListenFailed, match="this name is not known"):
        opened(f"{host}:1")
