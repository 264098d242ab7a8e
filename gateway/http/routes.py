"""The table of routes: which path is answered by which resource.

Owns the paths. What a resource does is in its own module.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from alertrules.routing.configuration import Configuration
from gateway.access.audit import Numbered
from gateway.access.desk import Desk
from gateway.access.gate import Gate
from gateway.alerting.service import Alerting
from gateway.compare.comparing import Comparer
from gateway.forward.upstream import Upstream
from gateway.history.archive import Archive
from gateway.history.receiving import SnapshotReceiver
from gateway.http.accounts import AuditLog, TokenById, Tokens, UserByName, UserPassword, Users
from gateway.http.admin import CleanTombstones, DeleteSeries, Eraser
from gateway.http.agents import (
    AgentEvents,
    Agents,
    AllEvents,
    Discovery,
    Heartbeat,
    OneAgent,
    Register,
)
from gateway.http.alerthistory import AlertHistory, AlertStatistics, Book, OneEpisode
from gateway.http.alertmanager.alerts import AlertGroups, PostedAlerts
from gateway.http.alertmanager.silences import OneSilence, Silences
from gateway.http.alertmanager.status import Receivers
from gateway.http.alertmanager.status import Status as AlertmanagerStatus
from gateway.http.backtest import Backtest
from gateway.http.backtest import Groups as Tried
from gateway.http.compare import Compare, Stats
from gateway.http.discovery import Alertmanagers, Targets, TargetsMetadata
from gateway.http.federate import Federate
from gateway.http.health import Health, Ready
from gateway.http.known import Find
from gateway.http.language import FormatQuery, ParseQuery
from gateway.http.login import Login, Logout, WhoAmI
from gateway.http.managedrules import AllManaged, CheckRules, OneManaged
from gateway.http.metrics import SelfMetrics
from gateway.http.notifications import Notifications, TestNotification
from gateway.http.overview import Overview as HostsOverview
from gateway.http.processes import ProcessChanges, Processes, ProcessHistory, ProcessTimes
from gateway.http.query import Query, QueryRange
from gateway.http.read import RemoteRead
from gateway.http.relay import (
    NoSamples,
    NoSamplesToTry,
    Relayed,
    RelayedBody,
    RelayedForm,
    RelayedGet,
    RelayedPage,
)
from gateway.http.reload import Reload
from gateway.http.rules import Alerts, Groups, Rules
from gateway.http.series import LabelNames, LabelValues, MetadataOfMetrics, QueryExemplars, Series
from gateway.http.status import BuildInfo, RuntimeInfo, Settings, TsdbStatus
from gateway.http.write import Write
from gateway.ingest.receiver import Clocks, Receiver
from gateway.metrics import Metrics
from gateway.overview.board import Boards, Sources
from gateway.query.catalog import Catalog
from gateway.query.service import Queries
from gateway.registry.registry import Registry
from gateway.ruler.backtest import Backtests
from gateway.ruler.managed import Managed
from gateway.ruler.service import Ruler
from gateway.storage.statistics import Overview
from gateway.storage.store import Store

QUERIES: Final = "/api/v1/query"
RANGE_QUERIES: Final = "/api/v1/query_range"
REMOTE_READ: Final = "/api/v1/read"
FEDERATE: Final = "/federate"
_AGENTS: Final = "/api/v1/agents/"
COMPARE: Final = f"{_AGENTS}compare"
OVERVIEW: Final = "/api/v1/overview"
BACKTEST: Final = "/api/v1/rules/backtest"
STATS: Final = f"{_AGENTS}{{id}}/stats"
PROCESSES: Final = f"{_AGENTS}{{id}}/processes"
_LONG: Final = ("/stats", "/processes/history", "/processes/times")
"""What is asked of an agent that may take as long as a query."""
RELAYED: Final[Mapping[str, type[Relayed]]] = {
    QUERIES: RelayedForm,
    RANGE_QUERIES: RelayedForm,
    REMOTE_READ: RelayedBody,
    FEDERATE: RelayedPage,
    "/api/v1/query_exemplars": RelayedForm,
    "/api/v1/series": RelayedForm,
    "/api/v1/labels": RelayedForm,
    "/api/v1/label/{name}/values": RelayedGet,
    "/api/v1/metadata": RelayedGet,
}
"""What another server is asked for where no samples are kept."""


def is_heartbeat(path: str) -> bool:
    """Tell whether a path is one that agents say at that they live: they wait for no disk."""
    return path.startswith(_AGENTS) and path.endswith("/heartbeat")


def is_query(path: str) -> bool:
    """Tell whether a path is one that queries are run at: they take their turns."""
    if path.startswith(_AGENTS):
        return path == COMPARE or path.endswith(_LONG)
    return path in (QUERIES, RANGE_QUERIES, REMOTE_READ, FEDERATE, BACKTEST, OVERVIEW)


def routes(*, version: str, metrics: Metrics, hindrance: Callable[[], str] = str) -> dict[str, object]:
    """All paths with the resources that answer them."""
    return {
        "/-/healthy": Health(),
        "/-/ready": Ready(hindrance),
        "/api/v1/status/buildinfo": BuildInfo(version),
        "/metrics": SelfMetrics(metrics),
    }


def access_routes(
    *,
    gate: Gate,
    desk: Desk,
    audit: Callable[[int, int | None], Sequence[Numbered]],
    draw: Callable[[], str],
    secure: bool,
) -> dict[str, object]:
    """The paths for logging in, and for accounts."""
    return {
        "/api/v1/login": Login(gate, draw=draw, secure=secure),
        "/api/v1/logout": Logout(gate),
        "/api/v1/whoami": WhoAmI(gate),
        "/api/v1/tokens": Tokens(desk),
        "/api/v1/tokens/{token_id}": TokenById(desk),
        "/api/v1/users": Users(desk),
        "/api/v1/users/{name}": UserByName(desk),
        "/api/v1/users/{name}/password": UserPassword(desk),
        "/api/v1/audit": AuditLog(audit),
    }


def write_routes(*, receiver: Receiver, metrics: Metrics) -> dict[str, object]:
    """The paths of remote write: Prometheus', and the one that Mimir and Cortex made usual."""
    write = Write(receiver, metrics)
    return {"/api/v1/write": write, "/api/v1/push": write}


