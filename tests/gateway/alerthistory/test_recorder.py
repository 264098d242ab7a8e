"""Episodes in a real table: what alerts did is written once, across restarts, and never in their way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alertrules.alert import Alert
from gateway.alerthistory import recorder
from gateway.alerthistory.episode import Episode
from gateway.alerthistory.hosts import Hosts
from gateway.alerthistory.recorder import MAX_FROZEN, RESTART_MS, Recorder
from gateway.history.archive import Archive
from gateway.storage.errors import StorageUnavailable
from gateway.storage.ledger.episodes import Episodes
from tests.gateway.alerthistory.test_evidence import agent
from tests.gateway.history.snapshots import process, snapshot
from tests.gateway.storage.samples import open_store
from timeseries.labels import Labels

AT_MS = 1_790_000_000_000
MINUTE_MS = 60_000
TIMEOUT_MS = 5 * MINUTE_MS


class House:
    """A recorder over a real table and a real archive; `restart` forgets what is in memory."""

    def __init__(self, episodes: Episodes, archive: Archive) -> None:
        self.episodes, self.archive = episodes, archive
        self.failures: list[str] = []
        self.agents = [agent("web-1")]
        self.known: dict[Labels, Alert] = {}
        self.restart(AT_MS)

    def restart(self, now_ms: int) -> None:
        self.recorder = Recorder(
            self.episodes,
            archive=self.archive,
            hosts=lambda: Hosts(self.agents),
            known=self.known.get,
            resolve_timeout_ms=TIMEOUT_MS,
            now_ms=now_ms,
            failed=self.failures.append,
        )

    def all(self) -> list[Episode]:
        return list(self.episodes.between(0, 1 << 60))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    from gateway.storage.ledger.processes import ProcessPieces

    with open_store(tmp_path, sync="off") as store:
        yield House(Episodes(store.ledger), Archive(ProcessPieces(store.ledger, lambda *_: None)))


def alert(name: str = "Down", *, starts_ms: int = AT_MS, ends_ms: int = 0, **labels: str) -> Alert:
    return Alert(labels=Labels({"alertname": name, **labels}), starts_ms=starts_ms, ends_ms=ends_ms)


def test_an_episode_is_written_when_it_begins_and_when_it_ends(house: House) -> None:
    house.recorder.take([alert(ends_ms=AT_MS + 4 * MINUTE_MS)], AT_MS)
    [begun] = house.all()
    assert (begun.starts_ms, begun.resolved_ms, begun.name) == (AT_MS, None, "Down")
    house.recorder.take([alert(ends_ms=AT_MS + 5 * MINUTE_MS)], AT_MS + MINUTE_MS)
    assert house.all() == [begun]
    for minute in (2, 3):
        house.recorder.take([alert(ends_ms=AT_MS + 90_000)], AT_MS + minute * MINUTE_MS)
    [ended] = house.all()
    assert (ended.number, ended.resolved_ms, ended.is_exact) == (begun.number, AT_MS + 90_000, True)
    assert ended.lasted_ms(AT_MS + 99 * MINUTE_MS) == 90_000


def test_no_more_than_so_many_are_open_and_all_are_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "MAX_OPEN", 2)
    assert len(house.recorder.take([alert(host=str(n)) for n in range(2)], AT_MS)) == 2
    assert house.failures == []
    assert len(house.recorder.take([alert(host=str(n)) for n in range(3)], AT_MS)) == 3
    assert (len(house.all()), house.failures) == (
        2, ["the history has 2 alerts that fire, and takes no more"],
    )  # fmt: skip
    house.recorder.take([alert(host="0", ends_ms=AT_MS + 1)], AT_MS + 1)
    house.recorder.take([alert(host="2", starts_ms=AT_MS + 2)], AT_MS + 2)
    assert len(house.all()) == 3


def test_an_alert_that_fires_again_is_another_episode(house: House) -> None:
    house.recorder.take([alert()], AT_MS)
    house.recorder.take([alert(ends_ms=AT_MS + 1)], AT_MS + 1)
    house.recorder.take([alert(starts_ms=AT_MS + 2)], AT_MS + 2)
    assert [one.resolved_ms for one in house.all()] == [None, AT_MS + 1]


def test_what_was_never_seen_firing_is_no_episode(house: House) -> None:
    house.recorder.take([alert(ends_ms=AT_MS + 1)], AT_MS + 1)
    assert house.all() == []


@pytest.mark.parametrize(
    ("ends_ms", "over_ms"), [(AT_MS + MINUTE_MS, AT_MS + MINUTE_MS), (0, AT_MS + TIMEOUT_MS)]
)
def test_what_is_not_heard_any_more_ends_when_it_was_said_to(
    house: House, ends_ms: int, over_ms: int
) -> None:
    house.recorder.take([alert(ends_ms=ends_ms)], AT_MS)
    house.recorder.tidy(over_ms - 1)
    assert house.all()[0].resolved_ms is None
    house.recorder.tidy(over_ms)
    assert house.all()[0].resolved_ms == over_ms


def test_an_episode_goes_on_after_a_restart(house: House) -> None:
    house.recorder.take([alert()], AT_MS)
    house.restart(AT_MS + MINUTE_MS)
    house.recorder.take([alert()], AT_MS + 2 * MINUTE_MS)
    house.recorder.take([alert(ends_ms=AT_MS + 3 * MINUTE_MS)], AT_MS + 3 * MINUTE_MS)
    [one] = house.all()
    assert (one.resolved_ms, one.is_exact) == (AT_MS + 3 * MINUTE_MS, True)


def test_what_is_not_heard_after_a_restart_ended_with_it_and_says_that_nobody_saw(house: House) -> None:
    house.recorder.take([alert()], AT_MS)
    start_ms = AT_MS + MINUTE_MS
    house.restart(start_ms)
    house.recorder.tidy(start_ms + RESTART_MS - 1)
    assert house.all()[0].resolved_ms is None
    house.recorder.tidy(start_ms + RESTART_MS)
    [one] = house.all()
    assert (one.resolved_ms, one.is_exact) == (start_ms, False)


def test_what_is_not_heard_ends_when_receivers_take_it_to_have_ended(house: House) -> None:
    firing = alert(ends_ms=AT_MS + MINUTE_MS)
    house.recorder.take([firing], AT_MS)
    house.known[firing.labels] = firing.changed(ends_ms=AT_MS + 3 * MINUTE_MS)
    house.recorder.tidy(AT_MS + 3 * MINUTE_MS - 1)
    assert house.all()[0].resolved_ms is None
    house.recorder.tidy(AT_MS + 3 * MINUTE_MS)
    [one] = house.all()
    assert (one.resolved_ms, one.is_exact) == (AT_MS + 3 * MINUTE_MS, True)


def test_what_fires_for_receivers_goes_on_after_a_restart_however_long_it_is_not_heard(house: House) -> None:
    house.recorder.take([alert()], AT_MS)
    start_ms = AT_MS + MINUTE_MS
    house.restart(start_ms)
    house.known[alert().labels] = alert(ends_ms=start_ms + 2 * RESTART_MS)
    house.recorder.tidy(start_ms + 2 * RESTART_MS - 1)
    assert house.all()[0].resolved_ms is None
    house.recorder.tidy(start_ms + 2 * RESTART_MS)
    [one] = house.all()
    assert (one.resolved_ms, one.is_exact) == (start_ms, False)


def test_an_end_from_before_a_restart_that_was_not_written_is_written_after_it(house: House) -> None:
    house.recorder.take([alert()], AT_MS)
    house.restart(AT_MS + 2 * MINUTE_MS)
    house.known[alert().labels] = alert(ends_ms=AT_MS + MINUTE_MS)
    house.recorder.tidy(AT_MS + 2 * MINUTE_MS)
    [one] = house.all()
    assert (one.resolved_ms, one.is_exact) == (AT_MS + MINUTE_MS, True)


def test_evidence_goes_along_from_the_first_alert_to_the_last_and_over_a_restart(house: House) -> None:
    house.archive.add("id-web-1", snapshot(AT_MS - 1000, process(7, cpu=990, name="miner")))
    firing = alert(instance="web-1")
    [told] = house.recorder.take([firing], AT_MS)
    assert told.evidence is not None
    assert told.evidence["summary"] == "CPU: miner[7] 99 %"
    house.archive.add("id-web-1", snapshot(AT_MS + 1000, process(8, cpu=10, name="other")))
    [later] = house.recorder.take([firing], AT_MS + MINUTE_MS)
    house.restart(AT_MS + MINUTE_MS)
    [after] = house.recorder.take([firing], AT_MS + MINUTE_MS)
    [last] = house.recorder.take([firing.changed(ends_ms=AT_MS + MINUTE_MS)], AT_MS + MINUTE_MS)
    assert told.evidence == later.evidence == after.evidence == last.evidence
    kept = house.episodes.one(told.evidence["history"])
    assert kept is not None
    episode, whole = kept
    assert (episode.summary, whole and whole["agent"]) == ("CPU: miner[7] 99 %", "web-1")


def test_an_alert_of_no_host_has_no_evidence(house: House) -> None:
    house.archive.add("id-web-1", snapshot(AT_MS, process(7, cpu=990)))
    assert house.recorder.take([alert(instance="db-9")], AT_MS)[0].evidence is None


@pytest.mark.parametrize("more", [0, 1])
def test_so_many_hosts_are_read_at_once_and_no_more(house: House, more: int) -> None:
    house.agents = [agent(f"h{number}") for number in range(MAX_FROZEN + more)]
    for one in house.agents:
        house.archive.add(one.id, snapshot(AT_MS, process(7, cpu=990)))
    told = house.recorder.take([alert(instance=one.name) for one in house.agents], AT_MS)
    assert sum(each.evidence is None for each in told) == more


def test_alerts_pass_when_nothing_can_be_written_and_are_written_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> list[int]:
        raise StorageUnavailable("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(house.episodes, "write", full)
        assert house.recorder.take([alert()], AT_MS) == [alert()]
    assert house.failures == ["the disk is full"]
    house.recorder.take([alert()], AT_MS + MINUTE_MS)
    with monkeypatch.context() as broken:
        broken.setattr(house.episodes, "write", full)
        house.recorder.take([alert(ends_ms=AT_MS + 1)], AT_MS + 2 * MINUTE_MS)
    house.recorder.take([alert(ends_ms=AT_MS + 1)], AT_MS + 3 * MINUTE_MS)
    [one] = house.all()
    assert (one.starts_ms, one.resolved_ms) == (AT_MS, AT_MS + 1)


def test_alerts_pass_when_processes_cannot_be_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_: object) -> None:
        raise StorageUnavailable("the disk is gone")

    monkeypatch.setattr(recorder, "freeze", unreadable)
    [told] = house.recorder.take([alert(instance="web-1")], AT_MS)
    assert told.evidence is None
    assert len(house.all()) == 1


def test_old_episodes_go_and_those_that_are_too_many_but_none_that_fires(house: House) -> None:
    for number in range(5):
        house.recorder.take([alert(f"A{number}", starts_ms=AT_MS + number)], AT_MS + number)
    for number in range(1, 5):
        ends_ms = AT_MS + 10 * number
        house.recorder.take([alert(f"A{number}", starts_ms=AT_MS + number, ends_ms=ends_ms)], ends_ms)
    assert house.episodes.forget(AT_MS + 10) == 0
    assert house.episodes.forget(AT_MS + 11) == 1
    assert [one.name for one in house.all()] == ["A4", "A3", "A2", "A0"]
    assert house.episodes.forget(0, most=2) == 1
    assert [one.name for one in house.all()] == ["A4", "A3", "A0"]
