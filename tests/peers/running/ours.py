"""Our evaluation of groups, over a real store and with the gateway's own pieces, at times that are given."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import falcon
from falcon.testing import TestClient

from alertrules.rules.evaluation import GroupEvaluation
from alertrules.rules.outcome import Recorded
from alertrules.templates.prometheus import RuleTemplates
from gateway.http.rules import Rules as RulesPage
from gateway.query.memory import Memory
from gateway.query.service import Rules
from gateway.query.source import StoredSeries
from gateway.ruler.asking import Asking
from gateway.ruler.making import load
from gateway.ruler.port import Nobody
from gateway.ruler.recording import METADATA, Recorder
from gateway.ruler.unit import Surroundings, Unit
from gateway.storage.store import Store
from remotewrite.model import Series
from runtime.documents import parse_document
from runtime.logs import Log
from tests.gateway.storage.samples import open_store
from timeseries.labels import Labels
from timeseries.matcher import Matcher

EXTERNAL: Final = Labels({"site": "here"})
EXTERNAL_URL: Final = "http://rules.example:9090/base"

_LIMITS: Final = Rules(timeout_s=60, max_samples=50_000_000, lookback_ms=300_000)

Samples = Mapping[Labels, Sequence[tuple[int, float]]]
"""All samples of series, stale markers too."""


class Ours:
    """Groups in service."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._source = StoredSeries(store)
        asking = Asking(self._source, rules=lambda: _LIMITS, memory=Memory(0), stopwatch=lambda: 0.0)
        self._templates = RuleTemplates(external_labels=EXTERNAL, external_url=EXTERNAL_URL, query=asking.ask)
        self._around = Surroundings(
            asking=asking,
            source=self._source,
            recorder=lambda: Recorder(store, METADATA),
            notifier=Nobody(),
            log=Log("rules"),
        )
        self._units: dict[str, Unit] = {}
        application = falcon.App()
        application.add_route("/rules", RulesPage(lambda: [unit.view for unit in self._units.values()]))
        self._client = TestClient(application)

    def write(self, series: Iterable[Series]) -> None:
        """Keep samples."""
        Recorder(self._store).write(
            [
                Recorded(labels=one.labels, time_ms=sample.time_ms, value=sample.value)
                for one in series
                for sample in one.samples
            ]
        )

    def take(self, group: Mapping[str, Any]) -> None:
        """Put a group of a rule file into service, in place of the one of this name."""
        [own] = load(parse_document(json.dumps({"groups": [group]}), "f"), "f")
        evaluation = GroupEvaluation(
            own,
            templates=self._templates,
            stopwatch=lambda: 0.0,
            external_labels=EXTERNAL,
            external_url=EXTERNAL_URL,
        )
        unit = Unit(own, evaluation, self._around, interval_ms=1000, restores=False)
        if own.name in self._units:
            unit.succeed(self._units[own.name])
        self._units[own.name] = unit

    def run(self, group: str, time_ms: int) -> Sequence[dict[str, Any]]:
        """Evaluate a group; its rules as `/api/v1/rules` shows them afterwards."""
        self._units[group].run(time_ms)
        answer = self._client.simulate_get("/rules", params={"rule_group[]": group})
        [shown] = answer.json["data"]["groups"]
        rules: Sequence[dict[str, Any]] = shown["rules"]
        return rules

    @property
    def defects(self) -> int:
        """How often an evaluation ended in an error that is none of a rule."""
        return self._around.totals.defects

    def samples(self, selector: Sequence[Matcher], start_ms: int, end_ms: int) -> Samples:
        """What the store has, both times included."""
        found = self._source.select(selector, start_ms, end_ms)
        made: dict[Labels, Sequence[tuple[int, float]]] = {}
        for row, labels in enumerate(found.labels):
            times, values = found.columns.row(row)
            if len(times):
                made[labels] = list(zip(times.tolist(), values.tolist(), strict=True))
        return made


@contextmanager
def ours(directory: Path) -> Iterator[Ours]:
    """Groups over a store of their own."""
    with open_store(directory, sync="off") as store:
        yield Ours(store)
