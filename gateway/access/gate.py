"""Who is asking: checks tokens, passwords and sessions against the accounts that are kept.

Owns how fresh its copy of the accounts is, who anonymous is, and lockouts. Must not know HTTP nor SQL.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.access.audit import Actor, Entry
from gateway.access.caller import ANYONE, NOBODY, Caller
from gateway.access.errors import BadOrder, Crowded, LockedOut, Unrecognised
from gateway.access.passwords import Passwords
from gateway.access.port import Accounts, Roster
from gateway.access.throttle import (
    MOST_PER_ADDRESS,
    MOST_PER_NAME,
    MOST_PER_NAME_ANYWHERE,
    Throttle,
    network_of,
)
from gateway.access.tokens import Token, caller_of_user, digest_of
from gateway.access.users import MAX_NAME_CHARACTERS, MAX_PASSWORD_BYTES, Session, User

RECHECK_SECONDS: Final = 0.5
"""How long a token that another process revoked is still taken."""

FLUSH_MS: Final = 60_000
"""How often it is kept when tokens and sessions were last used: one commit for all of them."""

WRONG: Final = "the name or the password is wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """`now_ms` is the time of day, in ms since 1970; `stopwatch` counts seconds from anywhere."""

    now_ms: Callable[[], int]
    stopwatch: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Openness:
    """Whom to let in who says nothing."""

    everyone: bool = False
    """Anyone may do anything, whatever accounts there are."""
    without_accounts: bool = True
    """Anyone may do anything as long as there is no account: on loopback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """The accounts, by what is shown for them."""

    version: int
    tokens: Mapping[bytes, tuple[Token, Caller]]
    users: Mapping[str, tuple[User, Caller]]
    sessions: Mapping[bytes, Session]

    @property
    def has_accounts(self) -> bool:
        return bool(self.tokens or self.users)


