"""Tokens: what programs show to be let in. A secret is shown once and kept as its digest only."""

import base64
import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.access.caller import EVERY_AGENT, Caller, Right
from gateway.access.roles import RIGHTS, Role
from gateway.access.scope import matchers_of

PREFIX: Final = "fgt_"
"""Tells people, and programs that look for leaked secrets, what this is."""

SECRET_BYTES: Final = 32
"""Nobody guesses 256 bits, so a digest needs no salt and no slow function, and tokens need no lockout."""


class Kind(StrEnum):
    """What a token is for."""

    AGENT = "agent"
    """Sends samples and reports of the agents that it names."""
    READ = "read"
    """Reads the series that it is confined to."""
    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token without its secret."""

    id: str
    digest: bytes = field(repr=False)
    kind: Kind
    agents: tuple[str, ...] = ()
    """Of an agent token: the names it may act for."""
    selector: str = ""
    """Of a read token: what it reads must match this."""
    note: str = ""
    created_ms: int
    created_by: str
    expires_ms: int | None = None
    used_ms: int | None = None
    """About when it was last used."""

    def caller(self) -> Caller:
        """Return who shows it; raises BadOrder when the selector is none to this version."""
        name = f"token {self.id}"
        match self.kind:
            case Kind.AGENT:
                return Caller(name=name, rights=frozenset({Right.INGEST}), agents=self.agents)
            case Kind.READ:
                matchers = matchers_of(self.selector)
                return Caller(name=name, rights=frozenset({Right.READ}), matchers=matchers, agents=())
            case _:
                rights = RIGHTS[Role(self.kind)]
                return Caller(name=name, rights=rights, agents=_agents(rights))

    def is_expired(self, now_ms: int) -> bool:
        """Whether it counts no more."""
        return self.expires_ms is not None and now_ms >= self.expires_ms


def caller_of_user(name: str, role: Role) -> Caller:
    """Return the user as a caller."""
    return Caller(name=f"user {name}", rights=RIGHTS[role], agents=_agents(RIGHTS[role]))


def _agents(rights: frozenset[Right]) -> tuple[str, ...]:
    return (EVERY_AGENT,) if Right.INGEST in rights else ()


def secret_of(drawn: bytes) -> str:
    """Write random bytes as a token."""
    return PREFIX + base64.urlsafe_b64encode(drawn).rstrip(b"=").decode()


def digest_of(secret: str) -> bytes:
    """Return what is kept of a secret, be it a token's or a session's."""
    return hashlib.sha256(secret.encode()).digest()
