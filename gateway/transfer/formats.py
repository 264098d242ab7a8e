"""What every format has: a writer that tells what it could not hold, a reader that tells of bad lines."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from gateway.transfer.bundle import Bundle
from timeseries.metadata import Metadata

Bad = Callable[[int, str], None]
"""Hears the number of a line that can't be read, and why; may raise."""


class Writer(Protocol):
    """Writes bundles, one after the other."""

    lost: Counter[str]

    def write(self, bundle: Bundle) -> bytes:
        """Write one."""

    def end(self) -> bytes:
        """Write what comes after the last."""


Make = Callable[[Mapping[str, Metadata]], Writer]
"""Makes a writer, given what families mean."""

Read = Callable[[Iterable[bytes], Bad], Iterator[Bundle]]
"""Reads a file, given as pieces of any size; raises NotReadable."""


def lines_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut pieces into lines, without their ends; only a newline ends one."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
    if rest:
        yield rest
