"""A mail server on loopback that keeps what it is given. Speaks as much SMTP as a sender needs."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass(slots=True, kw_only=True)
class MailServer:
    """What came: senders with their recipients, logins, and messages; `refuses` answers to recipients."""

    port: int = 0
    refuses: str = ""
    tls: ssl.SSLContext | None = None
    logins: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    messages: list[EmailMessage] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)


@contextmanager
def mail_server(*, refuses: str = "", tls: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """Run a mail server; with a context it offers STARTTLS."""
    kept = MailServer(refuses=refuses, tls=tls)
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _handler(kept))
    server.daemon_threads = True
    kept.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(kept: MailServer) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        secure = False

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            self.say("220 here")
            with self.tidily():
                while line := self.rfile.readline().decode().strip():
                    word = line.split(" ")[0].upper()
                    if word == "QUIT":
                        break
                    getattr(self, f"do_{word.lower()}", self.do_noop)(line)

        @contextmanager
        def tidily(self) -> Iterator[None]:
            try:
                yield
            except OSError:
                return
            finally:
                if self.secure:
                    self.connection.close()

        def do_noop(self, _: str) -> None:
            self.say("250 ok")

        def do_ehlo(self, _: str) -> None:
            self.say("250-here")
            self.say("250-STARTTLS" if kept.tls and not self.secure else "250-8BITMIME")
            self.say("250 AUTH PLAIN")

        def do_starttls(self, _: str) -> None:
            assert kept.tls is not None
            self.say("220 go")
            self.secure = True
            self.connection = kept.tls.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

        def do_auth(self, line: str) -> None:
            kept.logins.append(base64.b64decode(line.split(" ")[2]).decode())
            self.say("235 in")

        def do_rcpt(self, line: str) -> None:
            kept.recipients.append(line.partition(":")[2].strip("<>"))
            self.say(kept.refuses or "250 ok")

        def do_data(self, _: str) -> None:
            self.say("354 go on")
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line)
            kept.messages.append(message_from_bytes(b"".join(lines), policy=policy.default))
            kept.encrypted.append(self.secure)
            self.say("250 kept")

    return Handler
