"""All settings of the gateway, with their defaults. The only place that says either."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from delivery import checks
from delivery.settings import Authorization, BasicAuth, RelabelRule, RemoteWrite, Tls
from runtime.logs import LogFormat, LogLevel
from runtime.settings import Section
from runtime.values import Address, Duration, LabelPair, Size

Sync = Literal["full", "normal", "off"]
AlertsApi = Literal["v2"]

ALL, NONE = "all", "none"
PACKS = ("agents", "containers", "gateway", "host", "processes")
"""The files of alertrules/packs."""

NO_LIMIT = Size.parse("0")


class Limits(Section, frozen=True, kw_only=True):
    """How much senders may make the gateway hold."""

    series: Annotated[int, "Take no new series when there are this many."] = 1_000_000
    agents: Annotated[int, "Take no new agent when there are this many."] = 10_000


class Agents(Section, frozen=True, kw_only=True):
    """How agents are looked after."""

    offline_after: Annotated[
        Duration,
        "An agent that was not heard for so long is offline. They say that they live thrice as often.",
    ] = Duration.parse("30s")


class Storage(Section, frozen=True, kw_only=True):
    """How samples are kept."""

    sync: Annotated[
        Sync, "When a commit counts as durable: on the disk, on it soon, or in the system's memory."
    ] = "full"


class Query(Section, frozen=True, kw_only=True):
    """What a query may use."""

    timeout: Annotated[Duration, "A query may take so long, with its waiting."] = Duration.parse("2m")
    max_concurrency: Annotated[int, "So many queries run at once; more wait for their turn."] = 4
    max_samples: Annotated[int, "A query may read so many samples, and hold so many values at once."] = (
        50_000_000
    )
    max_memory: Annotated[Size, "All queries that run hold so much at once; more wait, or are refused."] = (
        Size.parse("2GiB")
    )
    slow: Annotated[Duration, "Log a query that takes so long; 0: none."] = Duration.parse("10s")
    lookback_delta: Annotated[Duration, "A sample counts for so long."] = Duration.parse("5m")


class Forwarding(Section, frozen=True, kw_only=True):
    """How samples are passed on."""

    max_size: Annotated[Size, "Keep so much for each destination; drop the oldest when more waits."] = (
        Size.parse("4GiB")
    )
    max_age: Annotated[Duration, "Drop what has waited for so long."] = Duration.parse("7d")
    shards: Annotated[int, "Send over so many connections to each destination."] = 1


class Alertmanager(Section, frozen=True, kw_only=True):
    """An Alertmanager, or a file that names some, written as in Prometheus' configuration where it can be."""

    url: Annotated[str, "Where it is; alerts go to /api/v2/alerts below."] = ""
    file_sd: Annotated[str, "Instead of a URL: a file with targets, read again when it changes."] = ""
    timeout: Annotated[Duration, "How long a request may take."] = Duration.parse("10s")
    api_version: Annotated[AlertsApi, "The version of its API."] = "v2"
    basic_auth: BasicAuth = BasicAuth()
    authorization: Authorization = Authorization()
    tls_config: Tls = Tls()
    proxy_url: Annotated[
        str, "Go through this proxy; otherwise as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say."
    ] = ""
    alert_relabel_configs: Annotated[tuple[RelabelRule, ...], "Rules for the labels of alerts."] = ()


