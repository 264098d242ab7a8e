"""Serving over TLS as the web configuration says. Loaded only where it says so."""

import socket
import ssl
from typing import Final

from exporter.http.webconfig import TlsConfig
from runtime.errors import SettingsError

_VERSIONS: Final = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_VERIFY: Final = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


class Tls:
    """One configuration of TLS, with the certificates that were read for it."""

    def __init__(self, config: TlsConfig) -> None:
        """Read the certificates; raises SettingsError."""
        self._sans = config.client_sans
        self._context = context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # What is older is not offered, whoever asks for it.
        context.minimum_version = _VERSIONS.get(config.min_version, ssl.TLSVersion.TLSv1_2)
        context.maximum_version = _VERSIONS[config.max_version]
        context.verify_mode = _VERIFY[config.client_auth]
        if config.server_order:
            context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
        else:
            context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
        reading = config.cert_file
        try:
            if config.ciphers:
                context.set_ciphers(":".join(config.ciphers))
            elif config.ciphers is not None:
                context.minimum_version = ssl.TLSVersion.TLSv1_3
            if len(config.curves) == 1:  # of several, the library cannot be told
                context.set_ecdh_curve(config.curves[0])
            context.load_cert_chain(config.cert_file, config.key_file, password=_no_password)
            if config.client_ca_file:
                reading = config.client_ca_file
                context.load_verify_locations(config.client_ca_file)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise SettingsError([f"{reading}: this certificate cannot be used: {error}."]) from error

    def wrapped(self, sock: socket.socket) -> ssl.SSLSocket:
        """The connection, before its handshake."""
        return self._context.wrap_socket(
            sock, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=True
        )

    def shake_hands(self, sock: ssl.SSLSocket) -> None:
        """Do the handshake; raises OSError, also where the client is none of those that may come."""
        sock.do_handshake()
        if self._sans and self._sans.isdisjoint(_names(sock)):
            raise ssl.SSLError("the client's certificate has none of the allowed names")


def _no_password() -> str:
    """Answer where a key is encrypted; otherwise the terminal would be asked."""
    raise ValueError("its key is encrypted")


def _names(sock: ssl.SSLSocket) -> set[str]:
    """The subject alternative names that the client's certificate has."""
    shown = sock.getpeercert() or {}
    names: object = shown.get("subjectAltName", ())
    return {str(name) for _, name in names} if isinstance(names, tuple) else set()
