"""What the gateway counts about itself. This package is the only home of prometheus_client.

Owns the names, help and labels of all self-metrics; those of rules, notifications and Alertmanagers are in
modules of their own, and own.py makes series of all. Must not know HTTP.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from delivery.readings import Readings as Forwarded
from gateway.alerting.counts import Readings as Notified
from gateway.alerting.readings import AlertmanagerReadings
from gateway.ingest.outcome import Outcome
from gateway.metrics.alertmanagers import AlertmanagerMetrics
from gateway.metrics.notifications import watch_notifications
from gateway.metrics.own import OwnSeries
from gateway.metrics.rules import GroupReadings, watch_rules
from gateway.query.service import Ran
from gateway.registry.model import Status

TEXT = CONTENT_TYPE_PLAIN_0_0_4
OPENMETRICS = openmetrics.CONTENT_TYPE_LATEST

REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""From an answer out of memory to a heavy query; finer steps beyond 10 s say no more."""

DECODE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""From a small request of known series to one of the largest size, whose series are all new."""


COMMIT_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""From a disk that promises at once to one that hangs."""

QUERY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
"""From a query of one series to one that runs into its timeout."""

UPKEEP_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0)
"""From a small flush to a merge of parts of a day."""

STORE_GAUGES = {
    "series": "Series that the store knows.",
    "head_samples": "Samples in memory and in the log, not yet in a part.",
    "parts": "Parts that hold all older samples.",
    "part_samples": "Samples in parts.",
    "part_bytes": "Bytes of all parts.",
    "used_bytes": "Bytes of the database that are in use.",
    "wal_bytes": "Size of the file that commits go to before they are moved into the database.",
    "log_rows": "Commits in the log whose samples are not yet in a part.",
    "log_bytes": "Bytes of those commits.",
    "waiting_batches": "Batches that wait for the next commit.",
}
"""What the store can be asked for, by the name of its reading."""

STORE_COUNTERS = {
    "commits": "Transactions that made batches durable.",
    "batches": "Batches made durable.",
    "replaced_samples": "Samples found, while sorting, to have another value than a later one of that time.",
    "cache_hits": "Blocks found decoded in memory.",
    "cache_misses": "Blocks read and decoded.",
}
"""What the store counts itself, by the name of its reading."""

INGEST_GAUGES = {
    "waiting_requests": "Remote-write requests that wait for room in memory.",
    "held_bytes": "Decoded bytes of the remote-write requests in work.",
}
"""What ingest can be asked for, by the name of its reading."""

QUERY_GAUGES = {
    "running": "Queries that are being answered.",
    "waiting": "Queries that wait for their turn.",
    "waiting_for_memory": "Queries that wait in the middle, for memory that others hold.",
    "held_bytes": "Memory that queries hold, by estimate.",
}
"""What the server and the memory of queries can be asked for, by the name of its reading."""

CONFIG_GAUGES = {
    "last_reload_successful": "Whether the last reload worked.",
    "last_reload_success_timestamp_seconds": "When the settings in use were taken.",
}
"""What is known of the settings, by the name of its reading."""
HISTORY_GAUGES = {
    "pieces": "Rows of process history: snapshots by themselves, or up to an hour of them.",
    "bytes": "Bytes of the process history.",
}
"""What the process history can be asked for, by the name of its reading."""

FORWARD_GAUGES: Mapping[str, tuple[str, Callable[[Forwarded], float | None]]] = {
    "waiting_batches": ("Requests that wait for a destination.", lambda each: each.waiting_batches),
    "waiting_samples": ("Samples that wait for a destination.", lambda each: each.waiting_samples),
    "waiting_bytes": ("Bytes of what waits for a destination.", lambda each: each.waiting_bytes),
    "oldest_timestamp_seconds": (
        "When the oldest that waits for a destination came in, in seconds since 1970.",
        lambda each: None if each.oldest_ms is None else each.oldest_ms / 1000,
    ),
    "up": (
        "Whether the last request to a destination was answered as wished.",
        lambda each: not each.trouble,
    ),
}
"""What a destination can be asked for."""

FORWARD_COUNTERS: Mapping[str, tuple[str, Callable[[Forwarded], float]]] = {
    "sent_batches": ("Requests that a destination took.", lambda each: each.sent_batches),
    "sent_samples": ("Samples that a destination took.", lambda each: each.sent_samples),
    "refused_samples": ("Samples that a destination refused for good.", lambda each: each.refused_samples),
    "failures": ("Requests to a destination that have to be sent again.", lambda each: each.failures),
    "damaged_bytes": (
        "Bytes left out of a queue at the start: half written.",
        lambda each: each.damaged_bytes,
    ),
}
"""What a destination counts."""

