"""A client that sees the bytes: what a library would repair or hide is what these tests are about."""

import select
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, *parts: bytes) -> None:
        self._socket.sendall(b"".join(parts))

    def ask(self, *parts: bytes) -> Answer:
        self.send(*parts)
        return self.answer()

    def answer(self, *, body: bool = True) -> Answer:
        status = int(self._line().split()[1])
        headers: dict[str, str] = {}
        while line := self._line():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0")) if body else 0
        return Answer(status=status, headers=headers, body=self._stream.read(length))

    def has_answer(self, *, within: float) -> bool:
        """Whether the server says anything within so many seconds."""
        return bool(select.select([self._socket], [], [], within)[0])

    def is_closed(self) -> bool:
        """Wait for the server to end the connection; whatever else it says makes this false.

        A busy machine may close with bytes of ours unread, which arrives here as a reset.
        """
        try:
            return self._stream.read(1) == b""
        except ConnectionResetError:
            return True

    def _line(self) -> str:
        return self._stream.readline().decode("latin-1").rstrip("\r\n")
