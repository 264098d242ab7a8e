"""Makes the ruler that the settings want, with all that it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import alertrules
from alertrules.errors import BadFile
from alertrules.reading import Node
from alertrules.rules.evaluation import GroupEvaluation
from alertrules.rules.loading import load_rules
from alertrules.rules.model import Group
from alertrules.templates.prometheus import RuleTemplates, check
from gateway.query.memory import Memory
from gateway.query.service import Rules
from gateway.query.source import StoredSeries
from gateway.ruler.asking import Asking
from gateway.ruler.files import Found, read_rules
from gateway.ruler.managed import Managed
from gateway.ruler.port import Nobody, Notifier
from gateway.ruler.recording import METADATA, Recorder, Series
from gateway.ruler.schedule import Schedule
from gateway.ruler.service import Ruler
from gateway.ruler.unit import Surroundings
from gateway.settings import ALL, NONE, PACKS, GatewaySettings
from gateway.storage.ledger.rules import RuleGroups
from gateway.storage.store import Store
from runtime.errors import SettingsError
from runtime.logs import Log
from timeseries.labels import Labels

_PACKS = Path(alertrules.__file__).parent / "packs"
NO_STORE = "a gateway without a store has no samples for rules to look at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """What the ruler reads the time from."""

    now_ms: Callable[[], int]
    stopwatch: Callable[[], float]


def load(node: Node, name: str) -> tuple[Group, ...]:
    """Read the groups of a document, with the templates in them; raises BadFile."""
    return load_rules(node, name, check)


def rules_of(settings: GatewaySettings, directory: Path) -> Found:
    """Read the packs and the rule files; relative patterns begin at the directory. Raises SettingsError."""
    try:
        return read_rules([*packs_of(settings), *settings.rules], directory, load)
    except BadFile as error:
        raise SettingsError(list(error.problems)) from error


def packs_of(settings: GatewaySettings) -> list[str]:
    """Return the files of the packs that the settings want; none without samples."""
    wanted = set(settings.rule_packs)
    if NONE in wanted or not settings.store:
        return []
    return [str(_PACKS / f"{pack}.yml") for pack in PACKS if pack in wanted or ALL in wanted]


def make_ruler(
    settings: GatewaySettings,
    store: Store,
    own: Series,
    *,
    limits: Callable[[], Rules],
    memory: Memory,
    url: str,
    clocks: Clocks,
    notifier: Notifier | None = None,
) -> Ruler:
    """`own` takes the gateway's own series, and passes them on; `url` is where the gateway listens."""
    log = Log("rules")
    source = StoredSeries(store)
    asking = Asking(source, rules=limits, memory=memory, stopwatch=clocks.stopwatch)
    external_url = (settings.external_url or url).rstrip("/")
    external_labels = Labels({pair.name: pair.value for pair in settings.external_labels})
    templates = RuleTemplates(external_labels=external_labels, external_url=external_url, query=asking.ask)

    def evaluation(group: Group, interval_ms: int, restoring: bool) -> GroupEvaluation:
        return GroupEvaluation(
            group,
            templates=templates,
            stopwatch=clocks.stopwatch,
            external_labels=external_labels,
            external_url=external_url,
            interval_ms=interval_ms,
            restoring=restoring,
        )

    managed = Managed(
        RuleGroups(store.ledger),
        load=load,
        now_ms=clocks.now_ms,
        refusal="" if settings.store else NO_STORE,
    )
    return Ruler(
        managed,
        schedule=Schedule(now_ms=clocks.now_ms, rising_s=clocks.stopwatch),
        evaluation=evaluation,
        around=Surroundings(
            asking=asking,
            source=source,
            recorder=lambda: Recorder(own, METADATA),
            notifier=notifier or Nobody(),
            log=log,
        ),
        now_ms=clocks.now_ms,
    )
