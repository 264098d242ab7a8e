"""Sends alerts to Alertmanagers: each gets all of them, in a thread of its own that waits for no other.

What could not be sent is tried again until it is no longer true or a newer state of the alert has come. Reads
no clock; must not know which rules raised the alerts.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from alertrules.alert import Alert
from delivery.errors import NoAnswer
from delivery.relabel import relabel
from delivery.retry import Answer, Backoff, Verdict, retry_after_s, verdict
from delivery.sender import Clock
from delivery.transport import Transport
from gateway.alerting.channels.payload import go_time
from gateway.alerting.outbox import Outbox
from gateway.alerting.places import Place, Source, distinct, sources
from gateway.alerting.readings import AlertmanagerReadings
from gateway.settings import GatewaySettings
from runtime.errors import SettingsError
from runtime.logs import Log
from timeseries.errors import InvalidLabels
from timeseries.labels import Labels

MAX_BATCH: Final = 256
"""As Prometheus sends them: some 100 KiB, which any Alertmanager takes."""

LOOK_S: Final = 5.0
"""How often files that name Alertmanagers are looked at."""

IDLE_S: Final = 5.0
"""With nothing to send, a thread wakes for new alerts; this only bounds a wake-up that was missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all of them share. `chance` gives numbers from 0 up to 1."""

    clock: Clock
    chance: Callable[[], float]
    user_agent: str
    external_labels: Mapping[str, str]
    log: Log

    def now_ms(self) -> int:
        """Return the time."""
        return int(self.clock.now_s() * 1000)


class Alertmanagers:
    """Takes alerts of many threads for all Alertmanagers."""

    def __init__(self, found: Sequence[Source], around: Surroundings) -> None:
        self._sources = found
        self._around = around
        self._running: dict[str, _Alertmanager] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._looking: threading.Thread | None = None
        self._trouble = ""

    def start(self) -> None:
        """Begin to send, and to look at files if there are some."""
        self._look()
        if any(source.is_file for source in self._sources):
            self._looking = threading.Thread(target=self._keep_looking, name="alertmanagers", daemon=True)
            self._looking.start()

    def send(self, alerts: Iterable[Alert]) -> None:
        """Hand alerts over; returns at once."""
        external = dict(self._around.external_labels)
        filled = [
            alert.changed(labels=Labels({**external, **dict(alert.labels)})) if external else alert
            for alert in alerts
        ]
        for each in self._all():
            each.offer(filled)

    def stop(self, timeout_s: float) -> None:
        """Try once more to send what waits, for so long at most, and end."""
        self._stopping.set()
        running = self._all()
        for each in running:
            each.stop(timeout_s)
        until_s = self._around.clock.rising_s() + timeout_s
        for each in running:
            each.join(max(until_s - self._around.clock.rising_s(), 0.0))
        if self._looking is not None:
            self._looking.join(timeout_s)

    def readings(self) -> list[AlertmanagerReadings]:
        """Return how each is."""
        return [each.readings() for each in self._all()]

    def active(self) -> list[str]:
        """Return where alerts are sent to."""
        return [each.place.url for each in self._all()]

    def dropped(self) -> list[str]:
        """Return the addresses in files that can't be used."""
        return [url for source in self._sources for url in source.refused]

    def _all(self) -> "list[_Alertmanager]":
        with self._lock:
            return list(self._running.values())

    def _keep_looking(self) -> None:
        while not self._stopping.wait(LOOK_S):
            self._look()

    def _look(self) -> None:
        """Read files that have changed, start what is new and end what is gone."""
        trouble = ""
        for source in self._sources:
            try:
                source.read()
            except SettingsError as error:
                trouble = str(error)
        if trouble and trouble != self._trouble:
            self._around.log.warning("alertmanagers.unreadable", reason=trouble)
        self._trouble = trouble
        wanted = distinct(place for source in self._sources for place in source.places)
        with self._lock:
            if self._stopping.is_set():
                return
            gone = [self._running.pop(url) for url in list(self._running) if url not in wanted]
            new = {
                url: _Alertmanager(place, self._around)
                for url, place in wanted.items()
                if url not in self._running
            }
            self._running |= new
            for each in new.values():
                each.start()
        for each in gone:
            each.stop(0.0)


