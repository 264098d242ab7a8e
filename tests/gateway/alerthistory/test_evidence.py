"""What is frozen of a host when an alert fires, and which host that is."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.alerthistory.evidence import (
    MOST_CHANGES,
    MOST_PROCESSES,
    OLD_MS,
    SINCE_MS,
    brief,
    freeze,
)
from gateway.alerthistory.hosts import Host, Hosts
from gateway.history.archive import Archive
from gateway.registry.model import Agent, Facts, Life, Status, System
from tests.gateway.history.snapshots import opened, process, snapshot
from timeseries.labels import Labels

AT_MS = 1_790_000_000_000
WEB = Host("agent-0001", "web-1")
MIB = 1 << 20


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with opened(tmp_path) as (archive, _, _):
        yield archive


def agent(name: str, **facts: str) -> Agent:
    said = Facts(
        agent_id=f"id-{name}",
        name=name,
        metrics_url=facts.get("metrics_url", ""),
        system=System(hostname=facts.get("hostname", "")),
    )
    return Agent(facts=said, life=Life(status=Status.ONLINE, since_ms=0, seen_ms=0), first_ms=0, named_ms=0)


def test_the_busiest_by_each_measure_are_frozen_once(archive: Archive) -> None:
    many = [process(pid, cpu=pid, rss=1, name=f"cpu{pid}") for pid in range(1, 101)]
    heavy = process(500, cpu=0, rss=900 * MIB, name="heavy")
    archive.add(WEB.agent_id, snapshot(AT_MS - 5000, *many, heavy))
    found = freeze(archive, WEB, AT_MS)
    assert found is not None
    names = [row["name"] for row in found["processes"]]
    assert names[:2] == ["cpu100", "cpu99"]
    assert "heavy" in names
    assert len(names) == len(set(names)) <= 3 * MOST_PROCESSES
    assert found["time"] == (AT_MS - 5000) / 1000
    assert found["changes"] is None
    assert json.loads(json.dumps(found)) == found


def test_what_changed_in_ten_minutes_is_told(archive: Archive) -> None:
    old = process(1, cpu=10, rss=100 * MIB, name="java")
    gone = process(2, cpu=80, rss=10 * MIB, name="cron")
    archive.add(WEB.agent_id, snapshot(AT_MS - SINCE_MS - 5000, old, gone))
    new = process(3, cpu=950, rss=80 * MIB, name="backup", unit="backup.service", start_ms=AT_MS - 60_000)
    grown = old._replace(rss=2148 * MIB)
    archive.add(WEB.agent_id, snapshot(AT_MS - 5000, grown, new))
    found = freeze(archive, WEB, AT_MS)
    assert found is not None
    changed = found["changes"]
    assert changed["since"] == (AT_MS - SINCE_MS - 5000) / 1000
    assert [row["name"] for row in changed["appeared"]] == ["backup"]
    assert changed["appeared"][0]["started"] is True
    assert [row["name"] for row in changed["gone"]] == ["cron"]
    assert changed["grew"][0]["difference"]["rss"] == 2048 * MIB
    assert found["summary"] == (
        "CPU: backup[3] 95 %, java[1] 1 %; memory: java[1] 2.1 GiB, backup[3] 80 MiB; new: backup[3]; "
        "gone: cron[2]; grew: java[1] +2.0 GiB"
    )


def test_changes_are_bounded(archive: Archive) -> None:
    archive.add(WEB.agent_id, snapshot(AT_MS - SINCE_MS, process(1, cpu=1)))
    archive.add(WEB.agent_id, snapshot(AT_MS, *(process(pid, cpu=pid) for pid in range(2, 60))))
    found = freeze(archive, WEB, AT_MS)
    assert found is not None
    assert len(found["changes"]["appeared"]) == MOST_CHANGES


@pytest.mark.parametrize(("age_ms", "is_there"), [(OLD_MS, True), (OLD_MS + 1, False)])
def test_an_old_table_is_no_evidence(archive: Archive, age_ms: int, is_there: bool) -> None:
    archive.add(WEB.agent_id, snapshot(AT_MS - age_ms, process(1)))
    assert (freeze(archive, WEB, AT_MS) is not None) is is_there


def test_what_came_later_is_no_evidence(archive: Archive) -> None:
    archive.add(WEB.agent_id, snapshot(AT_MS + 1, process(1)))
    assert freeze(archive, WEB, AT_MS) is None


def test_a_brief_is_small_and_names_the_whole(archive: Archive) -> None:
    archive.add(
        WEB.agent_id, snapshot(AT_MS, *(process(pid, cpu=pid, command="x" * 5000) for pid in range(99)))
    )
    found = freeze(archive, WEB, AT_MS)
    assert found is not None
    short = brief(found, 42)
    assert short["history"] == 42
    assert len(short["processes"]) == 5
    assert len(json.dumps(short)) < 2000


def test_a_brief_names_who_is_busy_and_who_holds_the_memory(archive: Archive) -> None:
    busy = [process(pid, cpu=pid, rss=1) for pid in range(10, 20)]
    large = [process(pid, cpu=0, rss=pid << 20) for pid in (1, 2)]
    archive.add(WEB.agent_id, snapshot(AT_MS, *busy, *large))
    found = freeze(archive, WEB, AT_MS)
    assert found is not None
    assert [one["pid"] for one in brief(found, 1)["processes"]] == [19, 18, 17, 2, 1]


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ({"instance": "web-1"}, "web-1"),
        ({"instance": "web-1:9256"}, "web-1"),
        ({"instance": "10.0.0.7:9256"}, "web-2"),
        ({"instance": "box-2"}, "web-2"),
        ({"instance": "box-2:9100"}, "web-2"),
        ({"instance": "db:5432", "host": "web-1"}, "web-1"),
        ({"nodename": "box-2"}, "web-2"),
        ({"instance": "elsewhere"}, None),
        ({"job": "web-1"}, None),
        ({}, None),
    ],
)
def test_labels_name_a_host_by_its_name_address_or_host_name(
    labels: dict[str, str], found: str | None
) -> None:
    agents = [agent("web-1"), agent("web-2", hostname="box-2", metrics_url="http://10.0.0.7:9256/metrics")]
    host = Hosts(agents).find(Labels(labels))
    assert (host.name if host else None) == found


def test_an_agents_own_name_counts_more_than_anothers_host_name() -> None:
    agents = [agent("a", hostname="b"), agent("b", hostname="c")]
    for order in (agents, agents[::-1]):
        host = Hosts(order).find(Labels({"instance": "b"}))
        assert host is not None
        assert host.name == "b"
