"""The agent's pages among real programs.

Prometheus scrapes them, promtool checks them, and node_exporter lets in the same with the same configuration.
"""

import json
import ssl
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.exposition import text
from exporter.families import Family
from exporter.http.access import Access
from runtime.errors import SettingsError
from runtime.logs import Log
from tests.exporter.exposition.test_formats import EXAMPLES
from tests.exporter.http.serving import (
    Agent,
    Certificates,
    basic,
    certificates_in,
    eventually,
    hashed,
    serving,
)
from tests.peers.required import find_program, require_peer
from tests.peers.servers import ServerFailed, Servers

# What is kept although promtool would have it otherwise, as the originals have it so.
KEPT: Final = "namedprocess_scrape_errors"
KEPT_COMPLAINT: Final = f'{KEPT} counter metrics should have "_total" suffix'
COUNTER: Final = "node_network_receive_bytes"
AGENT: Final = Agent(families={family.name: family for family in EXAMPLES})
SCRAPE: Final = """
scrape_configs:
- job_name: agent
  scrape_interval: 100ms
  scrape_timeout: 100ms
  scheme: {scheme}
  basic_auth: {{username: ann, password: geheim}}
  tls_config: {{ca_file: {ca}, cert_file: {cert}, key_file: {key}}}
  static_configs: [{{targets: ["{target}"]}}]
"""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates_in(tmp_path_factory.mktemp("certificates"))


@pytest.mark.peer("prometheus")
@pytest.mark.parametrize(
    ("families", "complaints"),
    [
        ([each for each in EXAMPLES if each.name != KEPT], []),
        (
            [each for each in EXAMPLES if each.name == KEPT],
            [KEPT_COMPLAINT],
        ),
    ],
)
def test_promtool_takes_the_page(families: list[Family], complaints: list[str]) -> None:
    checked = subprocess.run(
        [find_program("promtool") or "", "check", "metrics"],
        input=text.page(families),
        capture_output=True,
        check=False,
        timeout=20,
    )
    assert checked.stderr.decode().splitlines() == complaints
    assert checked.stdout == b""


