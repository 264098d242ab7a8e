"""Writes down what alerts do on their way to receivers, and gives them evidence. Knows no SQLite, no clock.

Alerts pass through whatever fails here: that someone is told counts for more than that it is written down.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from alertrules.alert import Alert
from gateway.alerthistory.episode import Episode
from gateway.alerthistory.evidence import Evidence, brief, freeze
from gateway.alerthistory.hosts import Hosts
from gateway.history.archive import Archive
from gateway.storage.errors import StorageUnavailable
from timeseries.labels import Labels

RESTART_MS: Final = 600_000
"""An alert that fired before a restart, and that nobody knows any more, is over so long after it."""

MAX_FROZEN: Final = 50
"""Hosts whose processes are read for alerts that begin at once: when more do, none of these did it."""

MAX_OPEN: Final = 100_000
"""Episodes that have not ended: as many alerts as the pipeline knows. Further ones are told, but not kept."""


class Book(Protocol):
    """Where episodes are kept."""

    def open_ones(self) -> Sequence[Episode]:
        """Return all that have not ended."""
        ...

    def write(
        self, begun: Sequence[tuple[Episode, Evidence | None]], ended: Sequence[Episode]
    ) -> Sequence[int]:
        """Return the numbers of those begun, once all is durable; raises StorageUnavailable."""
        ...


@dataclass(slots=True)
class _Open:
    """An episode that has not ended, and when it counts as ended if it is not heard again."""

    episode: Episode
    ends_ms: int
    is_heard: bool = True


class Recorder:
    """The history of alerts, written. For several threads."""

    def __init__(
        self,
        book: Book,
        *,
        archive: Archive,
        hosts: Callable[[], Hosts],
        known: Callable[[Labels], Alert | None],
        resolve_timeout_ms: int,
        now_ms: int,
        failed: Callable[[str], None],
    ) -> None:
        """Read what has not ended; raises StorageUnavailable.

        `known` says what receivers are told of an alert now; `failed` is told why a thing is not written.
        """
        self._book = book
        self._archive = archive
        self._hosts = hosts
        self._known = known
        self._timeout_ms = resolve_timeout_ms
        self._failed = failed
        self._lock = threading.Lock()
        self._started_ms = now_ms
        self._open = {
            episode.fingerprint: _Open(episode, now_ms + RESTART_MS, is_heard=False)
            for episode in book.open_ones()
        }

    def take(self, alerts: Sequence[Alert], now_ms: int) -> list[Alert]:
        """Write down what is new of alerts, and return them with their evidence."""
        with self._lock:
            ended = [
                self._ended(alert) for alert in alerts if alert.is_resolved(now_ms) and self._is_open(alert)
            ]
            fresh = {
                alert.fingerprint: alert
                for alert in alerts
                if not alert.is_resolved(now_ms) and not self._is_open(alert)
            }
            room = MAX_OPEN - len(self._open)
            if len(fresh) > room:
                self._failed(f"the history has {MAX_OPEN} alerts that fire, and takes no more")
            self._write(list(fresh.values())[:room], ended)
            for alert in alerts:
                if not alert.is_resolved(now_ms) and (known := self._open.get(alert.fingerprint)):
                    known.ends_ms, known.is_heard = alert.ends_ms or now_ms + self._timeout_ms, True
            told = {one.fingerprint: one.brief for one in ended}
            prints = [alert.fingerprint for alert in alerts]
            told |= {key: self._open[key].episode.brief for key in prints if key in self._open}
        return [alert.changed(evidence=told.get(key)) for alert, key in zip(alerts, prints, strict=True)]

    def tidy(self, now_ms: int) -> None:
        """End what has ended for receivers without a word, as nobody said any more that it fires."""
        with self._lock:
            ended = [one for known in self._open.values() if (one := self._timed_out(known, now_ms))]
            self._write([], ended)

    def _timed_out(self, known: _Open, now_ms: int) -> Episode | None:
        alert = self._known(known.episode.labels)
        ends_ms = known.ends_ms if alert is None else alert.ends_ms
        if not 0 < ends_ms <= now_ms:
            return None
        # An end that came before the restart was seen.
        is_exact = known.is_heard or ends_ms <= self._started_ms
        return replace(
            known.episode, resolved_ms=ends_ms if is_exact else self._started_ms, is_exact=is_exact
        )

    def _is_open(self, alert: Alert) -> bool:
        return alert.fingerprint in self._open

    def _ended(self, alert: Alert) -> Episode:
        return replace(self._open[alert.fingerprint].episode, resolved_ms=alert.ends_ms)

    def _write(self, fresh: Sequence[Alert], ended: Sequence[Episode]) -> None:
        """Write, and know it; nothing is known that is not written, so that it is tried again."""
        if not fresh and not ended:
            return
        begun = list(zip((_begun(alert) for alert in fresh), self._evidence(fresh), strict=True))
        try:
            numbers = self._book.write(
                [(_with(one, found), found) for one, found in begun],
                ended,
            )
        except StorageUnavailable as error:
            self._failed(str(error))
            return
        for one in ended:
            self._open.pop(one.fingerprint, None)
        for (episode, found), number in zip(begun, numbers, strict=True):
            known = replace(episode, number=number, brief=brief(found, number) if found else None)
            self._open[episode.fingerprint] = _Open(known, 0)

    def _evidence(self, alerts: Iterable[Alert]) -> list[Evidence | None]:
        """Return the evidence of each; that of a host is read once for all of its alerts."""
        hosts, frozen, found = self._hosts(), dict[tuple[str, int], Evidence | None](), []
        for alert in alerts:
            host = hosts.find(alert.labels)
            key = (host.agent_id if host else "", alert.starts_ms)
            if host is not None and key not in frozen and len(frozen) < MAX_FROZEN:
                try:
                    frozen[key] = freeze(self._archive, host, alert.starts_ms)
                except StorageUnavailable as error:
                    self._failed(str(error))
                    frozen[key] = None
            found.append(frozen.get(key))
        return found


def _begun(alert: Alert) -> Episode:
    return Episode(
        labels=alert.labels,
        annotations=alert.annotations,
        generator_url=alert.generator_url,
        starts_ms=alert.starts_ms,
    )


def _with(episode: Episode, found: Evidence | None) -> Episode:
    if found is None:
        return episode
    return replace(episode, summary=found["summary"], host=Labels(found["labels"]))