def store_routes(*, statistics: Callable[[int], Overview], eraser: Eraser | None) -> dict[str, object]:
    """The paths for looking after the store; without an eraser nothing can be deleted."""
    return {
        "/api/v1/status/tsdb": TsdbStatus(statistics),
        "/api/v1/admin/tsdb/delete_series": DeleteSeries(eraser),
        "/api/v1/admin/tsdb/clean_tombstones": CleanTombstones(eraser),
    }


def agents_routes(
    *,
    registry: Registry,
    now_ms: Callable[[], int],
    counted: Callable[[str, str], None],
    forget: Callable[[str], None],
) -> dict[str, object]:
    """The paths about agents, for agents themselves, for people, and for Prometheus' discovery."""
    return {
        "/api/v1/agents": Agents(registry),
        "/api/v1/agents/register": Register(registry, now_ms, counted),
        "/api/v1/agents/events": AllEvents(registry),
        "/api/v1/agents/{id}": OneAgent(registry, now_ms, forget),
        "/api/v1/agents/{id}/heartbeat": Heartbeat(registry, now_ms, counted),
        "/api/v1/agents/{id}/events": AgentEvents(registry),
        "/api/v1/sd/agents": Discovery(registry),
    }


def query_routes(*, queries: Queries, catalog: Catalog, now_ms: Callable[[], int]) -> dict[str, object]:
    """The paths for reading: Prometheus' HTTP API."""
    return {
        QUERIES: Query(queries, now_ms),
        RANGE_QUERIES: QueryRange(queries),
        "/api/v1/query_exemplars": QueryExemplars(catalog),
        "/api/v1/series": Series(catalog),
        "/api/v1/labels": LabelNames(catalog),
        "/api/v1/label/{name}/values": LabelValues(catalog),
        "/api/v1/metadata": MetadataOfMetrics(catalog),
        "/api/v1/format_query": FormatQuery(),
        "/api/v1/parse_query": ParseQuery(),
        "/api/v1/targets": Targets(),
        "/api/v1/targets/metadata": TargetsMetadata(),
    }


def rules_routes(*, groups: Groups, managed: Managed) -> dict[str, object]:
    """The paths of rules and their alerts."""
    return {
        "/api/v1/rules": Rules(groups),
        "/api/v1/alerts": Alerts(groups),
        "/api/v1/rules/managed": AllManaged(managed),
        "/api/v1/rules/managed/{name}": OneManaged(managed),
        "/api/v1/rules/check": CheckRules(managed),
    }


