"""Everything that leaves the agent: rounds for each receiver; for a gateway also reports and snapshots.

Owns which of them there are for which settings, and in which order they end. Must not know how anything is
collected. Takes the clock and the rest of the world from its surroundings.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final

from delivery.readings import Readings
from delivery.remotewrite import RemoteWrite
from delivery.retry import Backoff
from delivery.transport import Target, Transport
from exporter.families import Family
from exporter.parts import Part, Parts, Wanted
from exporter.reporting.messages import Facts, Vitals
from exporter.reporting.reporter import Reported, Reporter
from exporter.rounds import Done, Rounds, rhythm
from exporter.sending.outlet import Outlet, SeriesOutlet, Surroundings
from exporter.sending.series import Identity, SeriesMaker
from exporter.sending.targets import Receiver, gateway_target, identity, receivers
from exporter.settings import AgentSettings
from exporter.snapshots import host, recorder
from exporter.snapshots.configured import policy, words
from exporter.snapshots.conversation import ROUTE, Telling
from exporter.snapshots.encoding import Agent
from exporter.snapshots.recorder import Recorded, Recorder, Table
from runtime.logs import Log

MAKERS_STOP_S: Final = 0.5
"""How long a round or a snapshot in work may still take after the wish to stop."""

SENDERS_STOP_S: Final = 3.6
"""How long a request in work, a last one and the goodbye may take: with the rest inside the 5 s promised."""

DRAIN_S: Final = 1.5
"""How long what waits is still sent after the wish to stop."""

SNAPSHOTS: Final = "snapshots"
"""The spool of snapshots. The checks of settings refuse a receiver of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is sent of, and by whom."""

    gather: Callable[[], Sequence[Family]]
    table: Table
    user_name: Callable[[int], str]
    container_name: Callable[[str], str]
    agent_id: str
    name: str
    facts: Callable[[], Facts]
    vitals: Callable[[], Vitals]
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far each got: None where there is no such part."""

    rounds: Done | None = None
    reported: Reported | None = None
    recorded: Recorded | None = None
    receivers: Sequence[Readings] = ()


@dataclass(frozen=True, slots=True)
class _Sending:
    """An outlet as a part: it sends on for a while when told to stop."""

    outlet: Outlet

    def run(self, stopped: Callable[[], bool], sleep: Callable[[float], None]) -> None:
        self.outlet.run(stopped, sleep)
        self.outlet.drain(DRAIN_S, time.sleep)
        self.outlet.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """The way to one receiver, and what it was made of."""

    receiver: Receiver
    labels: Identity
    outlet: Outlet
    series: SeriesOutlet


