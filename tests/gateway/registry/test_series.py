"""The series about agents: what they say, when they end, and what a store that refuses them changes."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gateway.ingest.errors import Unavailable
from gateway.registry.model import Edits
from gateway.registry.registry import Registry
from gateway.registry.series import HEARD, SKEW, STATUS, UP, AgentSeries
from remotewrite.decode.batch import Batch
from remotewrite.errors import SeriesRejected
from tests.gateway.registry.parts import BYE, SICK, START_MS, WELL, facts, registry
from timeseries.labels import Labels
from timeseries.stale import is_stale


@dataclass
class Written:
    """A store that keeps what was written last of each series."""

    refs: list[Labels] = field(default_factory=list)
    last: dict[Labels, float] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    max_series: int = 1000
    busy: bool = False

    def register(self, labels: Labels) -> int:
        if labels not in self.refs:
            if len(self.refs) >= self.max_series:
                raise SeriesRejected("series_limit", "full")
            self.refs.append(labels)
        return self.refs.index(labels)

    def commit(self, batch: Batch) -> None:
        if self.busy:
            raise Unavailable("busy", retry_after_s=1)
        refs = batch.samples.refs.tolist()
        assert len(set(refs)) == len(refs)
        self.batches.append(batch)
        for ref, value in zip(refs, batch.samples.values.tolist(), strict=True):
            self.last[self.refs[ref]] = value

    def shown(self, metric: str) -> dict[tuple[str, ...], float | str]:
        """The values of a metric by their labels but for the usual ones; a stale marker is "gone"."""
        return {
            tuple(value for name, value in labels if name not in ("__name__", "job")): "gone"
            if is_stale(value)
            else value
            for labels, value in self.last.items()
            if labels.metric_name == metric
        }


@pytest.fixture
def store() -> Written:
    return Written()


@pytest.fixture
def made() -> Registry:
    made = registry()
    for number in (1, 2):
        made.register(facts(number), is_local=False, now_ms=START_MS)
    return made


def test_each_agent_has_its_series_with_its_labels(store: Written, made: Registry) -> None:
    made.heartbeat("agent-0002", SICK, now_ms=START_MS + 500)
    AgentSeries(store).write(made.holders(), None, START_MS)
    assert store.shown(UP) == {("prod", "web-1"): 1, ("prod", "web-2"): 1}
    assert store.shown(HEARD)["prod", "web-2"] == START_MS / 1000 + 0.5
    statuses = store.shown(STATUS)
    assert {key: value for key, value in statuses.items() if value} == {
        ("prod", "web-1", "online"): 1,
        ("prod", "web-2", "degraded"): 1,
    }
    assert len(statuses) == 8
    assert all(labels.get("job") == "fleetgauge" for labels in store.last)
    assert {each.family for each in store.batches[0].metadata} == {UP, STATUS, HEARD, SKEW}


def test_how_far_a_clock_is_ahead_is_told_while_the_agent_is_there(store: Written, made: Registry) -> None:
    series = AgentSeries(store)
    series.write(made.holders(), None, START_MS)
    assert store.shown(SKEW) == {("prod", "web-1"): "gone", ("prod", "web-2"): "gone"}
    made.heartbeat("agent-0001", replace(WELL, timestamp=START_MS / 1000 - 40), now_ms=START_MS)
    series.write(made.holders(), None, START_MS + 1)
    assert store.shown(SKEW) == {("prod", "web-1"): -40, ("prod", "web-2"): "gone"}
    made.heartbeat("agent-0001", BYE, now_ms=START_MS)
    series.write(made.holders(), None, START_MS + 2)
    assert store.shown(SKEW)["prod", "web-1"] == "gone"


def test_only_those_that_moved_are_written_in_between(store: Written, made: Registry) -> None:
    series = AgentSeries(store)
    series.write(made.holders(), None, START_MS)
    made.take_moved()
    made.heartbeat("agent-0001", BYE, now_ms=START_MS)
    made.heartbeat("agent-0002", WELL, now_ms=START_MS)
    series.write(made.holders(), made.take_moved(), START_MS + 1)
    assert len(store.batches[1].samples) == 7
    assert store.shown(UP) == {("prod", "web-1"): 0, ("prod", "web-2"): 1}


def test_series_end_with_their_agent_and_when_labels_change(store: Written, made: Registry) -> None:
    series = AgentSeries(store)
    series.write(made.holders(), None, START_MS)
    made.remove("agent-0001")
    made.edit("agent-0002", lambda _: Edits(labels=Labels({"a": "x"})), now_ms=START_MS)
    series.write(made.holders(), made.take_moved(), START_MS + 1)
    assert store.shown(UP) == {
        ("prod", "web-1"): "gone",
        ("prod", "web-2"): "gone",
        ("x", "prod", "web-2"): 1,
    }
    count = len(store.batches)
    series.write(made.holders(), set(), START_MS + 2)
    assert len(store.batches) == count


def test_of_two_with_one_name_the_holder_has_the_series(store: Written, made: Registry) -> None:
    series = AgentSeries(store)
    series.write(made.holders(), None, START_MS)
    made.heartbeat("agent-0001", BYE, now_ms=START_MS)
    made.register(facts(3, name="web-1"), is_local=False, now_ms=START_MS + 1)
    series.write(made.holders(), made.take_moved(), START_MS + 1)
    assert store.shown(UP) == {("prod", "web-1"): 1, ("prod", "web-2"): 1}


def test_what_could_not_be_written_is_written_the_next_time(store: Written, made: Registry) -> None:
    series = AgentSeries(store)
    series.write(made.holders(), None, START_MS)
    made.remove("agent-0001")
    store.busy = True
    with pytest.raises(Unavailable):
        series.write(made.holders(), None, START_MS + 1)
    store.busy = False
    series.write(made.holders(), set(), START_MS + 2)
    assert store.shown(UP)["prod", "web-1"] == "gone"


def test_agents_without_room_for_their_series_do_not_stop_the_others(store: Written, made: Registry) -> None:
    store.max_series = 7
    AgentSeries(store).write(made.holders(), None, START_MS)
    assert len(store.shown(UP)) == 1


def test_labels_of_an_agent_cannot_hide_what_its_series_are_about(store: Written) -> None:
    labels: Any = Labels({"instance": "other", "job": "mine", "status": "fine"})
    made = registry()
    made.register(facts(1, labels=labels), is_local=False, now_ms=START_MS)
    AgentSeries(store).write(made.holders(), None, START_MS)
    assert {labels.get("instance") for labels in store.last} == {"web-1"}
    assert len([labels for labels in store.last if labels.metric_name == STATUS]) == 4
