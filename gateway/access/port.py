"""What access needs of whoever keeps accounts. All methods are called from many threads at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.access.audit import Entry
from gateway.access.tokens import Token
from gateway.access.users import Session, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """All accounts at one time."""

    version: int
    tokens: Sequence[Token] = ()
    users: Sequence[User] = ()
    sessions: Sequence[Session] = ()


class Accounts(Protocol):
    """Keeps tokens, users, sessions and the audit. A change and its entry are durable together."""

    def version(self) -> int:
        """Return a number that is another one after each change, also of another process."""

    def roster(self) -> Roster:
        """Return all accounts."""

    def add_token(self, token: Token, entry: Entry) -> None:
        """Keep a token."""

    def remove_token(self, token_id: str, entry: Entry) -> None:
        """Revoke a token; raises NoSuchAccount."""

    def add_user(self, user: User, entry: Entry) -> None:
        """Keep a user; raises NameTaken."""

    def set_password(self, name: str, password: str, entry: Entry) -> None:
        """Give a user another hash, and end their sessions; raises NoSuchAccount."""

    def remove_user(self, name: str, entry: Entry) -> None:
        """Remove a user and their sessions; raises NoSuchAccount."""

    def add_session(self, session: Session, entry: Entry) -> None:
        """Keep a session."""

    def remove_session(self, digest: bytes, entry: Entry) -> None:
        """End a session, if it is there."""

    def used(self, tokens: Mapping[str, int], sessions: Mapping[bytes, int], now_ms: int) -> bool:
        """Note when tokens, by id, and sessions were last used; drop sessions that are over.

        False if that can't be kept now. It is no change that counts for `version`.
        """

    def note(self, entry: Entry) -> bool:
        """Keep an entry of the audit; False if it can't be kept now."""
