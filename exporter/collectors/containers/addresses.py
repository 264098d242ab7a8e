"""Where engines are: what the settings or DOCKER_HOST say, or else the usual sockets. Asks none."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

# Docker's and Podman's for the whole host; those of rootless engines are below XDG_RUNTIME_DIR.
USUAL_SOCKETS: Final = ("/var/run/docker.sock", "/run/podman/podman.sock")
ROOTLESS_SOCKETS: Final = ("docker.sock", "podman/podman.sock")

_PLAIN_PORT: Final = 2375
_TLS_PORT: Final = 2376


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A socket, or a host and port; `certificates` is where ca.pem, cert.pem and key.pem are for TLS."""

    text: str
    socket: Path | None = None
    host: str = ""
    port: int = 0
    certificates: Path | None = None


def addresses(host: str, environ: Mapping[str, str]) -> list[Address]:
    """The engine that was named, else those with a socket; raises ValueError and FileNotFoundError."""
    if named := host or environ.get("DOCKER_HOST", ""):
        return [_parsed(named, environ)]
    found: dict[Path, Address] = {}
    for path in _usual(environ):
        try:
            if path.exists():
                # Where podman-docker is installed, one socket has two names.
                found.setdefault(path.resolve(), _of_socket(path))
        except PermissionError:
            found.setdefault(path, _of_socket(path))
    if not found:
        raise FileNotFoundError(
            f"no container engine: there is none of {', '.join(map(str, _usual(environ)))}"
        )
    return list(found.values())


def _usual(environ: Mapping[str, str]) -> list[Path]:
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    rootless = [Path(runtime, name) for name in ROOTLESS_SOCKETS] if runtime else []
    return [*map(Path, USUAL_SOCKETS), *rootless]


def _of_socket(path: Path) -> Address:
    return Address(text=f"unix://{path}", socket=path)


def _parsed(text: str, environ: Mapping[str, str]) -> Address:
    parts = urlsplit(text)
    if parts.scheme == "unix" and (parts.netloc + parts.path).startswith("/"):
        return _of_socket(Path(parts.netloc + parts.path))
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if parts.scheme != "tcp" or not host or parts.path.strip("/"):
        raise ValueError(f"the engine's address must be unix:///PATH or tcp://HOST:PORT, not {text}")
    if not environ.get("DOCKER_TLS_VERIFY"):
        return Address(text=text, host=host, port=port or _PLAIN_PORT)
    certificates = environ.get("DOCKER_CERT_PATH") or f"{environ.get('HOME', '')}/.docker"
    return Address(text=text, host=host, port=port or _TLS_PORT, certificates=Path(certificates))
