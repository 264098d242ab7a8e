"""Where tokens and users are made and removed, by the API and the command line; all of it is in the audit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.access.audit import Actor, Entry
from gateway.access.errors import BadOrder
from gateway.access.passwords import SALT_BYTES, Passwords
from gateway.access.port import Accounts
from gateway.access.roles import Role
from gateway.access.scope import checked_globs, matchers_of
from gateway.access.tokens import SECRET_BYTES, Kind, Token, digest_of, secret_of
from gateway.access.users import User, checked_name, checked_password

MAX_TOKENS: Final = 20_000
"""One for each of 10,000 agents, twice: while they are replaced."""

MAX_USERS: Final = 1000
MAX_NOTE: Final = 200
_ID_BYTES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What token is wanted: one of agents, of a selector, or of a role."""

    agents: Sequence[str] = ()
    selector: str = ""
    role: Role | None = None
    note: str = ""
    expires_in_ms: int | None = None

    def kind(self) -> Kind:
        """Return the one kind that is asked for; raises BadOrder."""
        kinds = [
            kind
            for kind, asked in (
                (Kind.AGENT, self.agents),
                (Kind.READ, self.selector),
                (Kind(self.role) if self.role else None, self.role),
            )
            if asked and kind
        ]
        if len(kinds) != 1:
            raise BadOrder(
                "a token is for agents, for what a selector takes, or for a role: give one of them"
            )
        return kinds[0]


class Desk:
    """Changes accounts."""

    def __init__(
        self,
        accounts: Accounts,
        passwords: Passwords,
        *,
        now_ms: Callable[[], int],
        draw: Callable[[int], bytes],
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        """Take random bytes from `draw`; tell of each change."""
        self._accounts = accounts
        self._passwords = passwords
        self._now_ms = now_ms
        self._draw = draw
        self._changed = changed

    def tokens(self) -> list[Token]:
        """Return all tokens, the oldest first."""
        return sorted(self._accounts.roster().tokens, key=lambda token: (token.created_ms, token.id))

    def users(self) -> list[User]:
        """Return all users by name."""
        return sorted(self._accounts.roster().users, key=lambda user: user.name)

    def create_token(self, order: Order, actor: Actor) -> tuple[Token, str]:
        """Return a new token and its secret, which nobody can show again; raises BadOrder."""
        kind = order.kind()
        if len(order.note) > MAX_NOTE:
            raise BadOrder(f"the note has more than {MAX_NOTE} characters")
        if order.expires_in_ms is not None and order.expires_in_ms <= 0:
            raise BadOrder("a token that expires at once is of no use")
        if len(self._accounts.roster().tokens) >= MAX_TOKENS:
            raise BadOrder(f"there are {MAX_TOKENS} tokens already: revoke some")
        if kind is Kind.READ:
            matchers_of(order.selector)
        now_ms = self._now_ms()
        secret = secret_of(self._draw(SECRET_BYTES))
        token = Token(
            id=self._draw(_ID_BYTES).hex(),
            digest=digest_of(secret),
            kind=kind,
            agents=checked_globs(order.agents) if kind is Kind.AGENT else (),
            selector=order.selector,
            note=order.note,
            created_ms=now_ms,
            created_by=actor.name,
            expires_ms=None if order.expires_in_ms is None else now_ms + order.expires_in_ms,
        )
        detail = " ".join(filter(None, [kind, *token.agents, token.selector, token.note]))
        self._accounts.add_token(token, self._entry(actor, "token.create", f"token {token.id}", detail))
        self._changed()
        return token, secret

    def revoke_token(self, token_id: str, actor: Actor) -> None:
        """Take a token no more; raises NoSuchAccount."""
        self._accounts.remove_token(token_id, self._entry(actor, "token.revoke", f"token {token_id}"))
        self._changed()

    def add_user(self, name: str, role: Role, password: str, actor: Actor) -> User:
        """Add a user; raises BadOrder or NameTaken."""
        stored = self._hashed(checked_password(password))
        if len(self._accounts.roster().users) >= MAX_USERS:
            raise BadOrder(f"there are {MAX_USERS} users already")
        user = User(name=checked_name(name), role=role, password=stored, created_ms=self._now_ms())
        self._accounts.add_user(user, self._entry(actor, "user.add", f"user {name}", role))
        self._changed()
        return user

    def change_password(self, name: str, password: str, actor: Actor) -> None:
        """Give a user another password, and end their sessions; raises BadOrder or NoSuchAccount."""
        stored = self._hashed(checked_password(password))
        self._accounts.set_password(name, stored, self._entry(actor, "user.password", f"user {name}"))
        self._changed()

    def remove_user(self, name: str, actor: Actor) -> None:
        """Remove a user and their sessions; raises NoSuchAccount."""
        self._accounts.remove_user(name, self._entry(actor, "user.remove", f"user {name}"))
        self._changed()

    def _hashed(self, password: str) -> str:
        return self._passwords.hashed(password, self._draw(SALT_BYTES))

    def _entry(self, actor: Actor, action: str, subject: str, detail: str = "") -> Entry:
        return Entry(time_ms=self._now_ms(), actor=actor, action=action, subject=subject, detail=detail)