FORWARD_REASONS: Mapping[str, tuple[str, Callable[[Forwarded], Mapping[str, int]]]] = {
    "lost_samples": (
        "Samples dropped while they waited for a destination, by reason.",
        lambda each: each.lost_samples,
    ),
    "left_out_samples": (
        "Samples that a destination does not get, by reason.",
        lambda each: each.left_out,
    ),
}
"""What a destination counts by reasons."""

Readings = Mapping[str, Callable[[], float]]


class Metrics:
    """The self-metrics of one gateway, in a registry of its own."""

    def __init__(self, *, version: str, python: str) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for every counter, that no one reads
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        build = Info("fleetgauge_build", "The running version; the value is 1.", registry=self.registry)
        build.info({"version": version, "python": python})
        self._requests = Counter(
            "fleetgauge_http_requests",
            "HTTP requests answered, by route, method and status code.",
            ("route", "method", "code"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "fleetgauge_http_request_duration_seconds",
            "Time from the complete request to the answer, by route.",
            ("route",),
            buckets=REQUEST_SECONDS,
            registry=self.registry,
        )
        self._cut = Counter(
            "fleetgauge_http_connections_cut",
            "Connections closed without an answer, by what they did, and whether for another that waited.",
            ("stage", "for_another"),
            registry=self.registry,
        )
        self.own = OwnSeries(self.registry)
        self._ingest = _Ingest(self.registry)
        self._query = _Query(self.registry)
        self._agents = _Agents(self.registry)
        self._history = _History(self.registry)
        self._damaged = Counter(
            "fleetgauge_store_damaged", "Pieces of data found damaged and left out.", registry=self.registry
        )
        self._upkeep_failures = Counter(
            "fleetgauge_store_upkeep_failures",
            "Times that flushing, merging or retention did not come to its end.",
            registry=self.registry,
        )
        self._commit_seconds = Histogram(
            "fleetgauge_store_commit_duration_seconds",
            "Time from a batch to its being durable, with what it waits for others.",
            buckets=COMMIT_SECONDS,
            registry=self.registry,
        )
        self._upkeep_seconds = Histogram(
            "fleetgauge_store_upkeep_duration_seconds",
            "Time of each step of the upkeep that came to its end.",
            ("step",),
            buckets=UPKEEP_SECONDS,
            registry=self.registry,
        )
        self._upkeep_samples = Counter(
            "fleetgauge_store_upkeep_samples",
            "Samples that were flushed, merged or dropped.",
            ("step",),
            registry=self.registry,
        )

    def watch(self, *, store: Readings, ingest: Readings, query: Readings, config: Readings) -> None:
        """Show what these say of themselves, asked at each scrape."""
        for part, gauges, readings in (
            ("store", STORE_GAUGES, store),
            ("ingest", INGEST_GAUGES, ingest),
            ("query", QUERY_GAUGES, query),
            ("config", CONFIG_GAUGES, config),
        ):
            for name, text in gauges.items():
                gauge = Gauge(f"fleetgauge_{part}_{name}", text, registry=self.registry)
                gauge.set_function(readings[name])
        self.registry.register(_StoreCounters(store))

    def watch_certificate(self, ends_s: Callable[[], float]) -> None:
        """Show when the certificate ends."""
        Gauge(
            "fleetgauge_tls_certificate_end_timestamp_seconds",
            "When the certificate that the gateway serves with ends.",
            registry=self.registry,
        ).set_function(ends_s)

    def watch_agents(self, count: Callable[[], Mapping[Status, int]]) -> None:
        """Show how many agents there are, asked at each scrape."""
        self.registry.register(_AgentCounts(count))

    def agent_said(self, what: str, outcome: str) -> None:
        """Count a registration or a heartbeat, and what became of it."""
        self._agents.said[what].labels(outcome).inc()

    def agent_event(self, kind: str) -> None:
        """Count something that happened to an agent."""
        self._agents.events.labels(kind).inc()

    def watch_failed(self) -> None:
        """Count a look after the agents that did not come to its end."""
        self._agents.failures.inc()

    def watch_history(self, readings: Readings) -> None:
        """Show what the process history says of itself, asked at each scrape."""
        for name, text in HISTORY_GAUGES.items():
            gauge = Gauge(f"fleetgauge_history_{name}", text, registry=self.registry)
            gauge.set_function(readings[name])

    def snapshot_received(self, outcome: str) -> None:
        """Count a process snapshot by what became of it."""
        self._history.received.labels(outcome).inc()

    def snapshots_joined(self, snapshots: int) -> None:
        """Count snapshots that were joined."""
        self._history.joined.inc(snapshots)

    def snapshots_dropped(self, reason: str, snapshots: int) -> None:
        """Count snapshots that were dropped."""
        self._history.dropped.labels(reason).inc(snapshots)

    def watch_forwarding(self, readings: Callable[[], Sequence[Forwarded]]) -> None:
        """Show how each destination is, asked at each scrape."""
        self.registry.register(_Forward(readings))

    def watch_rules(self, groups: Callable[[], Sequence[GroupReadings]], totals: Readings) -> None:
        """Show how each group of rules is, asked at each scrape."""
        watch_rules(self.registry, groups, totals)

    def watch_alertmanagers(self, readings: Callable[[], Sequence[AlertmanagerReadings]]) -> None:
        """Show how the Alertmanagers are that get alerts."""
        self.registry.register(AlertmanagerMetrics(readings))

    def watch_notifications(self, readings: Callable[[], Notified]) -> None:
        """Show how alerts and notifications are, asked at each scrape."""
        watch_notifications(self.registry, readings)

    def committed(self, seconds: float) -> None:
        """Count a batch that is durable."""
        self._commit_seconds.observe(seconds)

    def kept_up(self, step: str, samples: int, seconds: float) -> None:
        """Count a step of the upkeep that came to its end."""
        self._upkeep_seconds.labels(step).observe(seconds)
        self._upkeep_samples.labels(step).inc(samples)

    def damaged(self) -> None:
        """Count a piece of data that can't be read."""
        self._damaged.inc()

    def upkeep_failed(self) -> None:
        """Count an upkeep that did not come to its end."""
        self._upkeep_failures.inc()

    def answered(self, *, route: str, method: str, code: int, seconds: float) -> None:
        """Count one answered HTTP request."""
        self._requests.labels(route, method, str(code)).inc()
        self._seconds.labels(route).observe(seconds)

    def cut(self, stage: str, for_another: bool) -> None:
        """Count a connection that was closed without an answer."""
        self._cut.labels(stage, str(for_another).lower()).inc()

    def received(self, outcome: Outcome) -> None:
        """Count what became of one remote-write request."""
        self._ingest.count(outcome)

    def ran(self, query: Ran) -> None:
        """Count a query that was answered or refused."""
        self._query.count(query)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def openmetrics(self) -> bytes:
        """All metrics in the OpenMetrics format."""
        return bytes(openmetrics.generate_latest(self.registry))  # type: ignore[no-untyped-call]


class _StoreCounters(Collector):
    """What the store counts itself."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        """Ask for each."""
        for name, text in STORE_COUNTERS.items():
            yield CounterMetricFamily(f"fleetgauge_store_{name}", text, value=self._readings[name]())


class _Agents:
    """What agents say, and what happens to them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.said = {
            what: Counter(
                f"fleetgauge_registry_{what}s",
                f"{what.capitalize()}s of agents, by what became of them.",
                ("outcome",),
                registry=registry,
            )
            for what in ("registration", "heartbeat")
        }
        self.events = Counter(
            "fleetgauge_registry_events", "What happened to agents, by kind.", ("kind",), registry=registry
        )
        self.failures = Counter(
            "fleetgauge_registry_failures",
            "Times that the series about agents, or how they are, could not be written.",
            registry=registry,
        )


class _AgentCounts(Collector):
    """How many agents there are."""

    def __init__(self, count: Callable[[], Mapping[Status, int]]) -> None:
        self._count = count

    def collect(self) -> Iterator[Metric]:
        """Count them."""
        family = GaugeMetricFamily("fleetgauge_agents", "Agents, by status.", labels=["status"])
        for status, number in self._count().items():
            family.add_metric([status.value], number)
        yield family


class _Forward(Collector):
    """What is passed on."""

    def __init__(self, readings: Callable[[], Sequence[Forwarded]]) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        """Ask each destination."""
        found = self._readings()
        for name, (text, gauge) in FORWARD_GAUGES.items():
            family = GaugeMetricFamily(f"fleetgauge_forward_{name}", text, labels=["destination"])
            for each in found:
                if (value := gauge(each)) is not None:
                    family.add_metric([each.name], float(value))
            yield family
        for name, (text, counter) in FORWARD_COUNTERS.items():
            counted = CounterMetricFamily(f"fleetgauge_forward_{name}", text, labels=["destination"])
            for each in found:
                counted.add_metric([each.name], counter(each))
            yield counted
        for name, (text, reasons) in FORWARD_REASONS.items():
            by_reason = CounterMetricFamily(
                f"fleetgauge_forward_{name}", text, labels=["destination", "reason"]
            )
            for each in found:
                for reason, count in reasons(each).items():
                    by_reason.add_metric([each.name, reason], count)
            yield by_reason


class _Query:
    """What was asked for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._queries = Counter(
            "fleetgauge_query_queries",
            "Queries, by kind and by what they came to.",
            ("kind", "outcome"),
            registry=registry,
        )
        self._seconds = Histogram(
            "fleetgauge_query_duration_seconds",
            "Time to evaluate a query, by kind; neither waiting for its turn nor writing its answer.",
            ("kind",),
            buckets=QUERY_SECONDS,
            registry=registry,
        )
        self._waited = Counter(
            "fleetgauge_query_waited_seconds", "Time that queries waited for their turn.", registry=registry
        )
        self._samples = Counter(
            "fleetgauge_query_samples", "Samples read by the queries that succeeded.", registry=registry
        )

    def count(self, query: Ran) -> None:
        self._queries.labels(query.kind, query.outcome).inc()
        self._seconds.labels(query.kind).observe(query.seconds)
        self._waited.inc(query.waited_s)
        self._samples.inc(query.samples)


class _History:
    """What became of process snapshots."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.received = Counter(
            "fleetgauge_history_received",
            "Process snapshots that came, by what became of them.",
            ("outcome",),
            registry=registry,
        )
        self.joined = Counter(
            "fleetgauge_history_joined", "Process snapshots joined to an hour of them.", registry=registry
        )
        self.dropped = Counter(
            "fleetgauge_history_dropped",
            "Process snapshots dropped, for their age or the size of all.",
            ("reason",),
            registry=registry,
        )


