"""When a certificate ends: all that is read of it, out of its DER form (RFC 5280, section 4.1).

Python's ssl tells it of a peer's certificate, never of one's own.
"""

import ssl
from datetime import UTC, datetime
from typing import Final

_UTC_TIME: Final = 0x17
_SEQUENCE: Final = 0x30
_VERSION: Final = 0xA0

_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
_END: Final = "-----END CERTIFICATE-----"


def ends_s(pem: str) -> float:
    """Return when the first certificate of a PEM text ends, in seconds since 1970; raises ValueError."""
    start = pem.find(_BEGIN)
    end = pem.find(_END, start)
    if start < 0 or end < 0:
        raise ValueError("there is no certificate in it")
    _, whole, _ = _item(ssl.PEM_cert_to_DER_cert(pem[start : end + len(_END)]))
    _, signed, _ = _item(whole)
    tag, _, rest = _item(signed)
    if tag == _VERSION:
        _, _, rest = _item(rest)
    # Behind the serial number: the algorithm, the issuer, and from when to when it holds.
    for _ in range(2):
        _, _, rest = _item(rest)
    tag, validity, _ = _item(rest)
    if tag != _SEQUENCE:
        raise ValueError("it is no certificate")
    _, _, rest = _item(validity)
    tag, written, _ = _item(rest)
    return _moment(tag, written.decode("ascii"))


def _item(data: bytes) -> tuple[int, bytes, bytes]:
    """Return the tag and the content of the first item, and what stands behind it."""
    if len(data) < 2:
        raise ValueError("it is cut off")
    tag, size, at = data[0], data[1], 2
    if size & 0x80:
        count = size & 0x7F
        size, at = int.from_bytes(data[2 : 2 + count]), 2 + count
    if at + size > len(data):
        raise ValueError("it is cut off")
    return tag, data[at : at + size], data[at + size :]


def _moment(tag: int, written: str) -> float:
    """Read a time; two digits of a year are those of 1950 to 2049."""
    if tag == _UTC_TIME:
        written = ("19" if written[:2] >= "50" else "20") + written
    return datetime.strptime(written, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