class Gate:
    """Tells callers from strangers. For several threads."""

    def __init__(
        self, accounts: Accounts, passwords: Passwords, *, clocks: Clocks, openness: Openness
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._clocks = clocks
        self._openness = openness
        self._pairs, self._addresses = Throttle(MOST_PER_NAME), Throttle(MOST_PER_ADDRESS)
        self._names = Throttle(MOST_PER_NAME_ANYWHERE)
        self._known = _known(accounts.roster())
        self._checked_s = clocks.stopwatch()
        self._flushing = threading.Lock()
        self._flushed_ms = clocks.now_ms()
        self._tokens_used: dict[str, int] = {}
        self._sessions_used: dict[bytes, int] = {}

    @property
    def is_open(self) -> bool:
        """Whether anyone may do anything."""
        openness = self._openness
        return openness.everyone or (openness.without_accounts and not self._fresh().has_accounts)

    @property
    def asks(self) -> bool:
        """Whether there is anything that credentials can be compared with."""
        return self._fresh().has_accounts or not self.is_open

    def refresh(self) -> _Known:
        """Look at the accounts again, now."""
        self._checked_s = self._clocks.stopwatch()
        if self._accounts.version() != self._known.version:
            self._known = _known(self._accounts.roster())
        return self._known

    def of_nobody(self) -> Caller:
        """Return who says nothing: anyone, or nobody."""
        return ANYONE if self.is_open else NOBODY

    def of_token(self, secret: str) -> Caller:
        """Return who shows a token; raises Unrecognised."""
        digest = digest_of(secret)
        found = self._fresh().tokens.get(digest) or self.refresh().tokens.get(digest)
        if found is None:
            raise Unrecognised("this token is not known: it is wrong, or was revoked")
        token, caller = found
        now_ms = self._clocks.now_ms()
        if token.is_expired(now_ms):
            raise Unrecognised(f"token {token.id} has expired")
        self._tokens_used[token.id] = now_ms
        self._flush(now_ms)
        return caller

    def of_session(self, secret: str) -> Caller:
        """Return who shows a session's cookie; raises Unrecognised."""
        digest = digest_of(secret)
        known = self._fresh()
        session = known.sessions.get(digest)
        now_ms = self._clocks.now_ms()
        if session is None or session.user not in known.users:
            raise Unrecognised("this session is over. Log in again")
        if session.is_over(max(session.seen_ms, self._sessions_used.get(digest, 0)), now_ms):
            raise Unrecognised("this session is over. Log in again")
        self._sessions_used[digest] = now_ms
        self._flush(now_ms)
        return known.users[session.user][1]

    def of_password(self, name: str, password: str, address: str) -> Caller:
        """Return who shows a name and a password; raises Unrecognised, LockedOut or Crowded.

        What was right before is known: so no lockout by strangers keeps out whoever is in already.
        """
        found = self._fresh().users.get(name)
        stored = found[0].password if found else None
        if found and self._passwords.remembers(password, stored):
            return found[1]
        self._check(name, password, stored, address)
        if found is None:
            raise Unrecognised(WRONG)
        return found[1]

    def log_in(self, name: str, password: str, *, address: str, drawn: str) -> Caller:
        """Begin a session whose secret is `drawn`; raises as `of_password`."""
        caller = self.of_password(name, password, address)
        now_ms = self._clocks.now_ms()
        session = Session(digest=digest_of(drawn), user=name, created_ms=now_ms, seen_ms=now_ms)
        self._accounts.add_session(session, self._entry(Actor(name=caller.name, address=address), "login"))
        self.refresh()
        return caller

    def log_out(self, secret: str, address: str) -> None:
        """End a session, if it is one."""
        session = self._fresh().sessions.get(digest_of(secret))
        if session is not None:
            actor = Actor(name=f"user {session.user}", address=address)
            self._accounts.remove_session(session.digest, self._entry(actor, "logout"))
            self.refresh()

    def _check(self, name: str, password: str, stored: str | None, address: str) -> None:
        """Look at a password once; every try costs the same, whatever is wrong with it."""
        now_ms, network = self._clocks.now_ms(), network_of(address)
        kept = name[: MAX_NAME_CHARACTERS + 1]  # longer ones are nobody's, and would fill the memory
        counts = ((self._pairs, f"{network} {kept}"), (self._names, kept), (self._addresses, network))
        locked_ms = max(throttle.locked_ms(key, now_ms) for throttle, key in counts)
        if locked_ms:
            raise LockedOut(-(-locked_ms // 1000))
        last = sum(throttle.tried(key, now_ms) for throttle, key in counts) > 0
        try:
            right = len(password) <= MAX_PASSWORD_BYTES and self._passwords.check(password, stored)
        except Crowded:
            for throttle, key in counts:
                throttle.forgive(key, all_of_it=False)
            raise
        if right:
            for throttle, key in counts:
                throttle.forgive(key, all_of_it=throttle is not self._addresses)
            return
        # A name that does not exist may be a password in the wrong field: it is not kept.
        subject = f"user {name}" if stored is not None else "an unknown name"
        detail = "locked out" if last else "wrong password"
        actor = Actor(name=NOBODY.name, address=address)
        self._accounts.note(self._entry(actor, "login", subject=subject, detail=detail))
        raise Unrecognised(WRONG)

    def _entry(self, actor: Actor, action: str, *, subject: str = "", detail: str = "") -> Entry:
        now_ms = self._clocks.now_ms()
        return Entry(time_ms=now_ms, actor=actor, action=action, subject=subject, detail=detail)

    def _fresh(self) -> _Known:
        """Return the accounts; without any the door is open, and shuts with the first at once."""
        known = self._known
        if not known.has_accounts or self._clocks.stopwatch() - self._checked_s >= RECHECK_SECONDS:
            return self.refresh()
        return known

    def _flush(self, now_ms: int) -> None:
        """Keep who was here, now and then; other threads go on meanwhile."""
        if now_ms - self._flushed_ms < FLUSH_MS or not self._flushing.acquire(blocking=False):
            return
        try:
            self._flushed_ms = now_ms
            tokens, self._tokens_used = self._tokens_used, {}
            # What is newest is needed until the roster is read again.
            self._accounts.used(tokens, dict(self._sessions_used), now_ms)
            self._sessions_used = {
                digest: seen_ms
                for digest, seen_ms in dict(self._sessions_used).items()
                if digest in self._known.sessions
            }
        finally:
            self._flushing.release()


def _known(roster: Roster) -> _Known:
    return _Known(
        version=roster.version,
        tokens={token.digest: (token, _caller(token)) for token in roster.tokens},
        users={user.name: (user, caller_of_user(user.name, user.role)) for user in roster.users},
        sessions={session.digest: session for session in roster.sessions},
    )


def _caller(token: Token) -> Caller:
    """Return the token's caller; one whose selector can't be read any more may do nothing."""
    try:
        return token.caller()
    except BadOrder:
        return Caller(name=f"token {token.id}", rights=frozenset(), agents=())
