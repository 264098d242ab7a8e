"""The composition root of the gateway: the one place where its parts are made and joined.

Owns the order of starting and stopping, and is the only reader of clocks and maker of ids.
"""

import os
import platform
import random
import secrets
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.access.desk import Desk
from gateway.access.gate import Clocks as GateClocks
from gateway.access.gate import Gate, Openness
from gateway.access.passwords import Passwords
from gateway.alerting.making import Means, configuration_file, make_alerting
from gateway.compare.comparing import Comparer
from gateway.forward.passing import OWN_REFERENCES, Also, Passing
from gateway.forward.setup import make_forwarder, make_upstream
from gateway.history.archive import Archive
from gateway.history.making import make_history
from gateway.http import application, listen, routes
from gateway.http.accounting import Accounting
from gateway.http.documentation import with_documentation
from gateway.http.doorkeeper import Doorkeeper
from gateway.http.errors import Errors
from gateway.http.federate import Federate
from gateway.http.known import Known, Seen, known
from gateway.http.read import RemoteRead
from gateway.http.server import HttpServer
from gateway.http.starting import STOPPING, Entrance
from gateway.http.status import runtime_info
from gateway.http.web import read_files, web_routes
from gateway.ingest.budget import Budget
from gateway.ingest.port import SeriesStore
from gateway.ingest.receiver import Clocks, Receiver
from gateway.keeper import Caretaker, Eraser, Shelf, Timekeeper
from gateway.metrics import Metrics
from gateway.query.catalog import Catalog
from gateway.query.latest import NewestSamples
from gateway.query.memory import Memory
from gateway.query.remote import RemoteReader
from gateway.query.service import Queries, Ran, Rules
from gateway.query.slow import SlowQueries
from gateway.query.source import StoredSeries
from gateway.registry.machine import Timing
from gateway.registry.registry import Registry
from gateway.registry.series import AgentSeries
from gateway.ruler.backtest import Backtests
from gateway.ruler.making import Clocks as RulerClocks
from gateway.ruler.making import make_ruler, rules_of
from gateway.selfwatch import SelfWatch
from gateway.settings import LIVE, GatewaySettings
from gateway.showing import shown
from gateway.storage.ledger.accounts import Accounts
from gateway.storage.ledger.agents import AgentTables
from gateway.storage.ledger.audit import Audit
from gateway.storage.ledger.beside import has_accounts, ledger_of
from gateway.storage.ledger.processes import ProcessPieces
from gateway.storage.statistics import Statistics
from gateway.storage.store import Store
from gateway.storage.upkeep import Policy, Upkeep
from gateway.watch import Watch
from runtime import logs, notify
from runtime.listening import url_of
from runtime.logs import Log
from runtime.memory import keep_freed_memory
from runtime.reloading import Around, Reloading
from runtime.settings import file_of, flags_of
from runtime.stop import Renewal, Stop
from runtime.version import VERSION
from runtime.watch import watch

# The step in work is a transaction; the server has taken up to 3 of the 5 s that a stop may take.
_UPKEEP_STOP_SECONDS = 1.0

# A request to a destination may take longer: then it is sent again after the next start.
_FORWARD_STOP_SECONDS = _ALERTS_STOP_SECONDS = 0.5

# What a query has in work is given up at its next look at the time.
_RULES_STOP_SECONDS = 1.0

_STUCK_S: Final = 20.0
"""The loop of all connections turns five times a second. If it has not for so long, only a restart helps."""


class Clock:
    """The clocks of the machine, for what sends."""

    def now_s(self) -> float:
        """Return the seconds since 1970."""
        return time.time()

    def rising_s(self) -> float:
        """Return seconds that only rise."""
        return time.monotonic()


