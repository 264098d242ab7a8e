"""TLS, credentials and proxies, with real certificates and sockets."""

import base64
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from delivery.errors import BadTarget, NoAnswer
from delivery.transport import Target, Transport
from tests.delivery.receiver import receiving

SECONDS = 10.0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for loopback that is its own authority, and its key."""
    directory = tmp_path_factory.mktemp("tls")
    cert, key = directory / "cert.pem", directory / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", str(key), "-out", str(cert), "-days", "30", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return cert, key


def served_with(certificate: tuple[Path, Path], *, client: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificate[0])
    return context


def post(target: Target) -> int:
    transport = Transport(target)
    try:
        return transport.post(b"body", {}, timeout_s=SECONDS).status
    finally:
        transport.close()


def test_a_certificate_is_checked_against_the_authority_of_the_settings(
    certificate: tuple[Path, Path],
) -> None:
    with receiving(tls=served_with(certificate)) as receiver:
        assert post(Target(url=receiver.url, ca_file=certificate[0])) == 204
        with pytest.raises(NoAnswer, match="CERTIFICATE_VERIFY_FAILED"):
            post(Target(url=receiver.url))
    assert receiver.bodies == [b"body"]


def test_the_name_in_the_certificate_may_be_another_and_checking_it_can_be_left_out(
    certificate: tuple[Path, Path],
) -> None:
    with receiving(tls=served_with(certificate)) as receiver:
        elsewhere = receiver.url.replace("127.0.0.1", "localhost")
        trusted = Target(url=elsewhere, ca_file=certificate[0])
        with pytest.raises(NoAnswer, match="mismatch"):
            post(trusted)
        assert post(replace(trusted, server_name="127.0.0.1")) == 204
        with pytest.raises(NoAnswer, match="mismatch"):
            post(replace(trusted, server_name="gateway"))
        assert post(Target(url=elsewhere, insecure_skip_verify=True)) == 204


def test_headers_of_the_settings_go_along() -> None:
    with receiving() as receiver:
        post(Target(url=receiver.url, headers=(("X-Scope-OrgID", "a"), ("X-Other", "b c"))))
    assert receiver.got[0].headers["x-scope-orgid"] == "a"
    assert receiver.got[0].headers["x-other"] == "b c"


def test_a_client_certificate_is_shown(certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    with receiving(tls=served_with(certificate, client=True)) as receiver:
        assert post(Target(url=receiver.url, ca_file=cert, cert_file=cert, key_file=key)) == 204
        with pytest.raises(NoAnswer):
            post(Target(url=receiver.url, ca_file=cert))


def test_credentials_come_from_their_files_each_time(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    with receiving() as receiver:
        bearer = Transport(Target(url=receiver.url, token_file=secret))
        for token in ("first\n", "second"):
            secret.write_text(token)
            bearer.post(b"", {}, timeout_s=SECONDS)
        secret.unlink()
        with pytest.raises(NoAnswer, match="FileNotFoundError"):
            bearer.post(b"", {}, timeout_s=SECONDS)
        bearer.close()
        secret.write_text("geheim\n")
        post(Target(url=receiver.url, username="ann", password_file=secret))
    assert [each.headers["authorization"] for each in receiver.got] == [
        "Bearer first",
        "Bearer second",
        f"Basic {base64.b64encode(b'ann:geheim').decode()}",
    ]


def test_a_proxy_gets_the_whole_address_and_its_own_credentials() -> None:
    with receiving() as proxy:
        address = proxy.url.removesuffix("/api/v1/write").replace("//", "//ann:p%40ss@")
        assert post(Target(url="http://gateway.invalid:9095/api/v1/write?a=b", proxy=address)) == 204
    [got] = proxy.got
    assert got.path == "http://gateway.invalid:9095/api/v1/write?a=b"
    assert got.headers["host"] == "gateway.invalid:9095"
    assert got.headers["proxy-authorization"] == f"Basic {base64.b64encode(b'ann:p@ss').decode()}"


def tunnel(listening: socket.socket, context: ssl.SSLContext, heard: list[bytes]) -> None:
    """Be a proxy for one connection, and the receiver at the far end of its tunnel."""
    outside, _ = listening.accept()
    heard.append(outside.recv(4096))
    outside.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    with context.wrap_socket(outside, server_side=True) as inside:
        heard.append(inside.recv(4096))
        inside.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        inside.recv(1)


def test_tls_goes_through_a_proxy_in_a_tunnel(certificate: tuple[Path, Path]) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(SECONDS)
        proxy = threading.Thread(target=tunnel, args=[listening, served_with(certificate), heard])
        proxy.start()
        address = f"http://ann:pass@127.0.0.1:{listening.getsockname()[1]}"
        target = Target(url="https://127.0.0.1:9/w", ca_file=certificate[0], proxy=address)
        assert post(target) == 204
        proxy.join()
    to_proxy, to_receiver = heard
    assert to_proxy.startswith(b"CONNECT 127.0.0.1:9 HTTP/1.")
    assert base64.b64encode(b"ann:pass") in to_proxy
    assert to_receiver.startswith(b"POST /w HTTP/1.1\r\n")
    assert b"Proxy-Authorization" not in to_receiver


@pytest.mark.parametrize(
    "target",
    [
        Target(url="gateway:9095"),
        Target(url="ftp://gateway/"),
        Target(url="http://"),
        Target(url="http://gateway:x/"),
        Target(url="http://ann:secret@gateway/"),
        Target(url="http://gateway/", proxy="socks5://proxy:1080"),
        Target(url="http://gateway/", username="ann", token_file=Path("token")),
        Target(url="http://gateway/", headers=(("Authorization", "secret"),)),
        Target(url="http://gateway/", headers=(("X-A", "secret\r\nX-B: c"),)),
        Target(url="http://gateway/", headers=(("X A", "secret"),)),
        Target(url="http://gateway/secret x"),
        Target(url="http://gateway/secret\x7f"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused_without_showing_secrets(target: Target) -> None:
    with pytest.raises(BadTarget) as raised:
        Transport(target)
    assert "secret" not in str(raised.value)


def test_a_proxy_that_answers_without_end_is_given_up_in_time() -> None:
    def drip(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.recv(1024)
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not over.wait(0.05):
                connection.sendall(b"X: y\r\n")

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=[listening])
        thread.start()
        proxy = f"http://127.0.0.1:{listening.getsockname()[1]}"
        transport = Transport(Target(url="https://receiver.invalid/", proxy=proxy, timeout_s=0.3))
        with pytest.raises(NoAnswer, match=r"no answer of the proxy within 0\.3 s"):
            transport.post(b"body", {}, timeout_s=SECONDS)
        over.set()
        thread.join()


@pytest.mark.parametrize("token", ["secret\nmore", "secret\u20ac"])
def test_a_token_that_cannot_be_sent_is_not_shown(token: str) -> None:
    with receiving() as receiver, pytest.raises(NoAnswer, match="one line of plain ASCII") as raised:
        post(Target(url=receiver.url, token=token))
    assert "secret" not in str(raised.value)
    assert not receiver.bodies


def test_without_a_thread_to_watch_the_time_nothing_is_sent_and_it_may_be_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_more(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with receiving() as receiver:
        transport = Transport(Target(url=receiver.url))
        with monkeypatch.context() as patched:
            patched.setattr(threading.Timer, "start", no_more)
            with pytest.raises(NoAnswer, match="can't start new thread"):
                transport.post(b"body", {}, timeout_s=SECONDS)
        assert transport.post(b"body", {}, timeout_s=SECONDS).status == 204
        transport.close()


@pytest.mark.parametrize("size", [b"-1", b"-5", b"zz"])
def test_a_chunk_of_a_size_that_makes_no_sense_ends_the_answer(size: bytes) -> None:
    """The library reads on without end for -1, and raises something of its own for other sizes."""
    head = b"HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n" + size + b"\r\n"
    sent = 0

    def answer(listening: socket.socket) -> None:
        nonlocal sent
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.recv(1024)
            connection.sendall(head)
            while sent < 64 << 20:
                sent += connection.send(bytes(1 << 16))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=[listening])
        thread.start()
        assert post(Target(url=f"http://127.0.0.1:{listening.getsockname()[1]}/")) == 400
        thread.join()
    assert sent < 64 << 20