class GatewaySettings(Section, frozen=True, kw_only=True):
    """What one can tell the gateway."""

    listen: Annotated[Address, "Address to listen on."] = Address(host="127.0.0.1", port=9095)
    allow_anonymous: Annotated[
        bool, "Let everyone who can connect do everything. Needed beyond loopback without any token or user."
    ] = False
    enable_admin_api: Annotated[bool, "Let admins delete series, with the API under /api/v1/admin."] = False
    tls_cert: Annotated[str, "Serve with TLS: the certificate, and those that vouch for it, as PEM."] = ""
    tls_key: Annotated[str, "The key of the certificate, as PEM."] = ""
    data_dir: Annotated[str, "Directory of the data. It is made if it is not there."] = "./data"
    retention: Annotated[Duration, "Keep samples for so long."] = Duration.parse("30d")
    max_disk: Annotated[Size, "Drop the oldest samples when the data is larger; 0: no limit."] = NO_LIMIT
    process_retention: Annotated[Duration, "Keep process snapshots for so long."] = Duration.parse("7d")
    process_max_size: Annotated[
        Size,
        "Drop the oldest process snapshots when all are larger; 0: a quarter of max_disk, if set.",
    ] = NO_LIMIT
    alert_retention: Annotated[Duration, "Keep the history of alerts for so long."] = Duration.parse("365d")
    store: Annotated[
        bool, "Keep samples here. Without it they are only passed on, and queries go to query_url."
    ] = True
    self_scrape: Annotated[
        bool, "Keep the gateway's own metrics, too, so that rules can watch it: job fleetgauge-gateway."
    ] = True
    forward: Annotated[
        tuple[str, ...], "Pass all samples on to this receiver of remote write: http://HOST:PORT[/PATH]."
    ] = ()
    external_labels: Annotated[
        tuple[LabelPair, ...],
        "A label, NAME=VALUE, for all series that are passed on, and all alerts, that lack it.",
    ] = ()
    query_url: Annotated[str, "Without a store: let this server answer queries, http://HOST:PORT[/PATH]."] = (
        ""
    )
    query_headers: Annotated[tuple[LabelPair, ...], "Headers for the server of query_url, NAME=VALUE."] = ()
    query_token_file: Annotated[str, "A file with a bearer token for the server of query_url."] = ""
    rules: Annotated[
        tuple[str, ...], "Evaluate the rules of the files that fit this pattern, such as rules/*.yml."
    ] = ()
    rule_packs: Annotated[
        tuple[str, ...],
        "Evaluate these packs of rules: host, processes, containers, agents, gateway; all, or none.",
    ] = (ALL,)
    evaluation_interval: Annotated[Duration, "Evaluate groups of rules so often that say nothing else."] = (
        Duration.parse("1m")
    )
    external_url: Annotated[
        str, "Where people find the gateway, http://HOST[:PORT][/PATH]: alerts link to it."
    ] = ""
    log_format: Annotated[LogFormat, "How a log line looks."] = "logfmt"
    log_level: Annotated[LogLevel, "Leave out log lines below this level."] = "info"
    storage: Storage = Storage()
    limits: Limits = Limits()
    query: Query = Query()
    agents: Agents = Agents()
    forwarding: Forwarding = Forwarding()
    remote_write: Annotated[
        tuple[RemoteWrite, ...], "Pass samples on to these receivers, written as in Prometheus."
    ] = ()
    alertmanager_config: Annotated[
        str, "Tell receivers of alerts, as this configuration file of Alertmanager says."
    ] = ""
    alertmanager: Annotated[
        tuple[str, ...], "Send alerts to this Alertmanager, http://HOST:PORT[/PATH]."
    ] = ()
    alertmanager_file_sd: Annotated[
        str, "Send alerts to the Alertmanagers in this file, read again when it changes."
    ] = ""
    alertmanagers: Annotated[
        tuple[Alertmanager, ...], "Send alerts to these Alertmanagers, written as in Prometheus."
    ] = ()


LIVE: Final = frozenset(
    (
        "--alert-retention", "--alertmanager-config", "--evaluation-interval", "--limits.series",
        "--log-format", "--log-level", "--max-disk",
        "--query.lookback-delta", "--query.max-memory", "--query.max-samples", "--query.slow",
        "--query.timeout", "--retention", "--rule-packs", "--rules",
    )
)  # fmt: skip
"""The settings that a reload changes. All others take a restart."""


def problems(settings: GatewaySettings) -> list[str]:
    """Return what is wrong with settings although each of them can be read."""
    query, limits = settings.query, settings.limits
    positive = {
        "retention": settings.retention.ms,
        "process_retention": settings.process_retention.ms,
        "alert_retention": settings.alert_retention.ms,
        "evaluation_interval": settings.evaluation_interval.ms,
        "agents.offline_after": settings.agents.offline_after.ms,
        "query.timeout": query.timeout.ms,
        "query.max_concurrency": query.max_concurrency,
        "query.max_samples": query.max_samples,
        "query.max_memory": query.max_memory.bytes,
        "query.lookback_delta": query.lookback_delta.ms,
    }
    found = [f"{name}: must be more than 0." for name, value in positive.items() if value <= 0]
    counts = {"limits.series": limits.series, "limits.agents": limits.agents}
    found += [f"{name}: must not be less than 0." for name, value in counts.items() if value < 0]
    if bool(settings.tls_cert) != bool(settings.tls_key):
        found.append("tls_cert and tls_key: give both or neither.")
    found += [
        f"rule_packs: there is no pack {pack}; there are {', '.join(PACKS)}, and {ALL} or {NONE}."
        + (" Give each by itself: --rule-packs host --rule-packs agents." if "," in pack else "")
        for pack in settings.rule_packs
        if pack not in (*PACKS, ALL, NONE)
    ]
    if settings.rules and not settings.store:
        found.append("rules: they need samples, and with store: false there are none here.")
    return [*found, *_alertmanagers(settings)]


def _alertmanagers(settings: GatewaySettings) -> Iterator[str]:
    for number, url in enumerate(settings.alertmanager):
        yield from checks.url(f"alertmanager[{number}]", url)
    for number, block in enumerate(settings.alertmanagers):
        at = f"alertmanagers[{number}]"
        if bool(block.url) == bool(block.file_sd):
            yield f"{at}: give a url or a file_sd, and only one of them."
        if block.url:
            yield from checks.url(f"{at}.url", block.url)
        if block.timeout.ms <= 0:
            yield f"{at}.timeout: expected more than 0, got {block.timeout}."
        yield from checks.credentials(at, block.basic_auth, block.authorization)
        yield from checks.tls(f"{at}.tls_config", block.tls_config)
        yield from checks.proxy(f"{at}.proxy_url", block.proxy_url)
        yield from checks.rules(f"{at}.alert_relabel_configs", block.alert_relabel_configs)
