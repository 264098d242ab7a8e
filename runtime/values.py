"""Setting values that are more than a word or a number, checked where they come in.

Owns how such a value is written. Must not know which settings use it, nor where the text came from.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

MAX_PORT = 65_535
"""A TCP port is 16 bits."""


class TextValue(ABC):
    """A value that is written as one text, whether in a file, a variable or a flag."""

    __slots__ = ()

    EXPECTED: ClassVar[str]
    """What to write; a message says "expected" before it."""

    @classmethod
    @abstractmethod
    def parse(cls, text: str) -> Self:
        """Read the value, or raise ValueError."""


_HOST = r"\[(?P<v6>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)\]|(?P<name>[A-Za-z0-9._-]+)"
_ADDRESS = re.compile(rf"(?:{_HOST}):(?P<port>[0-9]{{1,5}})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address(TextValue):
    """Where to listen. Port 0 lets the system choose one."""

    EXPECTED: ClassVar[str] = 'host:port, such as "127.0.0.1:9095" or "[::1]:9095"'

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        match = _ADDRESS.fullmatch(text)
        if match is None or int(match["port"]) > MAX_PORT:
            raise ValueError(f"no address: {text}")
        return cls(host=match["v6"] or match["name"], port=int(match["port"]))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
