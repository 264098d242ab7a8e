"""The series about agents, as if the gateway scraped them: up, status, when each was last heard, its clock.

Of several agents with one name, the one that holds it has the series. Knows no clock.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from gateway.registry.model import Agent, Edits, Facts, Status
from remotewrite.decode.batch import Batch, SampleColumns
from remotewrite.errors import SeriesRejected
from timeseries.labels import METRIC_NAME, Labels
from timeseries.metadata import Metadata, MetricType
from timeseries.stale import STALE

UP: Final = "fleetgauge_agent_up"
STATUS: Final = "fleetgauge_agent_status"
HEARD: Final = "fleetgauge_agent_last_heartbeat_timestamp_seconds"
SKEW: Final = "fleetgauge_agent_clock_skew_seconds"

METADATA: Final = tuple(
    Metadata(family=family, type=MetricType.GAUGE, help=text)
    for family, text in (
        (UP, "Whether the agent is there: online or degraded."),
        (STATUS, "1 for the status that the agent has, 0 for all others."),
        (HEARD, "When the agent was last heard, in seconds since 1970."),
        (SKEW, "How far the agent's clock is ahead of the gateway's."),
    )
)

_STATUSES: Final = tuple(Status)


class Series(Protocol):
    """What is needed of the store."""

    def register(self, labels: Labels) -> int:
        """Return the reference of a series; raises SeriesRejected when there are too many."""

    def commit(self, batch: Batch) -> None:
        """Return when the batch is durable; raises gateway.ingest.errors.Unavailable."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the labels of an agent's series were made of, and the references of all of them."""

    facts: Facts
    edits: Edits
    refs: tuple[int, ...]


class AgentSeries:
    """Writes the series of all agents. For one thread."""

    def __init__(self, store: Series) -> None:
        self._store = store
        self._known: dict[str, _Known] = {}
        self._told = False

    def write(self, holders: Sequence[Agent], moved: Collection[str] | None, now_ms: int) -> None:
        """Write those whose status moved, None for all, and the end of series that are gone.

        Raises Unavailable; what was to be ended is ended the next time.
        """
        known, ended = self._register(holders)
        chosen = [agent for agent in holders if moved is None or agent.id in moved]
        refs = [ref for agent in chosen for ref in _refs(known, agent)]
        values = [value for agent in chosen if agent.id in known for value in _values(agent)]
        refs += ended
        values += [STALE] * len(ended)
        if refs:
            self._store.commit(_batch(refs, values, now_ms, () if self._told else METADATA))
            self._told = True
        self._known = known

    def _register(self, holders: Iterable[Agent]) -> tuple[dict[str, _Known], list[int]]:
        """Return the references of all series, and of those that are gone."""
        known: dict[str, _Known] = {}
        for agent in holders:
            before = self._known.get(agent.id)
            # The same objects: comparing them, or making labels of them, costs more than all the rest.
            if before is not None and before.facts is agent.facts and before.edits is agent.edits:
                known[agent.id] = before
                continue
            try:
                refs = tuple(self._store.register(each) for each in _series(agent.series_labels))
            except SeriesRejected:
                # The limit of series: agents are listed all the same.
                continue
            known[agent.id] = _Known(agent.facts, agent.edits, refs)
        if len(known) == len(self._known) and all(self._known.get(key) is one for key, one in known.items()):
            return known, []
        live = {ref for one in known.values() for ref in one.refs}
        return known, [ref for one in self._known.values() for ref in one.refs if ref not in live]


def _refs(known: dict[str, _Known], agent: Agent) -> tuple[int, ...]:
    return known[agent.id].refs if agent.id in known else ()


def _series(labels: Labels) -> Iterable[Labels]:
    yield labels.updated({METRIC_NAME: UP})
    for status in _STATUSES:
        yield labels.updated({METRIC_NAME: STATUS, "status": status.value})
    yield labels.updated({METRIC_NAME: HEARD})
    yield labels.updated({METRIC_NAME: SKEW})


def _values(agent: Agent) -> tuple[float, ...]:
    now, skew_s = agent.life.status, agent.life.skew_s
    is_each = (float(status is now) for status in _STATUSES)
    # Of an agent that is gone, or never told its time, nothing is known of the clock.
    skew = STALE if skew_s is None or not now.is_up else skew_s
    return float(now.is_up), *is_each, agent.life.seen_ms / 1000, skew


def _batch(refs: Sequence[int], values: Sequence[float], now_ms: int, metadata: Sequence[Metadata]) -> Batch:
    columns = SampleColumns(
        refs=np.array(refs, np.int64),
        times=np.full(len(refs), now_ms, np.int64),
        values=np.array(values, np.float64),
        starts=np.zeros(len(refs), np.int64),
    )
    return Batch(samples=columns, metadata=metadata)
