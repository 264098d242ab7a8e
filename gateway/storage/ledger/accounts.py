"""Tokens, users and sessions in their tables, each change together with its entry of the audit."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

from gateway.access.audit import Entry
from gateway.access.errors import NameTaken, NoSuchAccount
from gateway.access.port import Roster
from gateway.access.roles import Role
from gateway.access.tokens import Kind, Token
from gateway.access.users import ABSOLUTE_MS, IDLE_MS, Session, User
from gateway.storage.errors import StorageUnavailable
from gateway.storage.ledger.audit import write_entry
from gateway.storage.ledger.ledger import Ledger

# A token's time of use is a help for people: it need not be written for each heartbeat.
_COARSE_MS: Final = 5 * 60_000

_COLUMNS: Final = "id, digest, kind, agents, selector, note, created, created_by, expires, used"


class Accounts:
    """The accounts of one ledger. For several threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def version(self) -> int:
        """Return a number that is another one after each change, also of another process."""
        (version,) = self._ledger.reader.execute("SELECT version FROM account_version").fetchone()
        return int(version)

    def roster(self) -> Roster:
        """Return all accounts, as they were at one time."""
        reader = self._ledger.reader
        reader.execute("BEGIN")
        try:
            version = self.version()
            tokens = [_token(row) for row in reader.execute(f"SELECT {_COLUMNS} FROM token")]  # noqa: S608
            users = reader.execute("SELECT name, role, password, created FROM account").fetchall()
            sessions = reader.execute("SELECT digest, account, created, seen FROM session").fetchall()
        finally:
            reader.execute("COMMIT")
        return Roster(
            version=version,
            tokens=tokens,
            users=[
                User(name=name, role=Role(role), password=password, created_ms=created)
                for name, role, password, created in users
            ],
            sessions=[
                Session(digest=digest, user=user, created_ms=created, seen_ms=seen)
                for digest, user, created, seen in sessions
            ],
        )

    def add_token(self, token: Token, entry: Entry) -> None:
        """Keep a token."""
        row = (
            token.id,
            token.digest,
            token.kind,
            json.dumps(token.agents),
            token.selector,
            token.note,
            token.created_ms,
            token.created_by,
            token.expires_ms,
            token.used_ms,
        )
        marks = ", ".join("?" * len(row))
        self._change(
            lambda c: c.execute(f"INSERT INTO token ({_COLUMNS}) VALUES ({marks})", row),  # noqa: S608
            entry,
        )

    def remove_token(self, token_id: str, entry: Entry) -> None:
        """Revoke a token; raises NoSuchAccount."""

        def work(connection: sqlite3.Connection) -> None:
            if not connection.execute("DELETE FROM token WHERE id = ?", (token_id,)).rowcount:
                raise NoSuchAccount("there is no token with this id")

        self._change(work, entry)

    def add_user(self, user: User, entry: Entry) -> None:
        """Keep a user; raises NameTaken."""

        def work(connection: sqlite3.Connection) -> None:
            added = connection.execute(
                "INSERT INTO account (name, role, password, created) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (name) DO NOTHING",
                (user.name, user.role, user.password, user.created_ms),
            )
            if not added.rowcount:
                raise NameTaken(f"there is a user {user.name} already")

        self._change(work, entry)

    def set_password(self, name: str, password: str, entry: Entry) -> None:
        """Give a user another hash, and end their sessions; raises NoSuchAccount."""

        def work(connection: sqlite3.Connection) -> None:
            changed = connection.execute("UPDATE account SET password = ? WHERE name = ?", (password, name))
            if not changed.rowcount:
                _no_user(name)
            connection.execute("DELETE FROM session WHERE account = ?", (name,))

        self._change(work, entry)

    def remove_user(self, name: str, entry: Entry) -> None:
        """Remove a user and their sessions; raises NoSuchAccount."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM session WHERE account = ?", (name,))
            if not connection.execute("DELETE FROM account WHERE name = ?", (name,)).rowcount:
                _no_user(name)

        self._change(work, entry)

    def add_session(self, session: Session, entry: Entry) -> None:
        """Keep a session."""
        row = (session.digest, session.user, session.created_ms, session.seen_ms)
        self._change(
            lambda c: c.execute(
                "INSERT INTO session (digest, account, created, seen) VALUES (?, ?, ?, ?)", row
            ),
            entry,
        )

    def remove_session(self, digest: bytes, entry: Entry) -> None:
        """End a session, if it is there."""
        self._change(lambda c: c.execute("DELETE FROM session WHERE digest = ?", (digest,)), entry)

    def used(self, tokens: Mapping[str, int], sessions: Mapping[bytes, int], now_ms: int) -> bool:
        """Note when tokens and sessions were last used; drop sessions that are over. False: not now."""

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "UPDATE token SET used = ?1 WHERE id = ?2 AND (used IS NULL OR used <= ?1 - ?3)",
                [(used_ms, token_id, _COARSE_MS) for token_id, used_ms in tokens.items()],
            )
            connection.executemany(
                "UPDATE session SET seen = ? WHERE digest = ?",
                [(seen_ms, digest) for digest, seen_ms in sessions.items()],
            )
            connection.execute(
                "DELETE FROM session WHERE seen <= ? OR created <= ?",
                (now_ms - IDLE_MS, now_ms - ABSOLUTE_MS),
            )

        try:
            self._ledger.change(work)
        except StorageUnavailable:
            return False
        return True

    def note(self, entry: Entry) -> bool:
        """Keep an entry of the audit; False if it can't be kept now."""
        try:
            self._ledger.change(lambda c: write_entry(c, entry))
        except StorageUnavailable:
            return False
        return True

    def _change(self, work: Callable[[sqlite3.Connection], object], entry: Entry) -> None:
        def both(connection: sqlite3.Connection) -> None:
            work(connection)
            connection.execute("UPDATE account_version SET version = version + 1")
            write_entry(connection, entry)

        self._ledger.change(both)


def _token(row: tuple[str, bytes, str, str, str, str, int, str, int | None, int | None]) -> Token:
    token_id, digest, kind, agents, selector, note, created, created_by, expires, used = row
    return Token(
        id=token_id,
        digest=digest,
        kind=Kind(kind),
        agents=tuple(json.loads(agents)),
        selector=selector,
        note=note,
        created_ms=created,
        created_by=created_by,
        expires_ms=expires,
        used_ms=used,
    )


def _no_user(name: str) -> NoReturn:
    raise NoSuchAccount(f"there is no user {name}")
