"""The composition root of the gateway: the one place where its parts are made and joined.

Owns the order of starting and stopping, and is the only reader of clocks and maker of ids.
"""

import os
import platform
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.access.desk import Desk
from gateway.access.gate import Clocks as GateClocks
from gateway.access.gate import Gate, Openness
from gateway.access.passwords import Passwords
from gateway.http import application, listen
from gateway.http.accounting import Accounting
from gateway.http.doorkeeper import Doorkeeper
from gateway.http.errors import Errors
from gateway.http.federate import Federate
from gateway.http.read import RemoteRead
from gateway.http.routes import (
    access_routes,
    agents_routes,
    is_query,
    query_routes,
    routes,
    settings_routes,
    sharing_routes,
    store_routes,
    write_routes,
)
from gateway.http.server import HttpServer
from gateway.http.status import runtime_info
from gateway.ingest.budget import Budget
from gateway.ingest.receiver import Clocks, Receiver
from gateway.keeper import Caretaker, Eraser, Shelf, Timekeeper
from gateway.metrics import Metrics
from gateway.query.catalog import Catalog
from gateway.query.latest import NewestSamples
from gateway.query.memory import Memory
from gateway.query.remote import RemoteReader
from gateway.query.service import Queries, Rules
from gateway.query.source import StoredSeries
from gateway.registry.machine import Timing
from gateway.registry.registry import Registry
from gateway.registry.series import AgentSeries
from gateway.settings import GatewaySettings
from gateway.storage.errors import StorageError
from gateway.storage.ledger.accounts import Accounts
from gateway.storage.ledger.agents import AgentTables
from gateway.storage.ledger.audit import Audit
from gateway.storage.ledger.beside import has_accounts, ledger_of
from gateway.storage.statistics import Statistics
from gateway.storage.store import Store
from gateway.storage.upkeep import Policy, Upkeep
from gateway.watch import Watch
from runtime.listening import url_of
from runtime.logs import Log
from runtime.memory import keep_freed_memory
from runtime.settings import file_of, flags_of
from runtime.stop import Stop
from runtime.version import VERSION

if TYPE_CHECKING:
    from gateway.http.tls import Tls

# The step in work is a transaction; the server has taken up to 3 of the 5 s that a stop may take.
_UPKEEP_STOP_SECONDS = 1.0


