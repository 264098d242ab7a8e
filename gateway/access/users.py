"""Users and their sessions: values, and the rules for names, passwords and how long a session lives."""

import re
from dataclasses import dataclass, field
from typing import Final

from gateway.access.errors import BadOrder
from gateway.access.roles import Role

MIN_PASSWORD_CHARACTERS: Final = 10
MAX_PASSWORD_BYTES: Final = 1024
"""Room for any passphrase; a longer one only costs time."""

IDLE_MS: Final = 12 * 3600 * 1000
"""Whoever comes back the next morning logs in again; a wall that refreshes itself stays."""

ABSOLUTE_MS: Final = 7 * 24 * 3600 * 1000
"""A stolen cookie ends with the week, however much it is used."""

MAX_NAME_CHARACTERS: Final = 64
_NAME: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._@-]{{0,{MAX_NAME_CHARACTERS - 1}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Someone who logs in with a password."""

    name: str
    role: Role
    password: str = field(repr=False)
    """Its argon2 hash."""
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is logged in, by the digest of what is in its cookie."""

    digest: bytes = field(repr=False)
    user: str
    created_ms: int
    seen_ms: int

    def is_over(self, seen_ms: int, now_ms: int) -> bool:
        """Whether it counts no more, when it was last used at `seen_ms`."""
        return now_ms - seen_ms >= IDLE_MS or now_ms - self.created_ms >= ABSOLUTE_MS


def checked_name(name: str) -> str:
    """Return the name of a user; raises BadOrder."""
    if not _NAME.fullmatch(name):
        raise BadOrder(
            "a user's name has 1 to 64 letters, digits, dots, hyphens, underscores and at-signs, and begins "
            "with a letter or digit"
        )
    return name


def checked_password(password: str) -> str:
    """Return the password; raises BadOrder."""
    if len(password) < MIN_PASSWORD_CHARACTERS or len(password.encode()) > MAX_PASSWORD_BYTES:
        raise BadOrder(
            f"a password has at least {MIN_PASSWORD_CHARACTERS} characters, and at most "
            f"{MAX_PASSWORD_BYTES} bytes"
        )
    return password
