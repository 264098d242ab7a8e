"""Whole files as zstd, without holding them in memory. Knows not what is in them."""

from pathlib import Path
from typing import Final

import cramjam

from gateway.storage.errors import NotRestored

_MAGIC: Final = b"\x28\xb5\x2f\xfd"


def is_packed(start: bytes) -> bool:
    """Tell whether a file that starts so is compressed."""
    return start.startswith(_MAGIC)


def pack(file: Path, target: Path) -> None:
    """Write a file into another, compressed."""
    cramjam.zstd.compress_into(cramjam.File(str(file)), cramjam.File(str(target)))


def unpack(file: Path, target: Path) -> None:
    """Write what is in a compressed file into another; raises NotRestored."""
    try:
        cramjam.zstd.decompress_into(cramjam.File(str(file)), cramjam.File(str(target)))
    except cramjam.DecompressionError as error:
        raise NotRestored(f"{file} is damaged: {error}") from error
