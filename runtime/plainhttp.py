"""HTTP connections of the standard library, without the TLS library until a connection needs it.

Owns how `http.client` is loaded. Must not know who is asked what.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

__all__ = ["HTTPConnection", "HTTPException", "HTTPResponse", "SecureConnection"]

if TYPE_CHECKING:
    import ssl
    from http.client import HTTPConnection, HTTPException, HTTPResponse


def _client() -> ModuleType:
    """Return `http.client`, without TLS if neither was loaded before: OpenSSL takes 5 MiB (ADR 55).

    It is written for Pythons that have no TLS, too. Such a copy is for us alone: whoever else imports it,
    such as a user's collector, gets a whole one.
    """
    if "ssl" in sys.modules or "http.client" in sys.modules:
        return import_module("http.client")
    sys.modules["ssl"] = None  # type: ignore[assignment]  # what import takes for "not there"
    try:
        return import_module("http.client")
    finally:
        del sys.modules["ssl"]
        sys.modules.pop("http.client", None)
        vars(import_module("http")).pop("client", None)


if not TYPE_CHECKING:
    _loaded = _client()
    HTTPConnection = _loaded.HTTPConnection
    HTTPException = _loaded.HTTPException
    HTTPResponse = _loaded.HTTPResponse


class SecureConnection(HTTPConnection):
    """TLS that expects a name of its own in the certificate, which need not be where it connects to."""

    default_port = 443

    def __init__(
        self, host: str, port: int | None, timeout_s: float, trust: "ssl.SSLContext", name: str
    ) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self._trust = trust
        self._name = name

    def connect(self) -> None:
        """Connect, through a tunnel if there is one, and do the handshake."""
        super().connect()
        self.sock = self._trust.wrap_socket(self.sock, server_hostname=self._name)
