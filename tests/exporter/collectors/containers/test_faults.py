"""Engines that hang, die, restart, refuse or answer nonsense; and what is asked of those that work."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

import pytest

from exporter.collectors.containers import addresses as addresses_module
from exporter.collectors.containers import cgroups
from exporter.collectors.containers import engine as engine_module
from exporter.collectors.containers.collector import Containers
from exporter.collectors.containers.inventory import MAX_REFRESHED, REFRESH_S
from exporter.collectors.containers.values import Usage
from exporter.families import Family
from tests.exporter.collectors.containers.engines import (
    CONTAINERS,
    DB,
    JOB,
    STATS,
    WEB,
    Clock,
    Engine,
    Script,
    collector,
    loaded,
    running,
)

LIST: Final = "/containers/json"
# What one look may take in these tests, and with what a busy machine adds.
ALLOWED_S: Final = 0.3
AT_MOST_S: Final = 1.5


@pytest.fixture
def engine() -> Iterator[Engine]:
    with running() as started:
        yield loaded(started, "docker", (WEB, DB))


def names(families: list[Family]) -> set[str]:
    """The containers that have a value of their own."""
    [usage] = [family for family in families if family.name == "container_cpu_usage_seconds_total"]
    return {dict(point.labels)["name"] for point in usage.points if ("id", "/") not in point.labels}


def listed(families: list[Family]) -> set[str]:
    """The containers that are shown, even without values."""
    return {dict(point.labels).get("name", "/") for point in families[0].points} - {"/"}


def failed(families: list[Family]) -> float:
    [error] = [family for family in families if family.name == "container_scrape_error"]
    return error.points[0].value


def hang(_: BinaryIO) -> None:
    time.sleep(AT_MOST_S)


def drip(out: BinaryIO) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]":
        out.write(bytes([byte]))
        time.sleep(0.03)


def drip_without_end(out: BinaryIO) -> None:
    out.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(50):
        out.write(b"1\r\n[\r\n")
        time.sleep(0.03)


def raw(answer: bytes) -> Script:
    def write(out: BinaryIO) -> None:
        out.write(answer)

    return write


def never_end(out: BinaryIO) -> None:
    out.write(b"HTTP/1.1 200 OK\r\n\r\n[]")
    hang(out)


def drip_to_the_end(out: BinaryIO) -> None:
    out.write(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(70):
        out.write(b" ")
        time.sleep(0.03)


BAD: Final[dict[str, Script]] = {
    "hangs": hang,
    "drips its headers": drip,
    "drips its body": drip_without_end,
    "never ends": never_end,
    "drips without saying how much": drip_to_the_end,
    "closes": raw(b""),
    "speaks no HTTP": raw(b"\x16\x03\x01 what?\r\n\r\n"),
    "is cut off": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n[{"),
    "has a bad chunk": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "has a long header": raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000),
    "answers 500": (500, b'{"message": "no"}'),
    "answers 403": (403, b"Forbidden"),
    "answers no JSON": (200, b"<html>"),
    "answers no UTF-8": (200, b"\xff\xfe\xfa"),
    "answers null": (200, b"null"),
    "answers an object": (200, b"{}"),
    "answers numbers": (200, b"[1, 2]"),
    "answers an odd id": (200, b'[{"Id": "../../etc", "Names": ["/x"]}]'),
    "answers very deep": (200, b"[" * 100_000),
    "answers very long": (200, b"[" + b" " * 5000 + b"]"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_list_is_an_error_at_first_and_later_costs_nothing_that_is_known(
    engine: Engine, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "MAX_ANSWER_BYTES", 5000)
    containers = collector(engine.host, CONTAINERS / "v2", allowed_s=ALLOWED_S)
    good = engine.answers[LIST]
    engine.answers[LIST] = BAD[fault]
    before = time.monotonic()
    with pytest.raises((OSError, ValueError)) as caught:
        containers.gather()
    assert not isinstance(caught.value, FileNotFoundError)
    engine.answers[LIST] = good
    assert failed(containers.gather()) == 0
    engine.answers[LIST] = BAD[fault]
    families = containers.gather()
    assert names(families) == {"shop-web-1", "db"}
    assert failed(families) == 1
    assert time.monotonic() - before < AT_MOST_S


def test_the_longest_answer_is_read(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "MAX_ANSWER_BYTES", 5000)
    engine.answers[LIST] = (200, b"[" + b" " * 4998 + b"]")
    assert listed(collector(engine.host, CONTAINERS / "v2").gather()) == set()


def test_an_engine_may_die_and_come_back(tmp_path: Path) -> None:
    with running() as first:
        socket = first.socket
        containers = collector(loaded(first, "docker", (WEB, DB)).host, CONTAINERS / "v2")
        containers.gather()
        socket.rename(tmp_path / "kept")
        families = containers.gather()
        assert (names(families), failed(families)) == ({"shop-web-1", "db"}, 1)
        with running(socket) as second:
            loaded(second, "docker", (WEB, DB))
            families = containers.gather()
            assert (names(families), failed(families)) == ({"shop-web-1", "db"}, 0)


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A host whose files a test may change."""
    shutil.copytree(CONTAINERS / "v2", tmp_path / "host")
    return tmp_path / "host"


