"""TLS of the gateway's connections: handshakes that block nobody, and certificates that may be replaced.

Owns the files and when they are read again. Must not know HTTP, nor what is sent. Loaded where it is set.
"""

import errno
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from gateway.http.certificate import ends_s
from runtime.errors import SettingsError

RECHECK_SECONDS: Final = 1.0
"""How often the files are looked at, when a connection comes in."""


class TlsSocket(ssl.SSLSocket):
    """A connection that speaks TLS as one that never blocks speaks: nothing yet, gone, or bytes.

    Its handshake is done by whoever reads or writes first. One thread reads while another may write, which
    OpenSSL does not bear: they take turns.
    """

    lock: threading.Lock

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Read; raises BlockingIOError when there is nothing yet."""
        with self.lock:
            try:
                return super().recv(buflen, flags)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                raise _later() from error
            except ssl.SSLError as error:
                raise _gone() from error

    def send(self, data: Any, flags: int = 0) -> int:
        """Write some; raises BlockingIOError when nothing can be written now."""
        with self.lock:
            try:
                return super().send(data, flags)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                raise _later() from error
            except ssl.SSLError as error:
                raise _gone() from error

    def close(self) -> None:
        """Say goodbye, so that the other side knows that nothing was cut off; wait for no answer."""
        with suppress(OSError, ValueError):
            self.unwrap()
        super().close()


class Tls:
    """The certificate and key in two files. Used by the one thread that accepts connections."""

    def __init__(
        self, cert: Path, key: Path, *, clock: Callable[[], float], failed: Callable[[str], None]
    ) -> None:
        """Read them; raises SettingsError. Later `failed` is told why new ones are not taken."""
        self._files = (cert, key)
        self._clock = clock
        self._failed = failed
        self._seen = self._signature()
        self._checked_s = clock()
        self._context = self._load()

    def wrapped(self, connection: socket.socket) -> ssl.SSLSocket:
        """Return the connection with TLS, its handshake still to be done; raises OSError."""
        self._reload()
        connection.setblocking(False)
        wrapped = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        wrapped.lock = threading.Lock()  # type: ignore[attr-defined]  # it is a TlsSocket
        return wrapped

    def _reload(self) -> None:
        now = self._clock()
        if now - self._checked_s < RECHECK_SECONDS:
            return
        self._checked_s = now
        signature = self._signature()
        if signature == self._seen:
            return
        self._seen = signature
        try:
            self._context = self._load()
        except SettingsError as error:
            # Half of a pair is there already, say: the next change of a file is looked at again.
            self._failed(str(error))

    def _load(self) -> ssl.SSLContext:
        cert, key = self._files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = TlsSocket
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(cert, key, password=_no_password)
            self.ends_s = ends_s(cert.read_text())
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise SettingsError([f"{cert}, {key}: this certificate can't be used: {error}."]) from error
        return context

    def _signature(self) -> list[tuple[int, int, int] | None]:
        return [_state(file) for file in self._files]


def _state(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _later() -> BlockingIOError:
    return BlockingIOError(errno.EWOULDBLOCK, "TLS has nothing yet")


def _gone() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "this is no TLS, or it was broken off")


def _no_password() -> str:
    """Answer where a key is encrypted; otherwise the terminal would be asked."""
    raise ValueError("its key is encrypted")
