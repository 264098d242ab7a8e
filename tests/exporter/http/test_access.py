"""Passwords and TLS, with real certificates: who gets in, and what counts after a change of files."""

import json
import logging
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Final

import bcrypt
import pytest

from exporter.http.connections import HEAD_SECONDS
from exporter.http.passwords import MAX_HEADER_BYTES, MAX_KNOWN, Passwords
from runtime.errors import SettingsError
from tests.exporter.http.serving import (
    Certificates,
    Clock,
    ask,
    basic,
    eventually,
    hashed,
    opened,
    raw,
    serving,
)

ANN: Final = hashed("geheim")


def users(file: Path, **named: str) -> Path:
    file.write_text("basic_auth_users:\n" + "".join(f"  {name}: {text}\n" for name, text in named.items()))
    return file


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "web.yml"


@pytest.mark.parametrize("path", ["/", "/metrics", "/health", "/-/healthy", "/missing"])
def test_every_page_wants_a_password(config: Path, path: str) -> None:
    with serving(web_config=users(config, ann=ANN)) as pages:
        got = ask(pages, path)
        assert (got.status, json.loads(got.body)["errorType"]) == (401, "unauthorized")
        assert got.headers["www-authenticate"].startswith("Basic realm=")
        assert ask(pages, path, Authorization=basic("ann", "wrong")).status == 401
        assert ask(pages, path, Authorization=basic("ann", "geheim")).status != 401


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !", "Bearer geheim", basic("bob", "geheim"), basic("", ""), basic("ann", ""),
     basic("ann", "geheim\0"), "Basic " + "QQ=="]
)  # fmt: skip
def test_anything_else_is_refused(header: str) -> None:
    assert not Passwords({"ann": ANN}).admit(header)


@pytest.mark.parametrize("mark", ["2", "2a", "2b", "2x", "2y"])
def test_all_marks_of_bcrypt_are_read(mark: str) -> None:
    assert Passwords({"ann": f"${mark}${ANN.split('$', 2)[2]}"}).admit(basic("ann", "geheim"))


def test_a_password_may_be_longer_than_bcrypt_reads_and_the_header_has_a_limit() -> None:
    asked = Passwords({"ann": hashed("x" * 72)})
    assert asked.admit(basic("ann", "x" * 100))
    room = (MAX_HEADER_BYTES - len("Basic ")) // 4 * 3 - len("ann:")
    assert asked.admit(basic("ann", "x" * room))
    assert not asked.admit(basic("ann", "x" * (room + 3)))


def test_a_hash_that_bcrypt_cannot_read_lets_nobody_in() -> None:
    assert not Passwords({"ann": "$2b$04$" + "." * 53}).admit(basic("ann", "geheim"))