class _Alertmanager:
    """One Alertmanager, its queue and its thread."""

    def __init__(self, place: Place, around: Surroundings) -> None:
        self.place = place
        self._around = around
        self._outbox = Outbox()
        self._transport = Transport(place.target)
        self._backoff = Backoff(around.chance)
        self._batch = MAX_BATCH
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._ends_s = 0.0
        self._thread = threading.Thread(target=self._run, name=f"alertmanager {place.url}", daemon=True)
        self._left_out = 0
        self._lock = threading.Lock()
        self._readings = AlertmanagerReadings(
            url=place.url, waiting=0, sent=0, refused=0, failures=0, left_out=0, dropped={}
        )

    def offer(self, alerts: Sequence[Alert]) -> None:
        """Let alerts wait, as the rules leave them."""
        changed = [made for alert in alerts if (made := self._relabelled(alert)) is not None]
        if changed:
            self._outbox.offer(changed, now_ms=self._around.now_ms())
            self._news.set()
        with self._lock:
            self._left_out += len(alerts) - len(changed)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Wish that it ends, within so many seconds if something waits."""
        self._ends_s = self._around.clock.rising_s() + timeout_s
        self._stopping.set()
        self._news.set()

    def join(self, timeout_s: float) -> None:
        """Wait for its end."""
        self._thread.join(timeout_s)

    def readings(self) -> AlertmanagerReadings:
        """Return how it is."""
        outbox = self._outbox
        return replace(self._readings, waiting=len(outbox), dropped=outbox.dropped, left_out=self._left_out)

    def _relabelled(self, alert: Alert) -> Alert | None:
        if not self.place.rules:
            return alert
        try:
            labels = relabel(alert.labels, self.place.rules)
        except InvalidLabels:
            return None
        return alert.changed(labels=labels) if labels is not None else None

    def _run(self) -> None:
        while not self._stopping.is_set():
            wait_s = self._step(float("inf"))
            if wait_s is None:
                self._news.wait(IDLE_S)
                self._news.clear()
            elif wait_s > 0:
                self._stopping.wait(wait_s)
        left_s = self._ends_s - self._around.clock.rising_s()
        while left_s > 0 and self._step(left_s) == 0:
            left_s = self._ends_s - self._around.clock.rising_s()
        self._transport.close()

    def _step(self, timeout_s: float) -> float | None:
        """Send a batch; return how long to wait before the next, None when nothing waits."""
        batch = self._outbox.take(self._batch, now_ms=self._around.now_ms())
        if not batch:
            return None
        headers = {"Content-Type": "application/json", "User-Agent": self._around.user_agent}
        try:
            answer = self._transport.post(_body(batch), headers, timeout_s=timeout_s)
        except NoAnswer as error:
            self._failed(str(error))
            return self._backoff.next_s()
        return self._answered(batch, answer)

    def _answered(self, batch: Sequence[Alert], answer: Answer) -> float:
        asked_s = retry_after_s(answer, now_s=self._around.clock.now_s())
        said = f"{answer.status} {' '.join(answer.excerpt.decode(errors='replace').split())}".strip()
        judged = verdict(answer)
        if judged is Verdict.SPLIT and len(batch) > 1:
            self._batch = len(batch) // 2
            return 0.0
        if judged is Verdict.TAKEN:
            self._taken(batch)
            return 0.0
        if judged in (Verdict.REFUSED, Verdict.SPLIT):
            self._refused(batch, said)
            return 0.0
        self._failed(said)
        step_s = self._backoff.mend_s() if judged is Verdict.MEND else self._backoff.next_s()
        return asked_s or step_s

    def _taken(self, batch: Sequence[Alert]) -> None:
        self._outbox.done(batch)
        self._backoff.reset()
        if self._readings.trouble:
            self._around.log.info("alertmanager.recovered", alertmanager=self.place.url)
        self._readings = replace(self._readings, sent=self._readings.sent + len(batch), trouble="")

    def _refused(self, batch: Sequence[Alert], said: str) -> None:
        self._outbox.done(batch)
        self._backoff.reset()
        refused = self._readings.refused + len(batch)
        self._readings = replace(self._readings, refused=refused, trouble=said)
        self._around.log.error(
            "alertmanager.refused", alertmanager=self.place.url, alerts=len(batch), reason=said
        )

    def _failed(self, reason: str) -> None:
        """Leave the batch where it is. The first failure of many is logged."""
        if not self._readings.trouble:
            self._around.log.warning("alertmanager.failed", alertmanager=self.place.url, reason=reason)
        self._readings = replace(self._readings, failures=self._readings.failures + 1, trouble=reason)


def make_alertmanagers(
    settings: GatewaySettings,
    *,
    environment: Mapping[str, str],
    clock: Clock,
    chance: Callable[[], float],
    user_agent: str,
    log: Log,
) -> Alertmanagers:
    """Return what sends to the Alertmanagers of the settings, not yet started; raises SettingsError."""
    around = Surroundings(
        clock=clock,
        chance=chance,
        user_agent=user_agent,
        external_labels={pair.name: pair.value for pair in settings.external_labels},
        log=log,
    )
    return Alertmanagers(sources(settings, environment), around)


def _body(batch: Iterable[Alert]) -> bytes:
    return json.dumps([_told(alert) for alert in batch]).encode()


def _told(alert: Alert) -> dict[str, Any]:
    """Return what Alertmanager's API takes; where nothing is known, nothing stands."""
    told: dict[str, Any] = {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": go_time(alert.starts_ms),
    }
    if alert.ends_ms:
        told["endsAt"] = go_time(alert.ends_ms)
    if alert.generator_url:
        told["generatorURL"] = alert.generator_url
    return told