def change(engine: Engine, **state: object) -> None:
    """Let an inspection of the web container say something else."""
    path = f"/containers/{WEB}/json"
    details = json.loads(engine.answers[path][1])  # type: ignore[index]
    details["State"].update(state)
    details["RestartCount"] += 1
    engine.say(path, details)


def remove(host: Path, container: str, pid: int) -> None:
    shutil.rmtree(host / f"sys/fs/cgroup/system.slice/docker-{container}.scope")
    shutil.rmtree(host / f"proc/{pid}")


def test_what_ended_while_the_engine_is_away_is_not_shown(engine: Engine, host: Path) -> None:
    containers = collector(engine.host, host)
    containers.gather()
    engine.answers[LIST] = (500, b"")
    remove(host, WEB, 101)
    assert listed(containers.gather()) == {"db"}
    remove(host, DB, 102)
    with pytest.raises(OSError, match="500"):
        containers.gather()


def test_a_container_that_is_gone_vanishes_at_once(engine: Engine) -> None:
    containers = collector(engine.host, CONTAINERS / "v2")
    assert names(containers.gather()) == {"shop-web-1", "db"}
    assert containers.names() == {WEB: "shop-web-1", DB: "db"}
    engine.say(LIST, json.loads(engine.answers[LIST][1])[:1])  # type: ignore[index]
    assert listed(containers.gather()) == {"db"}
    assert containers.names() == {DB: "db"}


@pytest.mark.parametrize("removed", [True, False])
def test_a_container_that_ends_after_the_list_was_made_is_not_shown(
    engine: Engine, host: Path, removed: bool
) -> None:
    containers = collector(engine.host, host)
    containers.gather()
    remove(host, WEB, 101)
    if removed:
        del engine.answers[f"/containers/{WEB}/json"]
    else:
        change(engine, Pid=0, Status="exited")
    assert listed(containers.gather()) == {"db"}