def relayed_routes(upstream: Upstream | None) -> dict[str, object]:
    """The paths for reading, for a gateway that keeps no samples: another server answers, or none."""
    relayed: dict[str, object] = {path: resource(upstream) for path, resource in RELAYED.items()}
    return relayed | dict.fromkeys((COMPARE, STATS), NoSamples()) | {BACKTEST: NoSamplesToTry()}


def is_relayed(path: str) -> bool:
    """Tell whether a path is one that another server answers: those that wait for it take turns."""
    return is_query(path) or path in RELAYED or path.startswith("/api/v1/label/")


def sharing_routes(*, read: RemoteRead, federate: Federate) -> dict[str, object]:
    """The paths by which a Prometheus takes samples from here."""
    return {REMOTE_READ: read, FEDERATE: federate}


def history_routes(
    *, archive: Archive, receiver: SnapshotReceiver, find: Find, received: Callable[[str], None]
) -> dict[str, object]:
    """The paths of process history."""
    now_ms = receiver.now_ms
    return {
        PROCESSES: Processes(archive, receiver, find, received),
        f"{PROCESSES}/times": ProcessTimes(archive, find, now_ms),
        f"{PROCESSES}/history": ProcessHistory(archive, find, now_ms),
        f"{PROCESSES}/changes": ProcessChanges(archive, find, now_ms),
    }


def alert_history_routes(*, book: Book, now_ms: Callable[[], int]) -> dict[str, object]:
    """The paths of what alerts did."""
    return {
        "/api/v1/alerts/history": AlertHistory(book, now_ms),
        "/api/v1/alerts/history/{number}": OneEpisode(book, now_ms),
        "/api/v1/alerts/statistics": AlertStatistics(book, now_ms),
    }


def alertmanager_routes(
    *, alerting: Alerting, now_ms: Callable[[], int], version: str, started_ms: int
) -> dict[str, object]:
    """The paths of Alertmanager's API, and of what becomes of alerts."""
    pipeline = alerting.pipeline

    def configuration() -> Configuration:
        return pipeline.configuration

    return {
        "/api/v2/status": AlertmanagerStatus(configuration, version=version, started_ms=started_ms),
        "/api/v2/receivers": Receivers(configuration),
        "/api/v2/alerts": PostedAlerts(
            pipeline, alerting.take, lambda: now_ms() + pipeline.configuration.resolve_timeout_ms
        ),
        "/api/v2/alerts/groups": AlertGroups(pipeline),
        "/api/v2/silences": Silences(pipeline, now_ms),
        "/api/v2/silence/{id}": OneSilence(pipeline, now_ms),
        "/api/v1/notifications": Notifications(pipeline.deliveries),
        "/api/v1/notifications/test": TestNotification(alerting.trials),
        "/api/v1/alertmanagers": Alertmanagers(alerting.alertmanagers),
    }


def compare_routes(*, comparer: Comparer, find: Find, now_ms: Callable[[], int]) -> dict[str, object]:
    """The paths that set hosts beside each other."""
    return {COMPARE: Compare(comparer, find, now_ms), STATS: Stats(comparer, find, now_ms)}


def overview_routes(
    queries: Queries,
    store: Store,
    registry: Callable[[], Registry],
    ruler: Callable[[], Ruler],
    clocks: Clocks,
) -> dict[str, object]:
    """The path of the overview of all hosts. The registry and the ruler may be made later."""
    sources = Sources(
        queries=queries,
        version=lambda: store.state.head.log_seq,
        agents=lambda: registry().agents(),
        alerts=lambda: ruler().active(),
        stopwatch=clocks.stopwatch,
    )
    return {OVERVIEW: HostsOverview(Boards(sources), clocks.now_ms)}


def backtest_routes(*, backtests: Backtests, groups: Tried, now_ms: Callable[[], int]) -> dict[str, object]:
    """The path that tries rules over the samples that are kept."""
    return {BACKTEST: Backtest(backtests, groups, now_ms)}


def settings_routes(
    *,
    config: Callable[[], str],
    flags: Callable[[], Mapping[str, str]],
    runtime: Callable[[], Mapping[str, object]],
    reload: Callable[[], Sequence[str]],
) -> dict[str, object]:
    """The paths that tell how the gateway was started, and how it is doing."""
    return {
        "/api/v1/status/config": Settings(lambda: {"yaml": config()}),
        "/api/v1/status/flags": Settings(flags),
        "/api/v1/status/runtimeinfo": RuntimeInfo(runtime),
        "/-/reload": Reload(reload),
    }
