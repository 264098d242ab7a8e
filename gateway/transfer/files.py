"""Files that are exported to and imported from: compressed or not, whole or not there. Knows no command."""

import gzip
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

from gateway.storage.packing import is_packed, unpack
from gateway.transfer.commas import CommaWriter, read_commas
from gateway.transfer.errors import NotReadable
from gateway.transfer.formats import Make, Read
from gateway.transfer.frames import MAGIC, FrameWriter, read_frames
from gateway.transfer.openmetrics import OpenMetricsWriter, read_openmetrics

FORMATS: Final[dict[str, tuple[Make, Read]]] = {
    "openmetrics": (OpenMetricsWriter, read_openmetrics),
    "csv": (CommaWriter, read_commas),
    "remote-write": (FrameWriter, read_frames),
}

_STANDARD: Final = "-"

_PIECE: Final = 1 << 20
_GZIP_MAGIC: Final = b"\x1f\x8b"
# How the formats start, but for OpenMetrics.
_STARTS: Final = {MAGIC: "remote-write", b"series,time_ms,value": "csv"}

Told = Callable[[str, int, int], None]


@contextmanager
def target(output: Path | None) -> Iterator[BinaryIO]:
    """Open what is written to, standard output without a file; a file has its name only when all is in it."""
    if output is None or str(output) == _STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    draft = output.with_name(f"{output.name}.tmp")
    try:
        with draft.open("wb") as file:
            if output.suffix == ".gz":
                with gzip.open(file, "wb", compresslevel=6) as packed:
                    yield packed  # type: ignore[misc]  # as much of a file as is needed
            else:
                yield file
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def pieces(file: Path, told: Told) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Give in which format a file seems to be, and what is in it; `told` hears how far it is read."""
    with ExitStack() as open_:
        found = _standard() if str(file) == _STANDARD else _read(file, open_, told)
        start = next(found, b"")
        form = next((form for before, form in _STARTS.items() if start.startswith(before)), "openmetrics")
        yield form, chain([start], found)


def _standard() -> Iterator[bytes]:
    while piece := sys.stdin.buffer.read(_PIECE):
        yield piece


def _read(file: Path, open_: ExitStack, told: Told) -> Iterator[bytes]:
    raw = open_.enter_context(file.open("rb"))
    start = raw.read(4)
    if is_packed(start):
        plain = Path(open_.enter_context(TemporaryDirectory(prefix="fleetgauge-import-"))) / "plain"
        unpack(file, plain)
        raw = open_.enter_context(plain.open("rb"))
    raw.seek(0)
    size = Path(raw.name).stat().st_size
    packed = start.startswith(_GZIP_MAGIC)
    source = open_.enter_context(gzip.GzipFile(fileobj=raw)) if packed else raw
    try:
        while piece := source.read(_PIECE):
            told("reading", raw.tell(), size)
            yield piece
    except (EOFError, gzip.BadGzipFile) as error:
        raise NotReadable(f"{file} is damaged: {error}") from None
