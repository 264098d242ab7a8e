"""Setting values that are more than a word or a number, checked where they come in.

Owns how such a value is written. Must not know which settings use it, nor where the text came from.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Self

from runtime.patterns import PatternError, compile_pattern

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


_MS = {
    "y": 31_536_000_000,
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>[0-9]{{1,9}}){unit})?" for unit in _MS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration(TextValue):
    """A length of time, as Prometheus writes it."""

    EXPECTED: ClassVar[str] = 'a duration, such as "30d", "12h" or "1h30m"'

    text: str
    ms: int

    @classmethod
    def parse(cls, text: str) -> Self:
        match = _DURATION.fullmatch(text)
        if match is None or not text:
            raise ValueError(f"no duration: {text}")
        return cls(text=text, ms=sum(int(match[unit] or 0) * ms for unit, ms in _MS.items()))

    def __str__(self) -> str:
        return self.text


_BYTES = {"B": 1} | {
    f"{prefix}{unit}": base**power
    for unit, base in (("B", 1000), ("iB", 1024))
    for power, prefix in enumerate("KMGT", 1)
}
_SIZE = re.compile(r"([0-9]{1,9}) ?([KMGT]?i?B)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size(TextValue):
    """A number of bytes; 0 needs no unit."""

    EXPECTED: ClassVar[str] = 'a size, such as "5GB" or "512MiB", or 0'

    text: str
    bytes: int

    @classmethod
    def parse(cls, text: str) -> Self:
        match = _SIZE.fullmatch(text)
        if text == "0":
            return cls(text=text, bytes=0)
        if match is None or match[2] not in _BYTES:
            raise ValueError(f"no size: {text}")
        return cls(text=text, bytes=int(match[1]) * _BYTES[match[2]])

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern(TextValue):
    """A regular expression as in Go that has to match the whole of a text. The empty one matches nothing."""

    EXPECTED: ClassVar[str] = 'a regular expression, such as "eth[0-9]+"'

    text: str
    regex: re.Pattern[str] = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        try:
            return cls(text=text, regex=compile_pattern(text))
        except PatternError as error:
            raise ValueError(f"no regular expression: {text}: {error}") from error

    def matches(self, text: str) -> bool:
        """Whether it matches the whole text."""
        return bool(self.text) and self.regex.fullmatch(text) is not None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPair(TextValue):
    """A name with its value."""

    EXPECTED: ClassVar[str] = 'NAME=VALUE, such as "env=prod"'

    name: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ValueError(f"no name with a value: {text}")
        return cls(name=name.strip(), value=value.strip())

    def __str__(self) -> str:
        return f"{self.name}={self.value}"