def test_a_container_that_ends_while_it_is_read_is_not_shown(
    engine: Engine, host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = cgroups.read

    def too_late(place: cgroups.Place, devices: Mapping[str, str]) -> Usage:
        if WEB in place.path:
            remove(host, WEB, 101)
        return read(place, devices)

    monkeypatch.setattr(cgroups, "read", too_late)
    families = collector(engine.host, host).gather()
    assert (listed(families), failed(families)) == ({"db"}, 0)


@pytest.mark.parametrize("fault", ["answers 403", "answers no JSON", "answers numbers", "closes", "hangs"])
def test_a_container_that_can_not_be_inspected_is_shown_by_what_the_list_says(
    engine: Engine, fault: str
) -> None:
    engine.answers[f"/containers/{WEB}/json"] = BAD[fault]
    families = collector(engine.host, CONTAINERS / "v2", allowed_s=ALLOWED_S).gather()
    assert names(families) == {"shop-web-1", "db"}
    assert failed(families) == 0


@pytest.mark.parametrize("fault", ["answers 403", "answers no JSON", "closes"])
def test_a_version_that_is_kept_from_us_is_not_missed(engine: Engine, fault: str) -> None:
    engine.answers["/version"] = BAD[fault]
    assert names(collector(engine.host, CONTAINERS / "v2").gather()) == {"shop-web-1", "db"}


def inspections(engine: Engine) -> list[str]:
    asked = [path.split("/")[2] for path in engine.asked if path.endswith("/json") and path != LIST]
    engine.asked.clear()
    return sorted(asked)


def test_details_are_asked_once_and_again_after_a_minute(engine: Engine) -> None:
    clock = Clock()
    containers = collector(engine.host, CONTAINERS / "v2", clock=clock)
    containers.gather()
    assert inspections(engine) == [WEB, DB]
    clock.now += REFRESH_S - 1
    containers.gather()
    assert inspections(engine) == []
    clock.now += 1
    containers.gather()
    assert inspections(engine) == [WEB, DB]


def test_a_restart_is_seen_at_once(engine: Engine, host: Path) -> None:
    containers = collector(engine.host, host)
    containers.gather()
    inspections(engine)
    (host / "proc/101").rename(host / "proc/201")
    change(engine, Pid=201)
    families = containers.gather()
    assert inspections(engine) == [WEB]
    [restarts] = [family for family in families if family.name == "container_restarts_total"]
    assert {point.value for point in restarts.points} == {0, 3}


def test_another_state_is_a_reason_to_ask_where_processes_can_not_be_seen(
    engine: Engine, tmp_path: Path
) -> None:
    shutil.copytree(CONTAINERS / "v2/proc", tmp_path / "proc")
    shutil.rmtree(tmp_path / "proc/101")
    containers = collector(engine.host, tmp_path)
    containers.gather()
    inspections(engine)
    entries = json.loads(engine.answers[LIST][1])  # type: ignore[index]
    entries[1]["State"] = "paused"
    engine.say(LIST, entries)
    containers.gather()
    assert inspections(engine) == [WEB]


def test_a_container_between_two_starts_is_shown_under_its_own_id(engine: Engine, host: Path) -> None:
    containers = collector(engine.host, host)
    before = {dict(point.labels)["id"] for point in containers.gather()[0].points}
    remove(host, WEB, 101)
    entries = json.loads(engine.answers[LIST][1])  # type: ignore[index]
    entries[1]["State"] = "restarting"
    engine.say(LIST, entries)
    change(engine, Pid=0)
    families = containers.gather()
    assert {dict(point.labels)["id"] for point in families[0].points} == before
    assert names(families) == {"db"}


def many(engine: Engine, count: int) -> None:
    entry, details = (json.loads(engine.answers[path][1]) for path in (LIST, f"/containers/{WEB}/json"))  # type: ignore[index]
    stats = engine.answers[STATS.format(WEB)]
    ids = [f"{number:064x}" for number in range(count)]
    engine.say(LIST, [{**entry[1], "Id": each, "Names": [f"/{each}"]} for each in ids])
    for each in ids:
        engine.say(f"/containers/{each}/json", details)
        engine.answers[STATS.format(each)] = stats


def test_a_thousand_containers_elsewhere_are_shown(engine: Engine) -> None:
    many(engine, 1000)
    clock = Clock()
    containers = collector(engine.host, CONTAINERS / "v2", clock=clock, allowed_s=20)
    assert len(names(containers.gather())) == 1000
    assert len(inspections(engine)) == 1000
    clock.now += REFRESH_S
    assert len(names(containers.gather())) == 1000
    assert len(inspections(engine)) == MAX_REFRESHED


def test_one_container_that_hangs_takes_no_values_from_the_others(engine: Engine, tmp_path: Path) -> None:
    many(engine, 100)
    engine.answers[STATS.format(f"{5:064x}")] = hang
    before = time.monotonic()
    families = collector(engine.host, CONTAINERS / "v2", allowed_s=1).gather()
    assert time.monotonic() - before < 1 + AT_MOST_S
    assert len(names(families)) == 99
    assert len(listed(families)) == 100


def usual(monkeypatch: pytest.MonkeyPatch, *sockets: Path) -> Containers:
    monkeypatch.setattr(addresses_module, "USUAL_SOCKETS", tuple(map(str, sockets)))
    return collector("", CONTAINERS / "v2", allowed_s=ALLOWED_S)


def test_a_host_without_an_engine_is_told_by_its_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        usual(monkeypatch, tmp_path / "none").gather()


def test_an_engine_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError, match=str(tmp_path)):
        collector(f"unix://{tmp_path}/none", CONTAINERS / "v2").gather()


def test_all_engines_of_a_host_are_asked(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    alias = engine.socket.with_name("alias.sock")
    alias.symlink_to(engine.socket)
    with running() as podman:
        loaded(podman, "podman", (JOB,))
        containers = usual(monkeypatch, engine.socket, alias, podman.socket)
        families = containers.gather()
        assert names(families) == {"shop-web-1", "db", "job"}
        assert set(containers.names()) == {WEB, DB, JOB}
        assert engine.asked.count(LIST) == 1
        podman.answers[LIST] = (500, b"")
        families = usual(monkeypatch, engine.socket, podman.socket).gather()
        assert (names(families), failed(families)) == ({"shop-web-1", "db"}, 1)


def as_somebody(work: Callable[[], object]) -> None:
    """Run it without root's rights."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        work()
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("closed", ["socket", "directory"])
def test_who_may_not_connect_is_told_who_may(
    engine: Engine, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.socket.parent.chmod(0o755 if closed == "socket" else 0o000)
    engine.socket.chmod(0o000) if closed == "socket" else None
    containers = usual(monkeypatch, engine.socket)
    group = engine.socket.parent.group() if closed == "socket" else "of the socket"
    try:
        with pytest.raises(PermissionError, match=rf"{engine.socket}.*group {group}.*CAP_DAC_OVERRIDE"):
            as_somebody(containers.gather)
    finally:
        engine.socket.parent.chmod(0o755)
