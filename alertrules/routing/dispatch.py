"""The dispatcher: which group is told what, and when, as Alertmanager 0.25 does it.

Owns the alerts, their groups and the notification log. Gets the time, and says what is to be sent and what is
to be written; must not know how either is done. Not for several threads at once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from alertrules.alert import Alert
from alertrules.notification import Notification
from alertrules.routing.alerts import KEEP_RESOLVED_MS, AlertBook, received
from alertrules.routing.configuration import Configuration, Integration, Route
from alertrules.routing.grouping import compare_labels, group_key, group_labels, in_order
from alertrules.routing.groups import LEAST_FLUSH_MS, Changes, Flush, Group, Telling
from alertrules.routing.inhibition import Inhibition
from alertrules.routing.silences import SilenceBook
from alertrules.routing.told import FORGET_MS, KEEP_MS, Told, ToldLog, key_of, reason_to_tell
from alertrules.routing.tree import routes_of
from timeseries.labels import Labels

TIDY_MS: Final = 30_000
"""How often empty groups are dropped. Until then a group keeps its ticks, as Alertmanager's does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An alert as it is listed: what keeps it from being told, and who would be told."""

    alert: Alert
    fingerprint: str
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]
    receivers: tuple[str, ...]

    @property
    def state(self) -> str:
        """`suppressed` or `active`."""
        return "suppressed" if self.silenced_by or self.inhibited_by else "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """A group as it is listed."""

    receiver: str
    labels: Labels
    alerts: tuple[View, ...]


class Dispatcher:
    """The alerts of one configuration."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        silences: SilenceBook,
        told: Iterable[Told] = (),
        external_url: str = "",
        now_ms: int,
    ) -> None:
        self.muted: Counter[str] = Counter()
        self.refused = 0
        self.configuration = configuration
        self._silences = silences
        self._external_url = external_url
        self._told = ToldLog(told)
        self._book = AlertBook()
        self._groups: dict[tuple[str, Labels], Group] = {}
        self._finished: set[Labels] = set()
        self._inhibition = Inhibition(configuration.inhibit_rules)
        self._tidy_ms = now_ms + TIDY_MS
        self._forget_ms = now_ms + FORGET_MS
        self._changes = Changes()
        self._is_urgent = False

    # What comes in

    def put(self, alerts: Iterable[Alert], now_ms: int) -> list[Alert]:
        """Take alerts, and return them as they are known now."""
        known = []
        for each in alerts:
            old = self._book.get(each.labels)
            alert = self._book.put(received(each, now_ms, self.configuration.resolve_timeout_ms), now_ms)
            if alert is None:
                self.refused += 1
                continue
            self._accept(alert, old, now_ms)
            for group in self._groups_of(alert.labels, now_ms):
                group.insert(alert, now_ms)
            known.append(alert)
        return known

    def restore(self, alerts: Iterable[Alert], now_ms: int) -> None:
        """Take the alerts from before a restart.

        An end that was only a promise to be heard again counts from now: nobody listened meanwhile.
        """
        for each in alerts:
            alert = self._borne_with(each, now_ms)
            if self._book.put(alert, now_ms) is not None:
                self._inhibition.put(alert)
                self._regroup(alert, {}, now_ms)

    def reload(self, configuration: Configuration, now_ms: int) -> None:
        """Take another configuration; groups that are in both keep their ticks and what is on its way."""
        before = {group.identity: group for group in self._groups.values()}
        self.configuration = configuration
        self._inhibition = Inhibition(configuration.inhibit_rules)
        self._groups = {}
        for alert in self._book:
            self._inhibition.put(alert)
            if alert.labels not in self._finished:
                self._regroup(alert, before, now_ms)

    def resume(self, seen_ms: int, now_ms: int) -> None:
        """Go on by a clock that was at `seen_ms` a moment ago: it was set, or the machine has slept.

        Groups don't wait for the old time to come again. What fired has not ended by itself; what had ended
        does not fire again.
        """
        self._tidy_ms = min(self._tidy_ms, now_ms + TIDY_MS)
        self._forget_ms = min(self._forget_ms, now_ms + FORGET_MS)
        for group in self._groups.values():
            route = group.route
            wait_ms = route.group_interval_ms if group.has_flushed else route.group_wait_ms
            group.next_ms = min(group.next_ms, now_ms + wait_ms)
        for alert in list(self._book):
            if alert.ends_ms > seen_ms:
                self._replace(self._borne_with(alert, now_ms))
            elif alert.ends_ms > now_ms:
                self._replace(replace(alert, starts_ms=min(alert.starts_ms, now_ms), ends_ms=now_ms))

    # What goes out

    def next_ms(self) -> int:
        """Return when `due` is to be asked next."""
        ticks = [group.next_ms for group in self._groups.values() if group.flush is None]
        return min([self._tidy_ms, *ticks])

    def due(self, now_ms: int) -> list[Flush]:
        """Return what is to be told now; each of its tellings must be `settle`d."""
        flushes = []
        for group in self._groups.values():
            if group.next_ms <= now_ms and group.flush is None:
                group.next_ms = now_ms + group.route.group_interval_ms
                group.has_flushed = True
                if group.alerts and (flush := self._flush(group, now_ms)):
                    flushes.append(flush)
        if self._tidy_ms <= now_ms:
            self._tidy(now_ms)
        return flushes

    def settle(self, flush: Flush, telling: Telling, *, is_taken: bool, now_ms: int) -> None:
        """Hear what became of a telling: whether the receiver took it."""
        flush.waiting.discard(telling)
        if is_taken:
            self._log(telling.told, now_ms)
        else:
            flush.has_failed = True
        if not flush.waiting:
            flush.group.flush = None
            if not flush.has_failed:
                self._remove_resolved(flush.group, flush.alerts, now_ms)

    def hurry(self, flush: Flush, now_ms: int) -> None:
        """Make the group of a flush that was cut off due at once."""
        flush.group.next_ms = min(flush.group.next_ms, now_ms)

    @property
    def is_urgent(self) -> bool:
        """Whether more is to be written than that alerts were heard again."""
        return self._is_urgent or bool(self._changes.told)

    def take_changes(self) -> Changes:
        """Return what is to be written since it was last asked."""
        changes, self._changes, self._is_urgent = self._changes, Changes(), False
        return changes

    # What is asked

    def known(self, labels: Labels) -> Alert | None:
        """Return what is known of an alert."""
        return self._book.get(labels)

    def views(self, now_ms: int) -> list[View]:
        """Return all alerts that fire, by fingerprint."""
        found = [self._view(alert, now_ms) for alert in self._book if not alert.is_resolved(now_ms)]
        return sorted(found, key=lambda view: view.fingerprint)

    def group_views(self, now_ms: int) -> list[GroupView]:
        """Return all groups with alerts that fire, by labels and receiver."""
        found = []
        for group in self._groups.values():
            firing = in_order([each for each in group.alerts.values() if not each.is_resolved(now_ms)])
            if firing:
                views = tuple(self._view(alert, now_ms) for alert in firing)
                found.append(GroupView(receiver=group.route.receiver, labels=group.labels, alerts=views))
        return sorted(found, key=lambda group: (_Order(group.labels), group.receiver))

    def sizes(self, now_ms: int) -> dict[str, int]:
        """Return how many alerts there are in each state, and groups."""
        firing = [alert.labels for alert in self._book if not alert.is_resolved(now_ms)]
        suppressed = sum(
            bool(self._silences.silencing(labels, now_ms)) or self._inhibition.is_inhibited(labels, now_ms)
            for labels in firing
        )
        return {
            "active": len(firing) - suppressed,
            "suppressed": suppressed,
            "groups": len(self._groups),
        }

    # Within

    def _borne_with(self, alert: Alert, now_ms: int) -> Alert:
        """Return an alert that does not end for a while after nobody listened, if its end was a promise.

        One of the gateway's own rules is heard again within the promise, however long its interval is.
        """
        patience_ms = self.configuration.resolve_timeout_ms
        if self._external_url and alert.generator_url.startswith(f"{self._external_url}/"):
            patience_ms = max(patience_ms, alert.ends_ms - alert.updated_ms)
        if alert.updated_ms < alert.ends_ms < now_ms + patience_ms:
            return replace(alert, ends_ms=now_ms + patience_ms, ends_by_timeout=True)
        return alert

    def _replace(self, alert: Alert) -> None:
        """Put an alert into the place of what was known of it."""
        self._book.replace(alert)
        self._inhibition.put(alert)
        for group in self._groups.values():
            if alert.labels in group.alerts:
                group.alerts[alert.labels] = alert

    def _accept(self, alert: Alert, old: Alert | None, now_ms: int) -> None:
        self._inhibition.put(alert)
        self._finished.discard(alert.labels)
        self._changes.alerts[self._book.fingerprint(alert.labels)] = alert
        if old is None or _said(old, now_ms) != _said(alert, now_ms):
            self._is_urgent = True

    def _groups_of(self, labels: Labels, now_ms: int) -> Iterator[Group]:
        """Return the groups of an alert; those that are not there begin now."""
        for route in routes_of(self.configuration.route, labels):
            by = group_labels(route, labels)
            group = self._groups.get((route.id, by))
            if group is None:
                group = Group(
                    route=route,
                    labels=by,
                    key=group_key(route, by),
                    next_ms=now_ms + route.group_wait_ms,
                )
                self._groups[route.id, by] = group
            yield group

    def _regroup(self, alert: Alert, before: dict[tuple[str, str, Labels], Group], now_ms: int) -> None:
        """Put a known alert into its groups, which keep their time."""
        for group in self._groups_of(alert.labels, now_ms):
            if not group.alerts:
                self._take_over(group, before.get(group.identity), now_ms)
            group.alerts[alert.labels] = alert
            if not group.has_flushed:
                group.next_ms = min(group.next_ms, max(now_ms, alert.starts_ms + group.route.group_wait_ms))

    def _take_over(self, group: Group, old: Group | None, now_ms: int) -> None:
        """Give a group that begins anew the ticks of the old one, or those that the log tells of."""
        if old is not None:
            group.has_flushed = old.has_flushed
            group.flush, old.flush = old.flush, None
            if group.flush is not None:
                group.flush.group = group
            if old.has_flushed:
                group.next_ms = min(old.next_ms, now_ms + group.route.group_interval_ms)
            return
        times = [
            entry.time_ms
            for integration in self._integrations(group.route)
            if (entry := self._told.get(key_of(group.key, group.route.receiver, integration.name)))
        ]
        if times:
            interval_ms = group.route.group_interval_ms
            group.has_flushed = True
            group.next_ms = min(max(now_ms, max(times) + interval_ms), now_ms + interval_ms)

    def _integrations(self, route: Route) -> tuple[Integration, ...]:
        receiver = self.configuration.receivers.get(route.receiver)
        return receiver.integrations if receiver else ()

    def _flush(self, group: Group, now_ms: int) -> Flush | None:
        # What fires at this moment is told as firing, however long that takes.
        alerts = in_order(
            [each if each.is_resolved(now_ms) else replace(each, ends_ms=0) for each in group.alerts.values()]
        )
        tellings = self._tellings(group, self._audible(group.route, alerts, now_ms), now_ms)
        flush = Flush(group=group, alerts=alerts, tellings=tellings, waiting=set(tellings))
        if not tellings:
            self._remove_resolved(group, alerts, now_ms)
            return None
        group.flush = flush
        return flush

    def _audible(self, route: Route, alerts: Sequence[Alert], now_ms: int) -> list[Alert]:
        """Return those that nothing mutes: an alert that inhibits it, the time, or a silence."""
        heard = []
        is_muted_by_time = self._is_muted_by_time(route, now_ms)
        for alert in alerts:
            if self._inhibition.is_inhibited(alert.labels, now_ms):
                self.muted["inhibition"] += 1
            elif is_muted_by_time:
                self.muted["time_interval"] += 1
            elif self._silences.silencing(alert.labels, now_ms):
                self.muted["silence"] += 1
            else:
                heard.append(alert)
        return heard

    def _is_muted_by_time(self, route: Route, now_ms: int) -> bool:
        def is_within(names: Sequence[str]) -> bool:
            intervals = self.configuration.time_intervals
            return any(each.contains(now_ms) for name in names for each in intervals.get(name, ()))

        active = route.active_time_intervals
        return (bool(active) and not is_within(active)) or is_within(route.mute_time_intervals)

    def _tellings(self, group: Group, alerts: Sequence[Alert], now_ms: int) -> tuple[Telling, ...]:
        if not alerts:
            return ()
        prints = {alert.labels: self._book.fingerprint(alert.labels) for alert in alerts}
        resolved = frozenset(prints[each.labels] for each in alerts if each.is_resolved(now_ms))
        told = Told(
            group_key=group.key,
            receiver=group.route.receiver,
            integration="",
            firing=frozenset(prints.values()) - resolved,
            resolved=resolved,
            time_ms=now_ms,
            expires_ms=now_ms + min(KEEP_MS, 2 * group.route.repeat_interval_ms),
        )
        found = []
        for integration in self._integrations(group.route):
            telling = self._telling(group, integration, alerts, replace(told, integration=integration.name))
            if telling and telling.notification.alerts:
                found.append(telling)
            elif telling:
                # All that is new is an end, and the receiver does not want to know.
                self._log(telling.told, now_ms)
        return tuple(found)

    def _telling(
        self, group: Group, integration: Integration, alerts: Sequence[Alert], told: Told
    ) -> Telling | None:
        """Return what one way is to be told; None: nothing."""
        route, now_ms = group.route, told.time_ms
        reason = reason_to_tell(
            self._told.get(told.key),
            told.firing,
            told.resolved,
            sends_resolved=integration.send_resolved,
            repeat_ms=route.repeat_interval_ms,
            now_ms=now_ms,
        )
        if reason is None:
            return None
        notification = Notification(
            receiver=route.receiver,
            group_key=group.key,
            group_labels=group.labels,
            alerts=tuple(
                each for each in alerts if integration.send_resolved or not each.is_resolved(now_ms)
            ),
            now_ms=now_ms,
            external_url=self._external_url,
        )
        return Telling(
            integration=integration,
            notification=notification,
            reason=reason,
            told=told,
            deadline_ms=now_ms + max(route.group_interval_ms, LEAST_FLUSH_MS),
        )

    def _log(self, told: Told, now_ms: int) -> None:
        """Write an entry: its time is when the receiver took it, not when it was due."""
        late_ms = now_ms - told.time_ms
        entry = replace(told, time_ms=now_ms, expires_ms=told.expires_ms + late_ms)
        self._told.write(entry)
        self._changes.told[entry.key] = entry

    def _remove_resolved(self, group: Group, alerts: Iterable[Alert], now_ms: int) -> None:
        """Take out of a group what ended, but for what was heard of again since it was told."""
        for alert in alerts:
            kept = group.alerts.get(alert.labels)
            if kept and alert.is_resolved(now_ms) and kept.updated_ms == alert.updated_ms:
                del group.alerts[alert.labels]
                self._finish(alert)

    def _finish(self, alert: Alert) -> None:
        """Drop an alert from what is kept across restarts once no group has it any more."""
        for route in routes_of(self.configuration.route, alert.labels):
            group = self._groups.get((route.id, group_labels(route, alert.labels)))
            if group is not None and alert.labels in group.alerts:
                return
        self._finished.add(alert.labels)
        self._changes.alerts[self._book.fingerprint(alert.labels)] = None

    def _tidy(self, now_ms: int) -> None:
        self._tidy_ms = now_ms + TIDY_MS
        for key, group in [each for each in self._groups.items() if not each[1].flush]:
            for stuck in [each for each in group.alerts.values() if 0 < each.ends_ms <= now_ms - KEEP_MS]:
                # Nobody could be told for days.
                del group.alerts[stuck.labels]
                self._finish(stuck)
            if not group.alerts:
                del self._groups[key]
        old = [
            labels
            for labels in self._finished
            if (alert := self._book.get(labels)) is None or alert.ends_ms <= now_ms - KEEP_RESOLVED_MS
        ]
        for labels in old:
            self._finished.discard(labels)
            self._inhibition.drop(labels)
        self._book.forget(old)
        if self._forget_ms <= now_ms:
            self._forget_ms = now_ms + FORGET_MS
            self._changes.told.update(dict.fromkeys(self._told.forget(now_ms)))

    def _view(self, alert: Alert, now_ms: int) -> View:
        routes = routes_of(self.configuration.route, alert.labels)
        inhibitors = self._inhibition.inhibitors(alert.labels, now_ms)
        return View(
            alert=alert,
            fingerprint=self._book.fingerprint(alert.labels),
            silenced_by=self._silences.silencing(alert.labels, now_ms),
            inhibited_by=tuple(self._book.fingerprint(each.labels) for each in inhibitors),
            receivers=tuple(route.receiver for route in routes),
        )


def _said(alert: Alert, now_ms: int) -> tuple[object, ...]:
    """Return what must survive a kill: all but until when it counts as firing."""
    return (
        alert.annotations,
        alert.starts_ms,
        alert.generator_url,
        alert.evidence is None,
        alert.is_resolved(now_ms),
    )


class _Order:
    """Labels, compared as Go's model does."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Order) and self._labels == other._labels

    def __lt__(self, other: "_Order") -> bool:
        return compare_labels(self._labels, other._labels) < 0

    __hash__ = None  # type: ignore[assignment]  # only ever compared