class _Ingest:
    """What came in by remote write."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "fleetgauge_ingest_requests",
            "Remote-write requests answered, by version of the protocol and status code.",
            ("version", "code"),
            registry=registry,
        )
        self._samples = Counter(
            "fleetgauge_ingest_samples", "Samples taken in by remote write.", registry=registry
        )
        self._histograms = Counter(
            "fleetgauge_ingest_histograms", "Native histograms taken in by remote write.", registry=registry
        )
        self._exemplars = Counter(
            "fleetgauge_ingest_exemplars", "Exemplars taken in by remote write.", registry=registry
        )
        self._rejected = Counter(
            "fleetgauge_ingest_rejected",
            "What was rejected of remote-write requests whose rest was kept, by kind and reason.",
            ("kind", "reason"),
            registry=registry,
        )
        bytes_read = Counter(
            "fleetgauge_ingest_bytes",
            "Size of the remote-write bodies that were read, as they came and decompressed.",
            ("form",),
            registry=registry,
        )
        self._compressed, self._decoded = bytes_read.labels("compressed"), bytes_read.labels("decoded")
        self._decode_seconds = Histogram(
            "fleetgauge_ingest_decode_duration_seconds",
            "Time to decompress, decode and check a remote-write request.",
            buckets=DECODE_SECONDS,
            registry=registry,
        )

    def count(self, outcome: Outcome) -> None:
        self._requests.labels(outcome.version, str(outcome.status)).inc()
        if outcome.work:
            self._compressed.inc(outcome.work.compressed_bytes)
            self._decoded.inc(outcome.work.decoded_bytes)
            self._decode_seconds.observe(outcome.work.decode_seconds)
        self._samples.inc(outcome.kept.samples)
        self._histograms.inc(outcome.kept.histograms)
        self._exemplars.inc(outcome.kept.exemplars)
        for each in outcome.rejected:
            kinds = {"sample": each.samples, "histogram": each.histograms, "exemplar": each.exemplars}
            for kind, number in kinds.items() if any(kinds.values()) else [("entry", each.times)]:
                if number:
                    self._rejected.labels(kind, each.code).inc(number)
