"""The web configuration: what is read, and what is said of files that are wrong."""

from pathlib import Path
from typing import Final

import pytest

from exporter.http.access import is_protected
from exporter.http.webconfig import TlsConfig, WebConfig, read
from runtime.errors import SettingsError

HASH: Final = "$2y$10$" + "a" * 53
FULL: Final = f"""
tls_server_config:
  cert_file: server.pem
  key_file: /etc/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: sub/ca.pem
  client_allowed_sans: [prometheus.example.org]
  min_version: TLS13
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
  curve_preferences: [CurveP256, X25519]
  prefer_server_cipher_suites: false
http_server_config:
  http2: false
  headers:
    X-Frame-Options: deny
    Strict-Transport-Security: max-age=60
    X-XSS-Protection:
basic_auth_users:
  ann: {HASH}
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "web.yml"
    file.write_text(text)
    return file


def test_everything_is_read_and_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    assert read(written(tmp_path, FULL)) == WebConfig(
        tls=TlsConfig(
            cert_file=tmp_path / "server.pem",
            key_file=Path("/etc/server.key"),
            client_auth="required",
            client_ca_file=tmp_path / "sub/ca.pem",
            client_sans=frozenset({"prometheus.example.org"}),
            min_version="TLS13",
            max_version="TLS13",
            ciphers=["ECDHE-RSA-AES128-GCM-SHA256"],
            curves=["prime256v1", "X25519"],
            server_order=False,
        ),
        headers={"X-Frame-Options": "deny", "Strict-Transport-Security": "max-age=60"},
        users={"ann": HASH},
    )


@pytest.mark.parametrize(
    "text", ["", "{}", "tls_server_config: {}", "basic_auth_users:\nhttp_server_config:\n"]
)
def test_a_file_may_say_nothing(tmp_path: Path, text: str) -> None:
    assert read(written(tmp_path, text)) == WebConfig()
    assert not is_protected(written(tmp_path, text))


TLS: Final = "tls_server_config: {cert_file: a, key_file: b, client_ca_file: c, client_auth_type: "
ASKING: Final = f"{TLS}RequestClientCert, "


@pytest.mark.parametrize(
    ("text", "protected"),
    [
        (f"basic_auth_users: {{ann: {HASH}}}", True),
        (f"{TLS}RequireAndVerifyClientCert}}", True),
        (f"{TLS}VerifyClientCertIfGiven}}", False),
        (f"{TLS}RequestClientCert}}", False),
        ("tls_server_config: {cert_file: a, key_file: b}", False),
    ],
)
def test_passwords_and_required_certificates_protect(tmp_path: Path, text: str, protected: bool) -> None:
    assert is_protected(written(tmp_path, text)) is protected
    assert not is_protected(None)


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("- a", 1, "this must be keys with values."),
        (
            "a: 1",
            1,
            "this file has no a; it can have tls_server_config, http_server_config, basic",
        ),
        ("\ntls_server_config: 1", 2, "tls_server_config must be keys with values."),
        ("basic_auth_users:\n  ann: {0}\n  ann: {0}", 3, "ann is here twice."),
        ("basic_auth_users:\n  1: {0}", 2, "the key 1 is no text; put it in quotation marks."),
        ("basic_auth_users:\n  ann: secret", 2, "the password of ann is no bcrypt hash ($2y$10$...)."),
        ("basic_auth_users:\n  ann:", 2, "the password of ann is no bcrypt hash ($2y$10$...)."),
        ("tls_server_config:\n  key_file: b", 2, "tls_server_config has no cert_file."),
        ("tls_server_config:\n  cert_file: b", 2, "tls_server_config has no key_file."),
        ("tls_server_config:\n  cert_file: 1\n  key_file: b", 2, "cert_file must be text."),
        (TLS + "Always}", 1, "client_auth_type cannot be 'Always'; it can be NoClientCert,"),
        (
            TLS + "RequireAnyClientCert}",
            1,
            "client_auth_type RequireAnyClientCert lets in any certificate,",
        ),
        (TLS + "NoClientCert}", 1, "client_ca_file needs a client_auth_type."),
        (
            ASKING + "client_allowed_sans: [a]}",
            1,
            "client_allowed_sans needs the client_auth_type",
        ),
        (
            ASKING + "min_version: TLS14}",
            1,
            "min_version cannot be 'TLS14'; it can be TLS10,",
        ),
        (ASKING + "max_version: TLS11}", 1, "max_version cannot be below TLS12"),
        (
            ASKING + "min_version: TLS13, max_version: TLS12}",
            1,
            "min_version is above max_version.",
        ),
        (
            ASKING + "cipher_suites: [TLS_NULL]}",
            1,
            "cipher_suites cannot be 'TLS_NULL'; it can be",
        ),
        (ASKING + "cipher_suites: TLS_NULL}", 1, "cipher_suites must be a list."),
        (
            ASKING + "prefer_server_cipher_suites: 1}",
            1,
            "prefer_server_cipher_suites must be true",
        ),
        ("http_server_config: {http2: 2}", 1, "http2 must be true or false."),
        ("http_server_config:\n  headers:\n    Server: x", 3, "headers has no Server; it can have"),
        (
            "http_server_config: {headers: {X-Frame-Options: allow}}",
            1,
            "X-Frame-Options cannot be 'allow'; it can",
        ),
        (
            'http_server_config: {headers: {X-XSS-Protection: "a\\r\\nb"}}',
            1,
            "X-XSS-Protection must be one line of ASCII.",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, line: int, sentence: str) -> None:
    file = written(tmp_path, text.replace("{0}", HASH))
    with pytest.raises(SettingsError) as caught:
        read(file)
    assert f"{file}, line {line}: {sentence}" in str(caught.value)


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read(written(tmp_path, "a: 1\ntls_server_config: 2\nbasic_auth_users: {x: y}\n"))
    assert len(str(caught.value).splitlines()) == 3
