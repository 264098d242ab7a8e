"""What was taken of a request, for whoever passes it on."""

from dataclasses import dataclass
from typing import Literal

from remotewrite.compression import compress
from remotewrite.decode.batch import Batch


@dataclass(slots=True, kw_only=True)
class Taken:
    """A request and what could be taken of it: `batch` says whether that is all.

    `decoded` is the whole request, empty if there was none; `body` is how it came, if that was snappy.
    """

    batch: Batch
    version: Literal[1, 2]
    decoded: bytes = b""
    body: bytes = b""

    def snappy(self) -> bytes:
        """Return the whole request, compressed with snappy."""
        if not self.body:
            self.body = compress(self.decoded)
        return self.body
