"""Which engines are asked: the settings, DOCKER_HOST and its TLS, the usual sockets."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from exporter.collectors.containers import addresses as module
from exporter.collectors.containers.addresses import Address, addresses
from tests.exporter.collectors.containers.engines import CONTAINERS, DB, WEB, collector, loaded, running

TLS = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"}


@pytest.mark.parametrize(
    ("host", "environ", "expected"),
    [
        ("unix:///run/x.sock", {}, {"socket": Path("/run/x.sock")}),
        ("", {"DOCKER_HOST": "unix:///run/x.sock"}, {"socket": Path("/run/x.sock")}),
        ("unix:///a", {"DOCKER_HOST": "unix:///b"}, {"socket": Path("/a")}),
        ("tcp://proxy:1234", {}, {"host": "proxy", "port": 1234}),
        ("tcp://proxy", {}, {"host": "proxy", "port": 2375}),
        ("tcp://[::1]:1234/", {}, {"host": "::1", "port": 1234}),
        ("tcp://proxy", TLS, {"host": "proxy", "port": 2376, "certificates": Path("/certs")}),
        (
            "tcp://proxy:1",
            {"DOCKER_TLS_VERIFY": "1", "HOME": "/elsewhere"},
            {"host": "proxy", "port": 1, "certificates": Path("/elsewhere/.docker")},
        ),
        ("tcp://proxy:1", {"DOCKER_CERT_PATH": "/certs"}, {"host": "proxy", "port": 1}),
    ],
)
def test_an_engine_can_be_named(host: str, environ: dict[str, str], expected: dict[str, object]) -> None:
    [found] = addresses(host, environ)
    assert found == Address(text=host or environ["DOCKER_HOST"], **expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "host",
    ["ssh://me@there", "npipe:////./pipe/docker", "unix://", "unix://relative", "tcp://", "tcp://h:x", "h:1"],
)
def test_an_address_that_can_not_be_asked_is_told(host: str) -> None:
    with pytest.raises(ValueError, match=r"must be unix:///PATH or tcp://HOST:PORT") as caught:
        addresses(host, {})
    assert host in str(caught.value)


def test_sockets_of_rootless_engines_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "USUAL_SOCKETS", ())
    (tmp_path / "podman").mkdir()
    for name in ("docker.sock", "podman/podman.sock"):
        (tmp_path / name).touch()
    found = addresses("", {"XDG_RUNTIME_DIR": str(tmp_path)})
    assert [each.socket for each in found] == [tmp_path / "docker.sock", tmp_path / "podman/podman.sock"]


def certificate(directory: Path, name: str) -> None:
    """A certificate for loopback that is its own authority, with its key, by the names that Docker uses."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", f"/CN={name}"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
    shutil.copyfile(directory / "cert.pem", directory / "ca.pem")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What DOCKER_CERT_PATH names."""
    directory = tmp_path_factory.mktemp("certificates")
    certificate(directory, "engine")
    return directory


def environ(certificates: Path) -> dict[str, str]:
    return {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(certificates)}


def test_an_engine_behind_tls_knows_us_by_our_certificate(certificates: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates / "ca.pem")
    context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with running(tls=context) as engine:
        loaded(engine, "docker", (WEB, DB))
        containers = collector(engine.host, CONTAINERS / "v2", environ=environ(certificates))
        containers.gather()
        assert set(containers.names()) == {WEB, DB}


def test_an_engine_that_nobody_vouches_for_is_not_asked(certificates: Path, tmp_path: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    certificate(tmp_path, "other")
    with running(tls=context) as engine:
        loaded(engine, "docker", (WEB, DB))
        with pytest.raises(ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
            collector(engine.host, CONTAINERS / "v2", environ=environ(tmp_path)).gather()
        assert engine.asked == []


def test_missing_certificates_are_an_error_and_no_missing_engine(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError, match="No such file"):
        collector("tcp://127.0.0.1:1", CONTAINERS / "v2", environ=environ(tmp_path)).gather()


def test_devices_of_an_engine_over_tcp_are_not_named_after_ours(tmp_path: Path) -> None:
    shutil.copytree(CONTAINERS / "v2/proc", tmp_path / "proc")
    for pid in ("101", "102"):
        shutil.rmtree(tmp_path / "proc" / pid)
    with running(tcp=True) as engine:
        loaded(engine, "docker", (WEB, DB))
        families = collector(engine.host, tmp_path).gather()
    [reads] = [family for family in families if family.name == "container_fs_reads_total"]
    assert [dict(point.labels)["device"] for point in reads.points] == ["254:0"]
