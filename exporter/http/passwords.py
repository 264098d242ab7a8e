"""Checks names and passwords against bcrypt hashes. The only home of bcrypt; loaded where there are users."""

import base64
import binascii
import hashlib
import threading
from collections.abc import Mapping
from typing import Final

import bcrypt

MAX_KNOWN: Final = 100
"""Passwords found right are known for the next request, as checking one costs 50 to 250 ms of a core."""

MAX_HEADER_BYTES: Final = 1024
"""A longer Authorization header is not looked at: no password here is that long."""

_MAX_PASSWORD_BYTES: Final = 72
"""bcrypt looks at no more; Go's ignores what is beyond, and this one would raise."""


class Passwords:
    """The users of one configuration. May be asked by several threads at once."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._hashes = {name.encode(): text.encode() for name, text in users.items()}
        # Unknown names cost as much as the dearest known one, so that time tells nobody which names exist.
        self._stand_in = max(self._hashes.values(), key=_cost)
        self._known: dict[bytes, None] = {}
        # One at a time: guessing takes one core of this host and no more.
        self._checking = threading.Lock()

    def admit(self, authorization: str) -> bool:
        """Whether an Authorization header has the name and password of a user."""
        pair = _pair(authorization)
        if pair is None:
            return False
        name, password = pair
        stored = self._hashes.get(name)
        mark = hashlib.sha256(b"\0".join((name, stored or b"", password))).digest()
        if mark in self._known:
            return True
        with self._checking:
            if mark in self._known:  # another thread has found out
                return True
            if not _matches(password, stored or self._stand_in) or stored is None:
                return False
            if len(self._known) >= MAX_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[mark] = None
            return True


def _matches(password: bytes, stored: bytes) -> bool:
    try:
        return bcrypt.checkpw(password[:_MAX_PASSWORD_BYTES], _read(stored))
    except ValueError:  # it looks like a hash, and is none
        return False


def _cost(text: bytes) -> int:
    return int(text.split(b"$")[2])


def _read(text: bytes) -> bytes:
    """The hash as bcrypt takes it: the mark of its version says which mistakes it was made without."""
    return b"$2b$" + text.split(b"$", 2)[2]


def _pair(authorization: str) -> tuple[bytes, bytes] | None:
    scheme, _, coded = authorization.partition(" ")
    if scheme.lower() != "basic" or len(authorization) > MAX_HEADER_BYTES:
        return None
    try:
        name, colon, password = base64.b64decode(coded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if colon and b"\0" not in password else None