class Checks:
    """Counts what bcrypt is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.hashes: list[bytes] = []
        self._check = bcrypt.checkpw
        monkeypatch.setattr(bcrypt, "checkpw", self)

    def __call__(self, password: bytes, stored: bytes) -> bool:
        self.hashes.append(stored)
        return self._check(password, stored)


def test_a_right_password_is_checked_once_and_a_wrong_one_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    checks, asked = Checks(monkeypatch), Passwords({"ann": ANN})
    assert [asked.admit(basic("ann", "geheim")) for _ in range(3)] == [True] * 3
    assert len(checks.hashes) == 1
    assert [asked.admit(basic("ann", "x")) for _ in range(3)] == [False] * 3
    assert len(checks.hashes) == 4


def test_an_unknown_name_costs_as_much_as_the_dearest_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    dear = bcrypt.hashpw(b"other", bcrypt.gensalt(5)).decode()
    checks, asked = Checks(monkeypatch), Passwords({"ann": ANN, "bob": dear})
    # Even the right password of somebody else lets no unknown name in.
    assert not asked.admit(basic("eve", "other"))
    assert checks.hashes == [dear.encode()]
    assert not asked.admit(basic("eve", "other"))


@pytest.mark.parametrize(("others", "checked"), [(MAX_KNOWN - 1, 0), (MAX_KNOWN, 1)])
def test_so_many_right_passwords_are_known(
    monkeypatch: pytest.MonkeyPatch, others: int, checked: int
) -> None:
    asked = Passwords({f"user{number}": ANN for number in range(others + 1)})
    for number in range(others + 1):
        assert asked.admit(basic(f"user{number}", "geheim"))
    checks = Checks(monkeypatch)
    assert asked.admit(basic("user0", "geheim"))
    assert len(checks.hashes) == checked


def test_a_new_password_counts_at_once_and_the_old_no_more(config: Path) -> None:
    with serving(web_config=users(config, ann=ANN)) as pages:
        assert ask(pages, "/", Authorization=basic("ann", "geheim")).status == 200
        users(config, ann=hashed("neu"))
        assert ask(pages, "/", Authorization=basic("ann", "geheim")).status == 401
        assert ask(pages, "/", Authorization=basic("ann", "neu")).status == 200


@pytest.mark.parametrize("wrong", ["basic_auth_users: [", "basic_auth_users: {ann: x}", "", None])
def test_a_file_that_became_wrong_or_lets_all_in_changes_nothing(
    config: Path, wrong: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(web_config=users(config, ann=ANN)) as pages, caplog.at_level(logging.ERROR):
        if wrong is None:
            config.unlink()
        else:
            config.write_text(wrong)
        for _ in range(3):
            assert ask(pages, "/").status == 401
            assert ask(pages, "/", Authorization=basic("ann", "geheim")).status == 200
        assert [record.msg for record in caplog.records] == ["web_config.refused"]
        users(config, ann=hashed("neu"))
        assert ask(pages, "/", Authorization=basic("ann", "neu")).status == 200


def test_a_wrong_file_is_no_start(config: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"), serving(web_config=config):
        pass


def test_headers_of_the_file_are_on_every_answer(config: Path) -> None:
    config.write_text("http_server_config: {headers: {X-Frame-Options: deny, Content-Security-Policy: abc}}")
    with serving(web_config=config) as pages:
        assert ask(pages, "/").headers["content-security-policy"] == "abc"
        assert ask(pages, "/missing").headers["x-frame-options"] == "deny"
        assert b"X-Frame-Options: deny\r\n" in raw(pages, b"x\r\n\r\n")


def secured(config: Path, certificates: Certificates, more: str = "", server: str = "server") -> Path:
    cert, key = certificates.cert(server), certificates.key(server)
    config.write_text(f"tls_server_config:\n  cert_file: {cert}\n  key_file: {key}\n{more}")
    return config


def wanting(certificates: Certificates, auth: str, more: str = "") -> str:
    return f"  client_auth_type: {auth}\n  client_ca_file: {certificates.cert('authority')}\n{more}"


def test_pages_are_served_over_tls(config: Path, certificates: Certificates) -> None:
    with serving(web_config=secured(config, certificates)) as pages:
        assert pages.url.startswith("https://127.0.0.1:")
        assert ask(pages, "/metrics", tls=certificates.trusting()).status == 200
        # Whoever speaks no TLS gets no page, and disturbs nobody.
        with suppress(ConnectionError):
            assert b"HTTP" not in raw(pages, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert ask(pages, "/", tls=certificates.trusting()).status == 200


REFUSED: Final = (ssl.SSLError, ConnectionError)


def gets_in(pages: object, certificates: Certificates, client: str | None) -> bool:
    try:
        return ask(pages, "/", tls=certificates.trusting(client)).status == 200  # type: ignore[arg-type]
    except REFUSED:
        return False


@pytest.mark.parametrize(
    ("auth", "more", "let_in"),
    [
        ("RequireAndVerifyClientCert", "", {"client"}),
        ("RequireAndVerifyClientCert", "  client_allowed_sans: [a, prometheus.example.org]\n", {"client"}),
        ("RequireAndVerifyClientCert", "  client_allowed_sans: [example.org]\n", set()),
        ("VerifyClientCertIfGiven", "", {"client", None}),
        ("RequestClientCert", "", {"client", "stranger", None}),
    ],
)
def test_a_client_shows_the_certificate_that_is_wanted(
    config: Path, certificates: Certificates, auth: str, more: str, let_in: set[str | None]
) -> None:
    with serving(web_config=secured(config, certificates, wanting(certificates, auth, more))) as pages:
        clients = ("client", "stranger", None)
        assert {client for client in clients if gets_in(pages, certificates, client)} == let_in


@pytest.mark.parametrize(
    ("setting", "version", "cipher"),
    [
        ("max_version: TLS12", "TLSv1.2", None),
        ("min_version: TLS13", "TLSv1.3", None),
        ("min_version: TLS10", "TLSv1.3", None),
        ("cipher_suites: [TLS_AES_128_GCM_SHA256]", "TLSv1.3", None),
        (
            "max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]",
            "TLSv1.2",
            "ECDHE-ECDSA-CHACHA20-POLY1305",
        ),
        ("curve_preferences: [CurveP384]", "TLSv1.3", None),
        ("curve_preferences: [X25519, CurveP256]\n  prefer_server_cipher_suites: false", "TLSv1.3", None),
    ],
)
def test_versions_and_ciphers_are_those_of_the_file(
    config: Path, certificates: Certificates, setting: str, version: str, cipher: str | None
) -> None:
    with (
        serving(web_config=secured(config, certificates, f"  {setting}\n")) as pages,
        opened(pages) as sock,
        certificates.trusting().wrap_socket(sock, server_hostname="127.0.0.1") as inside,
    ):
        assert inside.version() == version
        found = inside.cipher()
        assert found is not None
        assert cipher in {None, found[0]}


@pytest.mark.parametrize(("curve", "good"), [("secp384r1", True), ("prime256v1", False)])
def test_one_curve_is_obeyed(config: Path, certificates: Certificates, curve: str, good: bool) -> None:
    client = certificates.trusting()
    client.set_ecdh_curve(curve)
    with serving(web_config=secured(config, certificates, "  curve_preferences: [CurveP384]\n")) as pages:
        if good:
            assert ask(pages, "/", tls=client).status == 200
        else:
            with pytest.raises(REFUSED):
                ask(pages, "/", tls=client)


def test_a_new_certificate_counts_for_the_next_connection(config: Path, certificates: Certificates) -> None:
    for kind in (certificates.cert, certificates.key):
        (config.parent / kind("own").name).write_bytes(kind("server").read_bytes())
    own = Certificates(directory=config.parent)
    with serving(web_config=secured(config, own, server="own")) as pages:
        assert ask(pages, "/", tls=certificates.trusting()).status == 200
        own.make("own", issuer=None)
        fresh = ssl.create_default_context(cafile=own.cert("own"))
        assert ask(pages, "/", tls=fresh).status == 200
        own.key("own").write_text("no key")
        assert ask(pages, "/", tls=fresh).status == 200


def test_a_wrong_certificate_is_no_start(config: Path, certificates: Certificates) -> None:
    secured(config, certificates).write_text(config.read_text().replace("server.key", "client.key"))
    wrong = pytest.raises(SettingsError, match=r"server\.pem: this certificate cannot be used: .*mismatch")
    with wrong, serving(web_config=config):
        pass


def test_a_handshake_that_stops_holds_up_nobody_and_is_cut(config: Path, certificates: Certificates) -> None:
    clock = Clock()
    with (
        serving(web_config=secured(config, certificates), clock=clock) as pages,
        opened(pages) as silent,
        opened(pages) as stopped,
    ):
        stopped.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert ask(pages, "/", tls=certificates.trusting()).status == 200
        eventually(lambda: len(pages._connections) == 2)
        clock.now = HEAD_SECONDS
        eventually(lambda: not pages._connections)
        for sock in (silent, stopped):
            assert ended(sock)


def ended(sock: socket.socket) -> bool:
    try:
        return sock.recv(100) == b""
    except ConnectionError:
        return True
