"""The rules of access by themselves, at times that tests choose."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from gateway.access.audit import MAX_AGE_MS, Actor, Entry
from gateway.access.desk import Desk, Order
from gateway.access.errors import Crowded, LockedOut, Unrecognised
from gateway.access.gate import FLUSH_MS, RECHECK_SECONDS, Clocks, Gate, Openness
from gateway.access.passwords import MAX_WAITING, Passwords
from gateway.access.roles import Role
from gateway.access.throttle import (
    MAX_KEYS,
    MOST_PER_NAME,
    MOST_PER_NAME_ANYWHERE,
    WINDOW_MS,
    Throttle,
    network_of,
)
from gateway.access.users import ABSOLUTE_MS, IDLE_MS
from gateway.storage.database import Database
from gateway.storage.ledger.accounts import Accounts
from gateway.storage.ledger.audit import Audit, write_entry
from gateway.storage.ledger.ledger import Ledger

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
WHO = Actor(name="tester", address="")
PASSWORD = "correct horse"


class Now:
    """A time of day that stands still."""

    def __init__(self) -> None:
        self.ms = 1_790_000_000_000

    def __call__(self) -> int:
        return self.ms

    def seconds(self) -> float:
        return self.ms / 1000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    database = Database(tmp_path, "off")
    yield Ledger(database, threading.Lock())
    database.close()


@pytest.fixture
def now() -> Now:
    return Now()


def parts(ledger: Ledger, now: Now) -> tuple[Gate, Desk]:
    accounts, passwords = Accounts(ledger), Passwords(key=b"k", hasher=CHEAP)
    clocks = Clocks(now_ms=now, stopwatch=now.seconds)
    drawn = iter(range(1, 1000))
    gate = Gate(accounts, passwords, clocks=clocks, openness=Openness())
    return gate, Desk(accounts, passwords, now_ms=now, draw=lambda size: next(drawn).to_bytes(size, "big"))


def test_a_session_ends_when_it_is_idle_and_in_any_case_after_a_week(ledger: Ledger, now: Now) -> None:
    gate, desk = parts(ledger, now)
    desk.add_user("ada", Role.VIEWER, PASSWORD, WHO)
    gate.log_in("ada", PASSWORD, address="::1", drawn="s1")
    began = now.ms
    while now.ms + IDLE_MS - 1 - began < ABSOLUTE_MS:
        now.ms += IDLE_MS - 1
        assert gate.of_session("s1").name == "user ada"
    now.ms = began + ABSOLUTE_MS - 1
    assert gate.of_session("s1").name == "user ada"
    now.ms += 1
    with pytest.raises(Unrecognised):
        gate.of_session("s1")
    gate.log_in("ada", PASSWORD, address="::1", drawn="s2")
    now.ms += IDLE_MS
    with pytest.raises(Unrecognised):
        gate.of_session("s2")


def test_sessions_outlive_the_gateway_with_when_they_were_used(ledger: Ledger, now: Now) -> None:
    gate, desk = parts(ledger, now)
    desk.add_user("ada", Role.VIEWER, PASSWORD, WHO)
    gate.log_in("ada", PASSWORD, address="::1", drawn="s1")
    now.ms += IDLE_MS - 1
    gate.of_session("s1")
    again, _ = parts(ledger, now)
    now.ms += IDLE_MS - 1
    assert again.of_session("s1").name == "user ada"


def test_a_token_made_elsewhere_counts_at_once_and_a_revoked_one_not_for_long(
    ledger: Ledger, now: Now
) -> None:
    gate, desk = parts(ledger, now)
    desk.create_token(Order(role=Role.VIEWER), WHO)
    token, secret = desk.create_token(Order(role=Role.VIEWER), WHO)
    assert gate.of_token(secret).name == f"token {token.id}"
    desk.revoke_token(token.id, WHO)
    now.ms += int(RECHECK_SECONDS * 1000)
    with pytest.raises(Unrecognised):
        gate.of_token(secret)


def test_a_token_ends_at_its_time_and_not_before(ledger: Ledger, now: Now) -> None:
    gate, desk = parts(ledger, now)
    _, secret = desk.create_token(Order(role=Role.VIEWER, expires_in_ms=1000), WHO)
    now.ms += 999
    gate.of_token(secret)
    now.ms += 1
    with pytest.raises(Unrecognised, match="has expired"):
        gate.of_token(secret)


def test_when_a_token_was_used_is_kept_now_and_then(ledger: Ledger, now: Now) -> None:
    gate, desk = parts(ledger, now)
    _, secret = desk.create_token(Order(role=Role.VIEWER), WHO)
    gate.of_token(secret)
    assert desk.tokens()[0].used_ms is None
    now.ms += FLUSH_MS
    gate.of_token(secret)
    assert desk.tokens()[0].used_ms == now.ms


def test_the_lockout_counts_all_tries_and_ends(ledger: Ledger, now: Now) -> None:
    gate, desk = parts(ledger, now)
    desk.add_user("ada", Role.VIEWER, PASSWORD, WHO)
    for number in range(MOST_PER_NAME_ANYWHERE):
        with pytest.raises(Unrecognised):
            gate.of_password("ada", f"wrong {number}", f"10.0.0.{number}")
    with pytest.raises(LockedOut) as locked:
        gate.of_password("ada", PASSWORD, "10.0.0.1")
    assert locked.value.retry_after_s == WINDOW_MS // 1000
    now.ms += WINDOW_MS
    assert gate.of_password("ada", PASSWORD, "10.0.0.1").name == "user ada"


def test_a_stranger_locks_out_nobody_at_another_address(ledger: Ledger, now: Now) -> None:
    gate, desk = parts(ledger, now)
    desk.add_user("ada", Role.ADMIN, PASSWORD, WHO)
    for number in range(MOST_PER_NAME):
        with pytest.raises(Unrecognised):
            gate.of_password("ada", f"wrong {number}", "10.6.6.6")
    with pytest.raises(LockedOut):
        gate.of_password("ada", PASSWORD, "10.6.6.6")
    assert gate.of_password("ada", PASSWORD, "10.0.0.1").name == "user ada"


def test_a_name_that_is_too_long_to_be_one_is_not_kept_whole(ledger: Ledger, now: Now) -> None:
    gate, _ = parts(ledger, now)
    for number in range(MOST_PER_NAME):
        with pytest.raises(Unrecognised):
            gate.of_password(f"{'x' * 60_000}{number}", "wrong", "10.6.6.6")
    with pytest.raises(LockedOut):
        gate.of_password("x" * 60_000, "wrong", "10.6.6.6")


def test_one_address_may_not_try_many_names(ledger: Ledger, now: Now) -> None:
    gate, desk = parts(ledger, now)
    desk.add_user("ada", Role.VIEWER, PASSWORD, WHO)
    for number in range(50):
        with pytest.raises(Unrecognised):
            gate.of_password(f"name {number}", "wrong", f"2001:db8::{number:x}")
    with pytest.raises(LockedOut):
        gate.of_password("ada", PASSWORD, "2001:db8::ffff")
    assert gate.of_password("ada", PASSWORD, "2001:db8:0:1::1").name == "user ada"


def test_a_right_password_takes_back_the_wrong_ones_of_the_name() -> None:
    throttle = Throttle(2)
    throttle.tried("ada", 0)
    throttle.forgive("ada", all_of_it=True)
    assert not throttle.tried("ada", 1)
    assert throttle.tried("ada", 2)
    assert throttle.locked_ms("ada", 2) == WINDOW_MS


def test_no_more_keys_are_counted_than_there_is_room_for() -> None:
    throttle = Throttle(1)
    for number in range(MAX_KEYS + 1):
        throttle.tried(str(number), 0)
    assert [throttle.locked_ms(key, 0) > 0 for key in ("0", "1", str(MAX_KEYS))] == [False, True, True]


@pytest.mark.parametrize(
    ("address", "network"),
    [("10.1.2.3", "10.1.2.3"), ("2001:db8::1", "2001:db8::/64"), ("unix", "unix"), ("", "")],
)
def test_an_address_of_ipv6_counts_with_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


def in_threads(count: int, work: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)


def test_no_more_passwords_wait_than_threads_can_be_spared() -> None:
    passwords = Passwords(key=b"k", hasher=CHEAP)
    stored = passwords.hashed(PASSWORD, b"s" * 16)
    outcomes: list[object] = []

    def check() -> None:
        try:
            outcomes.append(passwords.check(PASSWORD, stored))
        except Crowded:
            outcomes.append("crowded")
            if outcomes.count("crowded") == 4:
                passwords._checking.release()

    passwords._checking.acquire()
    in_threads(MAX_WAITING + 1 + 4, check)
    assert (outcomes.count(True), outcomes.count("crowded")) == (MAX_WAITING + 1, 4)


def test_only_a_right_password_of_this_hash_is_remembered() -> None:
    passwords = Passwords(key=b"k", hasher=CHEAP)
    stored, other = passwords.hashed(PASSWORD, b"s" * 16), passwords.hashed(PASSWORD, b"t" * 16)
    assert not passwords.check("wrong", stored)
    assert not passwords.remembers("wrong", stored)
    assert passwords.check(PASSWORD, stored)
    assert passwords.remembers(PASSWORD, stored)
    assert not passwords.remembers(PASSWORD, other)
    assert not passwords.check(PASSWORD, None)
    assert not passwords.check(PASSWORD, "no hash")


def test_the_audit_is_bounded_by_number_and_age(ledger: Ledger, now: Now) -> None:
    def entry(time_ms: int) -> Entry:
        return Entry(time_ms=time_ms, actor=WHO, action="x" * 1000)

    for _ in range(8):
        ledger.change(lambda connection: write_entry(connection, entry(now.ms), most=5))
    audit = Audit(ledger)
    assert [each.number for each in audit.page(10)] == [8, 7, 6, 5, 4]
    assert len(audit.page(10)[0].entry.action) == 500
    ledger.change(lambda connection: write_entry(connection, entry(now.ms + MAX_AGE_MS), most=5))
    assert [each.number for each in audit.page(10)] == [9]
