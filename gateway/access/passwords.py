"""Hashes and checks passwords. The only home of argon2. Must not know where users are kept."""

import hashlib
import hmac
import threading
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.access.errors import Crowded

SALT_BYTES: Final = 16

MAX_REMEMBERED: Final = 1000
"""Passwords found right are known for the next request: a Grafana asks with each query."""

MAX_WAITING: Final = 3
"""Passwords are checked one at a time, so that guessing takes one core and 32 MiB; so many threads of the
eight that serve requests may wait for that."""

USUAL: Final = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
"""Argon2id with 32 MiB: 65 ms of one core."""


class Passwords:
    """Checks passwords. For several threads."""

    def __init__(self, *, key: bytes, hasher: PasswordHasher = USUAL) -> None:
        """Remember right ones by a keyed digest; the key never leaves this process."""
        self._key = key
        self._hasher = hasher
        # Unknown names cost as much as known ones, so that time tells nobody which exist.
        self._stand_in = hasher.hash(key, salt=bytes(SALT_BYTES))
        self._remembered: dict[bytes, None] = {}
        self._checking = threading.Lock()
        self._places = threading.BoundedSemaphore(1 + MAX_WAITING)

    def hashed(self, password: str, salt: bytes) -> str:
        """Return what is kept of a password."""
        return self._hasher.hash(password, salt=salt)

    def remembers(self, password: str, stored: str | None) -> bool:
        """Whether this password was found right for this hash before; costs nearly nothing."""
        return stored is not None and self._mark(password, stored) in self._remembered

    def check(self, password: str, stored: str | None) -> bool:
        """Whether the password is the one; never for None, which costs as much. Raises Crowded."""
        if not self._places.acquire(blocking=False):
            raise Crowded("many passwords are being checked at this moment. Try again in a second")
        try:
            with self._checking:
                right = self._matches(password, stored or self._stand_in)
        finally:
            self._places.release()
        if not right or stored is None:
            return False
        while len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.pop(next(iter(self._remembered)), None)
        self._remembered[self._mark(password, stored)] = None
        return True

    def _matches(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def _mark(self, password: str, stored: str) -> bytes:
        return hmac.digest(self._key, f"{stored}\0{password}".encode(), hashlib.sha256)
