"""Which version and which compression a request is in, by its headers.

Owns what is accepted there. Must not know the rest of HTTP.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from gateway.ingest.errors import UnsupportedMedia
from remotewrite.compression import CODECS, Codec
from remotewrite.decode.batch import Batch
from remotewrite.decode.table import SeriesTable
from remotewrite.decode.v1 import decode_v1
from remotewrite.decode.v2 import decode_v2

MEDIA_TYPE: Final = "application/x-protobuf"

DEFAULT_ENCODING: Final = "snappy"
"""Of a request that does not say: Prometheus reads it so, too."""

_SHOWN_CHARACTERS: Final = 100


class Version(NamedTuple):
    """A version of remote write, and how to read it."""

    name: str
    decode: Callable[[bytes, SeriesTable], Batch]


V1: Final = Version("1.0", decode_v1)
V2: Final = Version("2.0", decode_v2)

# The messages of the parameter `proto`, in lower case; without one it is 1.0, whose senders never gave one.
_VERSIONS: Final[Mapping[str, Version]] = {
    "": V1,
    "prometheus.writerequest": V1,
    "io.prometheus.write.v2.request": V2,
}


def version_of(content_type: str) -> Version:
    """Return the version that a Content-Type means; raises UnsupportedMedia."""
    media_type, *parameters = (part.strip() for part in content_type.split(";"))
    message = ""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "proto":
            message = value.strip().strip('"').lower()
    version = _VERSIONS.get(message)
    if media_type.lower() not in ("", MEDIA_TYPE) or version is None:
        raise UnsupportedMedia(
            f"the Content-Type is {_shown(content_type)}. Send {MEDIA_TYPE}, for remote write 2.0 with "
            "proto=io.prometheus.write.v2.Request"
        )
    return version


def codec_of(content_encoding: str) -> Codec:
    """Return the codec that a Content-Encoding names; raises UnsupportedMedia."""
    codec = CODECS.get(content_encoding.strip().lower() or DEFAULT_ENCODING)
    if codec is None:
        names = " or ".join(CODECS)
        raise UnsupportedMedia(f"the Content-Encoding is {_shown(content_encoding)}. Send {names}")
    return codec


def _shown(header: str) -> str:
    return f'"{header[:_SHOWN_CHARACTERS]}"'