def read(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return dict(json.load(answer)["data"])


def answered(url: str, query: str) -> list[dict[str, Any]]:
    return list(read(f"{url}?{urllib.parse.urlencode({'query': query})}")["result"])


@pytest.mark.peer("prometheus")
@pytest.mark.parametrize("kind", ["text", "openmetrics"])
def test_prometheus_scrapes_every_series_over_tls_with_a_password(
    servers: Servers,
    certificates: Certificates,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    if kind == "text":
        monkeypatch.setattr("exporter.http.routes.chosen_format", lambda _: "text")
    config = tmp_path / "web.yml"
    config.write_text(web_config(certificates, REQUIRED, {"ann": "geheim"}))
    with serving(AGENT, web_config=config) as pages:
        target = urllib.parse.urlsplit(pages.url).netloc
        cert, key = certificates.cert("client"), certificates.key("client")
        ca = certificates.cert("authority")
        prometheus = servers.prometheus(
            SCRAPE.format(scheme="https", ca=ca, cert=cert, key=key, target=target)
        )
        api = f"{prometheus.url}/api/v1"
        eventually(lambda: bool(answered(f"{api}/query", query="up == 1")), 20)
        found = answered(f"{api}/query", query='{job="agent",__name__!~"up|scrape_.*"}')
        # Text calls the family as its samples, OpenMetrics leaves out what they end with.
        assert (COUNTER if kind == "openmetrics" else f"{COUNTER}_total") in read(f"{api}/metadata")
    series = {}
    for each in found:
        labels = {name: value for name, value in each["metric"].items() if name not in {"job", "instance"}}
        series[frozenset(labels.items())] = str(float(each["value"][1]))
    assert series == {
        frozenset([("__name__", each.name + point.suffix), *point.labels]): str(point.value)
        for each in EXAMPLES
        for point in each.points
    }


REQUIRED: Final = "RequireAndVerifyClientCert"


def web_config(certificates: Certificates, auth: str, users: dict[str, str], more: str = "") -> str:
    lines = [
        "tls_server_config:",
        f"  cert_file: {certificates.cert('server')}",
        f"  key_file: {certificates.key('server')}",
    ]
    if auth:
        lines += [f"  client_auth_type: {auth}", f"  client_ca_file: {certificates.cert('authority')}"]
    lines += ["basic_auth_users:", *(f"  {name}: {hashed(password)}" for name, password in users.items())]
    return "\n".join([*lines, more, ""])


def outcome(url: str, certificates: Certificates, client: str | None, password: str | None) -> int | str:
    """The status of an answer, or that there is none."""
    request = urllib.request.Request(f"{url}/metrics")
    if password is not None:
        request.add_header("Authorization", basic("ann", password))
    handler = urllib.request.HTTPSHandler(context=certificates.trusting(client))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler)
    try:
        with opener.open(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except (urllib.error.URLError, ssl.SSLError, ConnectionError):
        return "refused"


@pytest.mark.peer("node-exporter")
@pytest.mark.parametrize("auth", ["", "RequestClientCert", "VerifyClientCertIfGiven", REQUIRED])
def test_node_exporter_lets_in_the_same_with_the_same_file(
    servers: Servers, certificates: Certificates, tmp_path: Path, auth: str
) -> None:
    config = tmp_path / "web.yml"
    config.write_text(web_config(certificates, auth, {"ann": "geheim"}))
    cases = [(client, word) for client in (None, "client", "stranger") for word in (None, "geheim", "falsch")]
    node = servers.node_exporter_behind(config)
    their_url = node.url.replace("http:", "https:")
    with serving(web_config=config) as pages:
        for client, word in cases:
            ours = outcome(pages.url, certificates, client, word)
            assert ours == outcome(their_url, certificates, client, word), (client, word)


@pytest.mark.peer("node-exporter")
@pytest.mark.parametrize(
    ("content", "good"),
    [
        ("", True),
        ("{}", True),
        ("tls_server_config: {}", True),
        ("TLS\n", True),
        ("USERS", True),
        ("http_server_config: {http2: true, headers: {X-Frame-Options: deny}}", True),
        ("http_server_config: {headers: {X-Content-Type-Options: nosniff, X-XSS-Protection: x}}", True),
        ("http_server_config: {headers: {X-Frame-Options: allow}}", False),
        ("http_server_config: {headers: {Server: x}}", False),
        ("http_server_config: {http3: true}", False),
        ("basic_auth_users: {ann: geheim}", False),
        ("basic_auth_users: [ann]", False),
        ("basic_auth: {}", False),
        ("TLS\n  min_version: TLS13\n  curve_preferences: [CurveP256]", True),
        (
            "TLS\n  cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA, TLS_AES_128_GCM_SHA256]",
            True,
        ),
        ("TLS\n  min_version: TLS14", False),
        ("TLS\n  min_version: TLS1.2", False),
        ("TLS\n  curve_preferences: [P256]", False),
        ("TLS\n  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]", False),
        ("TLS\n  client_auth_type: Always", False),
        ("TLS\n  client_ca_file: CA", False),
        ("TLS\n  client_auth_type: RequestClientCert\n  client_ca_file: CA", True),
        ("TLS\n  client_auth_type: NoClientCert\n  client_ca_file: CA", False),
        ("TLS\n  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: /missing", False),
        ("tls_server_config: {cert_file: /missing, key_file: /missing}", False),
        ("tls_server_config: {cert_file: server.pem}", False),
        ("tls_server_config: {cert_file: server.pem, key_file: client.key}", False),
        ("a: [", False),
    ],
)
def test_node_exporter_takes_the_same_files(
    servers: Servers, certificates: Certificates, content: str, good: bool
) -> None:
    """Relative paths, too: the file lies beside the certificates."""
    tls = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key"
    users = f"basic_auth_users: {{ann: {hashed('geheim')}}}"
    config = certificates.directory / "web.yml"
    for word, meaning in (("TLS\n", f"{tls}\n"), ("USERS", users), (": CA", ": authority.pem")):
        content = content.replace(word, meaning)
    config.write_text(content)
    assert (ours(config), theirs(servers, config)) == (good, good)


def ours(config: Path) -> bool:
    try:
        Access(config, Log("agent")).rules()
    except SettingsError:
        return False
    return True


def theirs(servers: Servers, config: Path) -> bool:
    require_peer("node-exporter")
    try:
        servers.node_exporter_behind(config).stop()
    except ServerFailed:
        return False
    return True
