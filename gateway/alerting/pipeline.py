"""The notification pipeline in service: alerts come in, receivers are told, and a kill loses nothing.

Owns the threads and what is written when. Which group is told what and when is alertrules.routing's; how a
receiver is reached, the channels'. Knows no HTTP and no SQL.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from alertrules.alert import FIRING, RESOLVED, Alert
from alertrules.notification import Channel
from alertrules.routing.configuration import Configuration, Integration
from alertrules.routing.dispatch import Dispatcher, GroupView, View
from alertrules.routing.silence import Silence
from alertrules.routing.silences import SilenceBook
from gateway.alerting.counts import Counts, Readings, Way
from gateway.alerting.kept import Delivery, Kept, Writing
from gateway.alerting.lane import Clock, Job, Lane
from gateway.storage.errors import StorageUnavailable
from runtime.logs import Log
from timeseries.labels import Labels
from timeseries.matcher import Matcher

LONGEST_SLEEP_S: Final = 1.0
"""So late may a tick be when the clock of the machine is set."""

ASLEEP_MS: Final = 60_000
"""After so long without a look at the clock nobody has listened: there is one each second otherwise."""

AFTER_DEFECT_S: Final = 5.0

SAVE_MS: Final = 30_000
"""How often it is written that alerts were heard again: nothing but their ends is lost in between."""

FORGET_MS: Final = 600_000
"""How often it is looked for silences and deliveries that are too old."""

MAX_DELIVERIES: Final = 1_000
"""Entries of the delivery log of one receiver: three days of one that is told every five minutes."""

KEEP_DELIVERIES_MS: Final = 2_592_000_000
"""30 days."""

MAX_UNSAVED_DELIVERIES: Final = 1_000
"""Entries kept while the disk takes none."""

Channels = Callable[[Integration], Channel]
"""Makes the way of an integration; raises BadFile."""


class Pipeline:
    """Alerts, silences and receivers of one gateway. For several threads."""

    def __init__(
        self, kept: Kept, *, clock: Clock, new_id: Callable[[], str], log: Log, external_url: str = ""
    ) -> None:
        self._kept = kept
        self._clock = clock
        self._new_id = new_id
        self._log = log
        self._external_url = external_url
        self._counts = Counts()
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._deliveries: list[Delivery] = []
        self._unsaved = Writing()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="alerts", daemon=True)
        self._saved_ms = self._forgot_ms = self._looked_ms = 0
        self._silences = SilenceBook(new_id=new_id)
        self._dispatcher: Dispatcher

    def open(self, configuration: Configuration, channels: Channels) -> None:
        """Take up what was kept, and begin. Raises BadFile, or StorageUnavailable."""
        lanes = self._lanes_of(configuration, channels)
        now_ms = self._clock.now_ms()
        loaded = self._kept.load(now_ms)
        self._silences = SilenceBook(loaded.silences, new_id=self._new_id)
        self._dispatcher = Dispatcher(
            configuration,
            silences=self._silences,
            told=loaded.told,
            external_url=self._external_url,
            now_ms=now_ms,
        )
        self._dispatcher.restore(loaded.alerts, now_ms)
        self._lanes = lanes
        self._saved_ms = self._forgot_ms = self._looked_ms = now_ms
        self._thread.start()

    def reload(self, configuration: Configuration, channels: Channels) -> None:
        """Take another configuration; what was told stays told. Raises BadFile, and changes nothing then."""
        lanes = self._lanes_of(configuration, channels)
        with self._lock:
            old, self._lanes = self._lanes, lanes
            self._dispatcher.reload(configuration, self._clock.now_ms())
        for lane in old.values():
            lane.close()
        self._save()
        self._wake.set()

    def stop(self, timeout: float) -> None:
        """Begin nothing more, give what is being sent so long, and write what is known."""
        until = self._clock.seconds() + timeout
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout)
        for lane in self._lanes.values():
            lane.close()
        for lane in self._lanes.values():
            lane.join(max(0.0, until - self._clock.seconds()))
        self._save()

    @property
    def configuration(self) -> Configuration:
        """What is in use."""
        return self._dispatcher.configuration

    # Alerts

    def put(self, alerts: Iterable[Alert]) -> None:
        """Take alerts; what is new is durable on return. Where the disk fails they are told all the same."""
        now_ms = self._clock.now_ms()
        with self._lock:
            known = self._dispatcher.put(alerts, now_ms)
            is_urgent = self._dispatcher.is_urgent
        resolved = sum(alert.is_resolved(now_ms) for alert in known)
        self._counts.put(RESOLVED, resolved)
        self._counts.put(FIRING, len(known) - resolved)
        if is_urgent:
            self._save()
        self._wake.set()

    def known(self, labels: Labels) -> Alert | None:
        """Return an alert as receivers are told of it, for half an hour after its end too."""
        with self._lock:
            self._look(self._clock.now_ms())
            return self._dispatcher.known(labels)

    def alerts(self) -> list[View]:
        """Return all alerts that fire, with what keeps them from being told."""
        with self._lock:
            return self._dispatcher.views(self._clock.now_ms())

    def groups(self) -> list[GroupView]:
        """Return all groups with alerts that fire."""
        with self._lock:
            return self._dispatcher.group_views(self._clock.now_ms())

    # Silences

    def silences(self, matchers: Sequence[Matcher] = ()) -> list[Silence]:
        """Return silences that have all these matchers themselves, in Alertmanager's order."""
        with self._lock:
            return self._silences.find(matchers, self._clock.now_ms())

    def silence(self, silence_id: str) -> Silence:
        """Return a silence; raises UnknownSilence."""
        with self._lock:
            return self._silences.get(silence_id)

    def put_silence(self, silence: Silence) -> Silence:
        """Take a silence, new or changed, and return it as it is kept; its id may be another.

        Raises BadSilence, UnknownSilence, or StorageUnavailable: nothing was changed then.
        """
        return self._change(lambda now_ms: self._silences.put(silence, now_ms))

    def expire_silence(self, silence_id: str) -> Silence:
        """End a silence, if it has not ended; raises UnknownSilence or StorageUnavailable."""
        return self._change(lambda now_ms: self._silences.expire(silence_id, now_ms))

    def _change(self, change: Callable[[int], tuple[Silence, ...]]) -> Silence:
        with self._lock:
            now_ms = self._clock.now_ms()
            before = {silence.id: silence for silence in self._silences.find((), now_ms)}
            changed = change(now_ms)
            try:
                self._kept.save(Writing(silences={silence.id: silence for silence in changed}))
            except StorageUnavailable:
                self._silences.undo(changed, before)
                raise
        return changed[-1]

    # What is told of it

    def deliveries(self, receiver: str | None = None, limit: int = 100) -> Sequence[Delivery]:
        """Return the newest entries of the delivery log, the newest first; raises StorageUnavailable."""
        return self._kept.deliveries(receiver, limit)

    def ways(self, receiver: str) -> dict[str, Channel] | None:
        """Return the ways of a receiver by their names, None when there is no such receiver."""
        with self._lock:
            if receiver not in self.configuration.receivers:
                return None
            return {way: lane.channel for (name, way), lane in self._lanes.items() if name == receiver}

    def readings(self) -> Readings:
        """Return all counts."""
        now_ms = self._clock.now_ms()
        counts = self._counts
        with self._lock:
            sizes = self._dispatcher.sizes(now_ms)
            waiting: dict[Way, int] = {}
            for lane in self._lanes.values():
                waiting[lane.way] = waiting.get(lane.way, 0) + len(lane)
            return Readings(
                received=dict(counts.received),
                refused=self._dispatcher.refused,
                notifications=dict(counts.notifications),
                failed=dict(counts.failed),
                attempts=dict(counts.attempts),
                waiting=waiting,
                suppressed=dict(self._dispatcher.muted),
                alerts={name: sizes[name] for name in ("active", "suppressed")},
                groups=sizes["groups"],
                silences={state.value: number for state, number in self._silences.count(now_ms).items()},
                failures=dict(counts.failures),
            )

    # Within

    def _lanes_of(self, configuration: Configuration, channels: Channels) -> dict[tuple[str, str], Lane]:
        return {
            (receiver.name, integration.name): Lane(
                receiver.name,
                integration.kind,
                channels(integration),
                clock=self._clock,
                counts=self._counts,
                ended=self._settle,
                retrying=self._enter,
                log=self._log,
            )
            for receiver in configuration.receivers.values()
            for integration in receiver.integrations
        }

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            self._wake.wait(self._step())

    def _step(self) -> float:
        """Do what is due, and return for how long nothing is. Isolation boundary: the next step goes on."""
        try:
            return self._once()
        except Exception as error:
            self._counts.fail("step")
            self._log.error("notifications.failed", exception=error)
            self._stopping.wait(AFTER_DEFECT_S)
            return 0.0

    def _once(self) -> float:
        now_ms = self._clock.now_ms()
        with self._lock:
            self._look(now_ms)
            flushes = self._dispatcher.due(now_ms)
            lanes = self._lanes
        for flush in flushes:
            for telling in flush.tellings:
                lanes[telling.receiver, telling.integration.name].offer(flush, telling)
        with self._lock:
            is_urgent = self._dispatcher.is_urgent or bool(self._deliveries)
        if is_urgent or not 0 <= now_ms - self._saved_ms < SAVE_MS:
            self._save()
        if not 0 <= now_ms - self._forgot_ms < FORGET_MS:
            self._forgot_ms = now_ms
            self._forget(now_ms)
        with self._lock:
            left_ms = self._dispatcher.next_ms() - self._clock.now_ms()
        return min(max(left_ms / 1000, 0.0), LONGEST_SLEEP_S)

    def _look(self, now_ms: int) -> None:
        """See whether the clock was set, or the machine has slept; the caller holds the lock."""
        before_ms, self._looked_ms = self._looked_ms, now_ms
        if not 0 <= now_ms - before_ms <= ASLEEP_MS:
            self._log.warning("notifications.clock", stepped_s=(now_ms - before_ms) / 1000)
            self._dispatcher.resume(before_ms, now_ms)

    def _settle(self, job: Job, is_taken: bool) -> None:
        with self._lock:
            now_ms = self._clock.now_ms()
            self._dispatcher.settle(job.flush, job.telling, is_taken=is_taken, now_ms=now_ms)
            if job.is_cut_off:
                self._dispatcher.hurry(job.flush, now_ms)
            group = job.flush.group
            # Else it sleeps on: it looks at all groups each time, and as many may be told at once.
            is_soon = group.flush is None and group.next_ms <= now_ms + LONGEST_SLEEP_S * 1000
        if not is_taken and not job.is_cut_off:
            last = job.last
            self._log.warning(
                "notifications.not_sent",
                receiver=last.receiver,
                integration=last.integration,
                group=last.group_key,
                attempts=last.attempts,
                reason=last.error,
            )
        self._note(job.last)
        if job.attempts and not job.is_cut_off:
            self._save()
        # Else whoever closed the lane, or found no room in it, writes all of them at once.
        if is_soon:
            self._wake.set()

    def _enter(self, delivery: Delivery) -> None:
        self._note(delivery)
        self._save()

    def _note(self, delivery: Delivery) -> None:
        with self._lock:
            self._deliveries = [*self._deliveries, delivery][-MAX_UNSAVED_DELIVERIES:]

    def _save(self) -> None:
        """Write what is new. What the disk does not take waits for the next time."""
        with self._saving:
            with self._lock:
                deliveries, self._deliveries = tuple(self._deliveries), []
                new = Writing(changes=self._dispatcher.take_changes(), deliveries=deliveries)
            writing = self._unsaved.then(new)
            writing = replace(writing, deliveries=writing.deliveries[-MAX_UNSAVED_DELIVERIES:])
            self._saved_ms = self._clock.now_ms()
            if not writing:
                return
            try:
                self._kept.save(writing)
            except StorageUnavailable as error:
                self._unsaved = writing
                self._counts.fail("save")
                self._log.warning("notifications.not_saved", reason=str(error))
            else:
                self._unsaved = Writing()

    def _forget(self, now_ms: int) -> None:
        with self._lock:
            gone: Mapping[str, None] = dict.fromkeys(self._silences.forget(now_ms))
        try:
            self._kept.save(Writing(silences=dict(gone)))
            self._kept.forget_deliveries(before_ms=now_ms - KEEP_DELIVERIES_MS, most=MAX_DELIVERIES)
        except StorageUnavailable as error:
            self._counts.fail("save")
            self._log.warning("notifications.not_saved", reason=str(error))