class Outgoing:
    """What runs to send. One thread starts, replaces and stops; `progress` is for all."""

    def __init__(self, settings: AgentSettings, world: World, around: Surroundings) -> None:
        """Open the spools; raises SettingsError, SpoolInUse or OSError."""
        self._world = world
        self._around = around
        self._log = Log("agent")
        self._makers: Parts[Part] = Parts(clock=around.clock.rising_s, log=self._log)
        self._senders: Parts[Part] = Parts(clock=around.clock.rising_s, log=self._log)
        self._turn = Lock()
        self._outlets: dict[str, _Way] = {}
        self._snapshots = self._snapshot_outlet(settings) if settings.gateway else None
        self._reporter = self._make_reporter(settings) if settings.gateway else None
        self._recorder: Recorder | None = None
        self._rounds: Rounds | None = None
        self._replace_outlets(settings)

    def replace(self, settings: AgentSettings) -> None:
        """Start, or send as other settings say from now on. Gateway and spools stay as they are.

        Raises as the constructor does, and has changed nothing then.
        """
        self._replace_outlets(settings)
        senders: dict[str, Wanted[Part]] = {
            f"send {name}": Wanted(made_of=name, make=_once(_Sending(way.outlet)))
            for name, way in self._outlets.items()
        }
        makers: dict[str, Wanted[Part]] = {}
        if self._outlets:
            makers["rounds"] = Wanted(made_of="rounds", make=_once(self._with_rhythm(settings)))
        if self._reporter is not None and self._snapshots is not None:
            senders["report"] = Wanted(made_of="report", make=_once(self._reporter))
            senders["send snapshots"] = Wanted(made_of="snapshots", make=_once(_Sending(self._snapshots)))
            if settings.snapshot.enabled:
                makers["record"] = Wanted(
                    made_of=settings.snapshot, make=lambda: self._make_recorder(settings)
                )
        self._senders.replace(senders, seconds=SENDERS_STOP_S)
        self._makers.replace(makers, seconds=MAKERS_STOP_S)

    def stop(self) -> None:
        """Stop making, then send what there is and say goodbye, for as long as that may take."""
        self._makers.stop(MAKERS_STOP_S)
        self._senders.stop(SENDERS_STOP_S)

    def progress(self) -> Progress:
        """Return how far everything is."""
        readings = [way.series.readings() for way in self._outlets.values()]
        if self._snapshots is not None:
            readings.append(self._snapshots.readings())
        return Progress(
            rounds=self._rounds.done if self._rounds else None,
            reported=self._reporter.reported if self._reporter else None,
            recorded=self._recorder.recorded if self._recorder else None,
            receivers=readings,
        )

    def announce(self) -> None:
        """Have the agent registered anew: what there is to tell of it has changed."""
        if self._reporter is not None:
            self._reporter.announce()

    def take(self, families: Iterable[Family], *, time_ms: int, seconds: float) -> None:
        """Hand a round to all receivers."""
        with self._turn:
            for way in self._outlets.values():
                self._hand(way, families, time_ms, seconds)

    def _hand(self, way: _Way, families: Iterable[Family], time_ms: int, seconds: float) -> None:
        try:
            way.series.take(families, time_ms=time_ms, seconds=seconds)
        except Exception as error:  # isolation boundary: what one receiver gets must not cost the others
            self._log.error("agent.round_lost", receiver=way.receiver.name, exception=error)

    def _replace_outlets(self, settings: AgentSettings) -> None:
        found = {receiver.name: receiver for receiver in receivers(settings, self._world.environ)}
        labels = identity(settings, self._world.name)
        opened = self._open_all(receiver for name, receiver in found.items() if name not in self._outlets)
        with self._turn:
            now_ms = int(self._around.clock.now_s() * 1000)
            outlets = {}
            for name, receiver in found.items():
                running = self._outlets.get(name)
                if running is None:
                    outlets[name] = _way(receiver, labels, opened[name])
                else:
                    outlets[name] = _changed(running, receiver, labels, now_ms)
            for name, running in self._outlets.items():
                if name not in found:
                    running.series.end(time_ms=now_ms)
            self._outlets = outlets

    def _open_all(self, wanted: Iterable[Receiver]) -> dict[str, Outlet]:
        """Open all of them or none."""
        opened: dict[str, Outlet] = {}
        with ExitStack() as undo:
            for each in wanted:
                talk = RemoteWrite(name=each.name)
                outlet = Outlet(each.name, each.target, talk, self._around, order=each.order)
                undo.callback(outlet.close)
                opened[each.name] = outlet
            undo.pop_all()
        return opened

    def _with_rhythm(self, settings: AgentSettings) -> Rounds:
        beat = rhythm(settings.interval.ms, self._world.name)
        if self._rounds is None:
            self._rounds = Rounds(
                rhythm=beat, clock=self._around.clock, gather=self._world.gather, takers=lambda: [self]
            )
        self._rounds.rhythm = beat
        return self._rounds

    def _snapshot_outlet(self, settings: AgentSettings) -> Outlet:
        talk = Telling(registered=self._is_registered, announce=self.announce)
        target = self._at_gateway(settings, ROUTE.format(self._world.agent_id))
        around = replace(
            self._around, limits=recorder.limits(settings.spool.max_size.bytes, settings.spool.max_age.ms)
        )
        return Outlet(SNAPSHOTS, target, talk, around)

    def _is_registered(self) -> bool:
        return self._reporter is not None and self._reporter.reported.registered

    def _make_reporter(self, settings: AgentSettings) -> Reporter:
        return Reporter(
            agent_id=self._world.agent_id,
            connect=lambda path: Transport(self._at_gateway(settings, path)),
            facts=self._world.facts,
            vitals=self._world.vitals,
            clock=self._around.clock,
            backoff=Backoff(self._around.chance),
            interval_s=settings.heartbeat.ms / 1000,
            user_agent=self._around.user_agent,
        )

    def _make_recorder(self, settings: AgentSettings) -> Recorder:
        world, snapshot = self._world, settings.snapshot
        if self._snapshots is None:
            raise LookupError("snapshots without a gateway")
        self._recorder = Recorder(
            table=world.table,
            host=partial(host.read, Path(settings.path.procfs)),
            keeper=self._snapshots,
            policy=policy(snapshot),
            words=words(snapshot, user_name=world.user_name, container_name=world.container_name),
            agent=Agent(agent_id=world.agent_id, name=world.name),
            max_bytes=snapshot.max_size.bytes,
            interval_s=snapshot.interval.ms / 1000,
            clock=self._around.clock,
        )
        return self._recorder

    def _at_gateway(self, settings: AgentSettings, path: str) -> Target:
        return gateway_target(settings, path, self._world.environ)


def _way(receiver: Receiver, labels: Identity, outlet: Outlet) -> _Way:
    maker = SeriesMaker(identity=labels, rules=receiver.rules)
    return _Way(receiver=receiver, labels=labels, outlet=outlet, series=SeriesOutlet(outlet, maker))


def _changed(way: _Way, receiver: Receiver, labels: Identity, now_ms: int) -> _Way:
    """A receiver that is to get other series than before is told that the old ones have ended."""
    if way.receiver != receiver:
        way.outlet.retarget(receiver.target, RemoteWrite(name=receiver.name), order=receiver.order)
    if (way.receiver.rules, way.labels) == (receiver.rules, labels):
        return replace(way, receiver=receiver)
    way.series.end(time_ms=now_ms)
    return _way(receiver, labels, way.outlet)


def _once(part: Part) -> Callable[[], Part]:
    """A part that is there already."""
    return lambda: part