class Gateway:
    """A gateway that listens already and serves when told to."""

    def __init__(self, settings: GatewaySettings) -> None:
        keep_freed_memory()
        self._log = Log("gateway")
        self._version = VERSION
        tls = self._tls(settings)
        sock = listen.open_socket(
            settings.listen,
            allow_anonymous=settings.allow_anonymous,
            guarded=has_accounts(Path(settings.data_dir)),
        )
        self.url = url_of(sock, "https" if settings.tls_cert else "http")
        self._metrics = metrics = Metrics(version=self._version, python=platform.python_version())
        try:
            self._store = self._open_store(settings)
        except StorageError:
            sock.close()
            raise
        budget, memory = Budget(), Memory(settings.query.max_memory.bytes)
        policy = Policy(retention_ms=settings.retention.ms, max_bytes=settings.max_disk.bytes)
        upkeep = Upkeep(self._store, policy, step=Timekeeper(time.perf_counter, metrics.kept_up).step)
        self._caretaker = Caretaker(upkeep, now_ms=_now_ms, log=self._log, failed=metrics.upkeep_failed)
        shelf = Shelf(
            self._store,
            oldest_ms=lambda: _now_ms() - settings.retention.ms,
            stopwatch=time.perf_counter,
            committed=metrics.committed,
        )
        receiver = Receiver(
            shelf,
            clocks=Clocks(now_ms=_now_ms, stopwatch=time.perf_counter),
            budget=budget,
        )
        accounting = Accounting(metrics, clock=time.perf_counter)
        access, doorkeeper = self._access(
            Openness(everyone=settings.allow_anonymous, without_accounts=listen.is_loopback(sock)),
            secure=bool(settings.tls_cert),
        )
        self.application = application.create(
            routes=routes(version=self._version, metrics=metrics)
            | access
            | write_routes(receiver=receiver, metrics=metrics)
            | store_routes(
                statistics=Statistics(self._store).take,
                eraser=Eraser(self._store, upkeep) if settings.enable_admin_api else None,
            )
            | self._reading_routes(settings, memory)
            | self._sharing_routes(settings)
            | self._agents_routes(settings, shelf),
            accounting=accounting,
            errors=Errors(log=self._log, new_id=lambda: secrets.token_hex(8)),
            doorkeeper=doorkeeper,
        )
        self._server = HttpServer(
            self.application,
            sock,
            clock=time.monotonic,
            on_unreadable=accounting.unreadable,
            on_cut=metrics.cut,
            is_query=is_query,
            query_threads=max(settings.query.max_concurrency, 1),
            tls=tls,
        )
        metrics.watch(
            store=self._store.readings(),
            ingest=budget.readings(),
            query=self._server.readings() | memory.readings(),
        )

    def serve(self, stop: Stop) -> None:
        """Serve until the wish to stop."""
        self._caretaker.start()
        self._watch.start()
        self._log.info("gateway.started", url=self.url, version=self._version)
        self._server.serve(stop)
        self._caretaker.stop(_UPKEEP_STOP_SECONDS)
        self._watch.stop(_UPKEEP_STOP_SECONDS)
        self._store.close()
        self._log.info("gateway.stopped", reason=stop.reason)

    def _tls(self, settings: GatewaySettings) -> "Tls | None":
        if not settings.tls_cert:
            return None
        from gateway.http.tls import Tls

        return Tls(
            Path(settings.tls_cert),
            Path(settings.tls_key),
            clock=time.monotonic,
            failed=lambda reason: self._log.error("tls.not_reloaded", reason=reason),
        )

    def _access(self, openness: Openness, *, secure: bool) -> tuple[dict[str, object], Doorkeeper]:
        accounts = Accounts(self._store.ledger)
        passwords = Passwords(key=secrets.token_bytes(32))
        clocks = GateClocks(now_ms=_now_ms, stopwatch=time.monotonic)
        gate = Gate(accounts, passwords, clocks=clocks, openness=openness)
        desk = Desk(accounts, passwords, now_ms=_now_ms, draw=secrets.token_bytes, changed=gate.refresh)
        paths = access_routes(
            gate=gate,
            desk=desk,
            audit=Audit(self._store.ledger).page,
            draw=lambda: secrets.token_urlsafe(32),
            secure=secure,
        )
        return paths, Doorkeeper(gate, note=accounts.note, now_ms=_now_ms, log=self._log)

    def _reading_routes(self, settings: GatewaySettings, memory: Memory) -> dict[str, object]:
        started = datetime.now(UTC)
        queries = Queries(
            source=StoredSeries(self._store),
            rules=Rules(
                timeout_s=settings.query.timeout.ms / 1000,
                max_samples=settings.query.max_samples,
                lookback_ms=settings.query.lookback_delta.ms,
            ),
            stopwatch=time.perf_counter,
            memory=memory,
            ran=self._metrics.ran,
        )
        return query_routes(queries=queries, catalog=Catalog(self._store), now_ms=_now_ms) | settings_routes(
            config=file_of(settings),
            flags=flags_of(settings),
            runtime=lambda: runtime_info(
                started=started,
                now=datetime.now(UTC),
                directory=str(Path.cwd()),
                host=socket.gethostname(),
                retention=str(settings.retention),
                threads=threading.active_count(),
                cores=os.cpu_count() or 1,
            ),
        )

    def _sharing_routes(self, settings: GatewaySettings) -> dict[str, object]:
        store = self._store
        return sharing_routes(
            read=RemoteRead(RemoteReader(store)),
            federate=Federate(
                NewestSamples(store, lookback_ms=settings.query.lookback_delta.ms),
                metadata=lambda: store.metadata,
                now_ms=_now_ms,
            ),
        )

    def _agents_routes(self, settings: GatewaySettings, shelf: Shelf) -> dict[str, object]:
        """Make the registry of agents and what looks after it."""
        metrics = self._metrics
        registry = Registry(
            AgentTables(self._store.ledger),
            timing=Timing(offline_after_s=settings.agents.offline_after.ms / 1000),
            max_agents=settings.limits.agents,
            now_ms=_now_ms(),
            happened=metrics.agent_event,
        )
        self._watch = Watch(
            registry,
            AgentSeries(shelf),
            keep_ms=lambda: settings.retention.ms,
            now_ms=_now_ms,
            log=self._log,
            failed=metrics.watch_failed,
        )
        metrics.watch_agents(registry.count)
        return agents_routes(registry=registry, now_ms=_now_ms, counted=metrics.agent_said)

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