class Gateway:
    """A gateway that listens already and serves when told to."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        reread: Callable[[], GatewaySettings] | None = None,
        directory: Path | None = None,
    ) -> None:
        """`directory` is where relative paths of rule files begin; the current one unless given."""
        keep_freed_memory()
        self._log = Log("gateway")
        self._version = VERSION
        self._manager = notify.Manager(os.environ)
        self._stop = Stop()
        self._is_open = False
        self._directory = directory or Path.cwd()
        self._current = Reloading(
            settings,
            reread=reread or (lambda: settings),
            is_fixed=lambda name: name not in LIVE,
            use=self._use,
            around=Around(
                manager=self._manager,
                log=self._log,
                program="gateway",
                now_s=time.time,
                rising_us=lambda: time.monotonic_ns() // 1000,
            ),
        )
        self._passing: Sequence[Passing] = ()
        self._slow = SlowQueries(self._log, threshold_s=lambda: self._settings.query.slow.ms / 1000)
        self._budget, self._memory = Budget(), Memory(settings.query.max_memory.bytes)
        self._metrics = Metrics(version=self._version, python=platform.python_version())
        self._accounting = Accounting(self._metrics, clock=time.perf_counter)
        self._errors = Errors(log=self._log, new_id=_new_id)
        tls = listen.make_tls(
            settings.tls_cert,
            settings.tls_key,
            clock=time.monotonic,
            failed=lambda reason: self._log.error("tls.not_reloaded", reason=reason),
        )
        if tls is not None:
            self._metrics.watch_certificate(lambda: tls.ends_s)
        sock = listen.open_socket(
            settings.listen,
            allow_anonymous=settings.allow_anonymous,
            guarded=has_accounts(Path(settings.data_dir)),
        )
        self._openness = Openness(
            everyone=settings.allow_anonymous, without_accounts=listen.is_loopback(sock)
        )
        self.url = url_of(sock, "https" if settings.tls_cert else "http")
        self.entrance = Entrance(accounting=self._accounting, errors=self._errors)
        self.server = HttpServer(
            self.entrance,
            sock,
            clock=time.monotonic,
            on_unreadable=self._accounting.unreadable,
            new_id=_new_id,
            on_cut=self._metrics.cut,
            is_heartbeat=routes.is_heartbeat,
            is_query=routes.is_query if settings.store else routes.is_relayed,
            query_threads=max(settings.query.max_concurrency, 1),
            tls=tls,
        )

    def serve(self, stop: Stop, renewal: Renewal) -> None:
        """Serve until the wish to stop; take the settings anew when that is wished; raises as `open` does."""
        self._stop = stop
        with ThreadPoolExecutor(1, thread_name_prefix="http") as threads:
            serving = threads.submit(self.server.serve, stop)
            serving.add_done_callback(lambda _: stop.request("no connections are served"))
            try:
                if not self._is_open:
                    self.open()
                self._log.info("gateway.started", url=self.url, version=self._version)
                self._manager.say(notify.READY)
                watch(
                    stop,
                    renewal,
                    reload=self._current.reload,
                    is_well=lambda: time.monotonic() - self.server.turned_s < _STUCK_S,
                    manager=self._manager,
                    rising_s=time.monotonic,
                )
            finally:
                stop.request("it could not start")
                self._manager.say(notify.STOPPING)
            serving.result()
        self.close()
        self._log.info("gateway.stopped", reason=stop.reason)

    def close(self) -> None:
        """End the rules, the alerts, the upkeep and the forwarding, and close the store."""
        self._ruler.stop(_RULES_STOP_SECONDS)
        self._alerting.stop(_ALERTS_STOP_SECONDS)
        self._chronicler.stop(_UPKEEP_STOP_SECONDS)
        self._caretaker.stop(_UPKEEP_STOP_SECONDS)
        self._watch.stop(_UPKEEP_STOP_SECONDS)
        self.selfwatch.stop(_UPKEEP_STOP_SECONDS)
        self._historian.stop(_UPKEEP_STOP_SECONDS)
        # Nothing comes in any more; what waits is in the queues, and goes out after the next start.
        self._forwarder.stop(_FORWARD_STOP_SECONDS)
        self._store.close()

    @property
    def _settings(self) -> GatewaySettings:
        return self._current.settings

    def open(self) -> None:
        """Open the store, and let requests in; raises StorageError, SettingsError or ForwardingFailed."""
        settings, metrics = self._settings, self._metrics
        rules = rules_of(settings, self._directory)
        self._store = self._open_store(settings)
        self._pieces = ProcessPieces(self._store.ledger, self._damaged)
        self._upkeep = Upkeep(
            self._store, _policy(settings), step=Timekeeper(time.perf_counter, metrics.kept_up).step
        )
        self._caretaker = Caretaker(self._upkeep, now_ms=_now_ms, log=self._log, failed=metrics.upkeep_failed)
        metrics.watch(
            store=self._store.readings(),
            ingest=self._budget.readings(),
            query=self.server.readings() | self._memory.readings(),
            config={
                "last_reload_successful": lambda: not self._current.problems,
                "last_reload_success_timestamp_seconds": lambda: self._current.taken_s,
            },
        )
        self._caretaker.start()
        access, doorkeeper = self._access(self._openness, secure=bool(settings.tls_cert))
        self.routes = with_documentation(access | self._routes(), version=self._version)
        self._watch.start()
        if settings.self_scrape:
            self.selfwatch.start()
        self._historian.start()
        self._forwarder.start()
        self._alerting.open(configuration_file(settings, self._directory))
        self._chronicler.start()
        self._ruler.use(rules, settings.evaluation_interval.ms)
        self._ruler.start()
        self.application = application.create(
            routes=self.routes,
            accounting=self._accounting,
            errors=self._errors,
            doorkeeper=doorkeeper,
        )
        self.entrance.open(self.application)
        self._is_open = True

    def _use(self, settings: GatewaySettings) -> None:
        """Take settings into use of which only those that are LIVE have changed."""
        rules = rules_of(settings, self._directory)
        self._alerting.reload(configuration_file(settings, self._directory))
        old = self._settings
        if (old.log_format, old.log_level) != (settings.log_format, settings.log_level):
            logs.configure(form=settings.log_format, level=settings.log_level)
        self._memory.allow(settings.query.max_memory.bytes)
        self._store.allow_series(settings.limits.series)
        for passing in self._passing:
            passing.allow_series(settings.limits.series)
        self._upkeep.policy = _policy(settings)
        self._ruler.use(rules, settings.evaluation_interval.ms)

    def _routes(self) -> dict[str, object]:
        metrics = self._metrics
        shelf, receiver = self._forwarding()
        return (
            routes.routes(
                version=self._version,
                metrics=metrics,
                hindrance=lambda: STOPPING if self._stop.requested else "",
            )
            | routes.write_routes(receiver=receiver, metrics=metrics)
            | routes.store_routes(
                statistics=Statistics(self._store).take,
                eraser=Eraser(self._store, self._upkeep) if self._settings.enable_admin_api else None,
            )
            | self._reading_routes()
            | self._sharing_routes()
            | self._relayed_routes()
            | self._settings_routes()
            | self._agents_routes(shelf)
            | self._history_routes()
            | self._alerts_routes()
            | self._rules_routes(shelf)
            | web_routes(read_files())
        )

    def _access(self, openness: Openness, *, secure: bool) -> tuple[dict[str, object], Doorkeeper]:
        accounts = Accounts(self._store.ledger)
        passwords = Passwords(key=secrets.token_bytes(32))
        clocks = GateClocks(now_ms=_now_ms, stopwatch=time.monotonic)
        gate = Gate(accounts, passwords, clocks=clocks, openness=openness)
        desk = Desk(accounts, passwords, now_ms=_now_ms, draw=secrets.token_bytes, changed=gate.refresh)
        paths = routes.access_routes(
            gate=gate,
            desk=desk,
            audit=Audit(self._store.ledger).page,
            draw=lambda: secrets.token_urlsafe(32),
            secure=secure,
        )
        return paths, Doorkeeper(gate, note=accounts.note, now_ms=_now_ms, log=self._log)

    def _forwarding(self) -> tuple[SeriesStore, Receiver]:
        """Make a store for the gateway's own series, the receiver, and what passes on what both take."""
        settings = self._settings
        shelf: SeriesStore = Shelf(
            self._store,
            oldest_ms=lambda: _now_ms() - self._settings.retention.ms,
            stopwatch=time.perf_counter,
            committed=self._metrics.committed,
        )
        own = shelf
        if not settings.store:
            shelf, own = self._passing = (
                Passing(max_series=settings.limits.series),
                Passing(max_series=settings.limits.series, first=OWN_REFERENCES),
            )
        self._forwarder = forwarder = make_forwarder(
            settings,
            labels=lambda ref: (own if ref >= OWN_REFERENCES else shelf).labels(ref),
            environment=os.environ,
            clock=Clock(),
            chance=random.random,
            user_agent=f"fleetgauge/{self._version}",
            log=Log("forward"),
        )
        self._metrics.watch_forwarding(forwarder.readings)
        clocks = Clocks(now_ms=_now_ms, stopwatch=time.perf_counter)
        pass_on = forwarder.take if forwarder.destinations else None
        receiver = Receiver(shelf, clocks=clocks, budget=self._budget, pass_on=pass_on)
        for passing in self._passing[:1]:
            passing.forget = receiver.forget
        return (Also(own, pass_on) if pass_on else own), receiver

    def _relayed_routes(self) -> dict[str, object]:
        """Let another server answer queries where no samples are kept."""
        if self._settings.store:
            return {}
        return routes.relayed_routes(
            make_upstream(self._settings, timeout_s=lambda: self._settings.query.timeout.ms / 1000)
        )

    def _reading_routes(self) -> dict[str, object]:
        queries = Queries(
            source=StoredSeries(self._store),
            rules=lambda: _rules(self._settings),
            stopwatch=time.perf_counter,
            memory=self._memory,
            ran=self._ran,
        )
        catalog = Catalog(self._store)
        reading = routes.query_routes(queries=queries, catalog=catalog, now_ms=_now_ms)
        reading |= routes.compare_routes(comparer=Comparer(queries=queries), find=self._find, now_ms=_now_ms)
        clocks = Clocks(now_ms=_now_ms, stopwatch=time.perf_counter)
        reading |= routes.overview_routes(
            queries, self._store, lambda: self._registry, lambda: self._ruler, clocks
        )
        return reading | routes.backtest_routes(
            backtests=Backtests(
                queries=queries,
                series=lambda matchers: catalog.confined(matchers).series,
                interval_ms=lambda: self._settings.evaluation_interval.ms,
            ),
            groups=lambda name: [each.group for each in self._ruler.groups() if each.group.name == name],
            now_ms=_now_ms,
        )

    def _alerts_routes(self) -> dict[str, object]:
        """Make what becomes of alerts."""
        metrics = self._metrics
        made = make_alerting(
            self._settings,
            self._store.ledger,
            Archive(self._pieces),
            holders=self._registry.holders,
            keep_ms=lambda: self._settings.alert_retention.ms,
            url=self.url,
            means=Means(
                clock=Clock(),
                now_ms=_now_ms,
                chance=random.random,
                new_id=lambda: str(uuid.uuid4()),
                user_agent=f"fleetgauge/{self._version}",
                failed=metrics.upkeep_failed,
            ),
        )
        self._alerting = alerting = made.alerting
        self._chronicler = Caretaker(made.upkeep, now_ms=_now_ms, log=self._log, failed=metrics.upkeep_failed)
        metrics.watch_notifications(alerting.pipeline.readings)
        metrics.watch_alertmanagers(alerting.alertmanagers.readings)
        return routes.alert_history_routes(book=made.book, now_ms=_now_ms) | routes.alertmanager_routes(
            alerting=alerting, now_ms=_now_ms, version=self._version, started_ms=_now_ms()
        )

    def _rules_routes(self, shelf: SeriesStore) -> dict[str, object]:
        """Make the ruler, over what is kept and what the gateway's own series go to."""
        ruler = self._ruler = make_ruler(
            self._settings,
            self._store,
            shelf,
            limits=lambda: _rules(self._settings),
            memory=self._memory,
            url=self.url,
            clocks=RulerClocks(now_ms=_now_ms, stopwatch=time.monotonic),
            notifier=self._alerting,
        )
        self._metrics.watch_rules(ruler.readings, ruler.totals())
        return routes.rules_routes(groups=ruler.groups, managed=ruler.managed)

    def _settings_routes(self) -> dict[str, object]:
        started = datetime.now(UTC)
        return routes.settings_routes(
            config=lambda: file_of(shown(self._settings)),
            flags=lambda: flags_of(shown(self._settings)),
            runtime=lambda: runtime_info(
                started=started,
                now=datetime.now(UTC),
                directory=str(Path.cwd()),
                host=socket.gethostname(),
                retention=str(self._settings.retention),
                threads=threading.active_count(),
                cores=os.cpu_count() or 1,
                reloaded=datetime.fromtimestamp(self._current.taken_s, UTC),
                is_reloaded=not self._current.problems,
            ),
            reload=self._current.reload,
        )

    def _ran(self, query: Ran) -> None:
        self._metrics.ran(query)
        self._slow.ran(query)

    def _find(self, text: str, seen: Seen) -> Known | None:
        return known(self._registry, text, seen)

    def _history_routes(self) -> dict[str, object]:
        metrics = self._metrics
        archive, receiver, tidying = make_history(
            self._settings,
            self._pieces,
            now_ms=_now_ms,
            dropped=metrics.snapshots_dropped,
            joined=metrics.snapshots_joined,
        )
        self._historian = Caretaker(tidying, now_ms=_now_ms, log=self._log, failed=metrics.upkeep_failed)
        metrics.watch_history(self._pieces.readings())
        return routes.history_routes(
            archive=archive, receiver=receiver, find=self._find, received=metrics.snapshot_received
        )

    def _sharing_routes(self) -> dict[str, object]:
        store = self._store
        return routes.sharing_routes(
            read=RemoteRead(RemoteReader(store)),
            federate=Federate(
                NewestSamples(store, lookback_ms=lambda: self._settings.query.lookback_delta.ms),
                metadata=lambda: store.metadata,
                now_ms=_now_ms,
            ),
        )

    def _agents_routes(self, shelf: SeriesStore) -> dict[str, object]:
        """Make the registry of agents and what looks after it."""
        metrics, settings = self._metrics, self._settings
        registry = self._registry = Registry(
            AgentTables(self._store.ledger),
            timing=Timing(offline_after_s=settings.agents.offline_after.ms / 1000),
            max_agents=settings.limits.agents,
            now_ms=_now_ms(),
            happened=metrics.agent_event,
        )
        self._watch = Watch(
            registry,
            AgentSeries(shelf),
            keep_ms=lambda: self._settings.retention.ms,
            now_ms=_now_ms,
            log=self._log,
            failed=metrics.watch_failed,
        )
        metrics.watch_agents(registry.count)
        self.selfwatch = SelfWatch(
            metrics.own.take,
            shelf,
            instance=f"{socket.gethostname()}:{self.url.rpartition(':')[2]}",
            now_ms=_now_ms,
            log=self._log,
            failed=metrics.own.failed,
        )
        return routes.agents_routes(
            registry=registry,
            now_ms=_now_ms,
            counted=metrics.agent_said,
            forget=self._pieces.forget,
        )

    def _open_store(self, settings: GatewaySettings) -> Store:
        started = time.perf_counter()
        store = Store(
            Path(settings.data_dir),
            damage=self._damaged,
            sync=settings.storage.sync,
            max_series=settings.limits.series,
        )
        state = store.state
        self._log.info(
            "storage.opened",
            directory=settings.data_dir,
            series=len(store.index),
            parts=len(state.parts),
            samples=sum(part.samples for part in state.parts) + len(state.head),
            seconds=round(time.perf_counter() - started, 3),
        )
        return store

    def _damaged(self, origin: str, number: int, reason: str) -> None:
        self._metrics.damaged()
        self._log.error("storage.damaged", origin=origin, number=number, reason=reason)


@contextmanager
def open_desk(data_dir: str) -> Iterator[Desk]:
    """Open the accounts of a data directory, whether a gateway serves it or not; raises StorageError."""
    with ledger_of(Path(data_dir)) as ledger:
        passwords = Passwords(key=secrets.token_bytes(32))
        yield Desk(Accounts(ledger), passwords, now_ms=_now_ms, draw=secrets.token_bytes)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _new_id() -> str:
    return secrets.token_hex(8)


def _policy(settings: GatewaySettings) -> Policy:
    return Policy(retention_ms=settings.retention.ms, max_bytes=settings.max_disk.bytes)


def _rules(settings: GatewaySettings) -> Rules:
    return Rules(
        timeout_s=settings.query.timeout.ms / 1000,
        max_samples=settings.query.max_samples,
        lookback_ms=settings.query.lookback_delta.ms,
    )
