"""What the audit keeps of a change or a login: never a secret. Must not know where it is kept."""

from dataclasses import dataclass
from typing import Final

MAX_ENTRIES: Final = 100_000
"""About 20 MB; older ones go first."""

MAX_AGE_MS: Final = 365 * 24 * 3600 * 1000

MAX_TEXT: Final = 500
"""Characters of one text of an entry: a path with what it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it, and from where."""

    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the audit."""

    time_ms: int
    actor: Actor
    action: str
    """What was done, such as `token.create` or `DELETE /api/v1/agents/{id}`."""
    subject: str = ""
    """What it was done to."""
    detail: str = ""
    """What came of it, or how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """An entry with its number: later ones have higher numbers."""

    number: int
    entry: Entry
