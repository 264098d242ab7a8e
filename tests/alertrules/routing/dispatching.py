"""What tests of the dispatcher share: configurations, alerts, and a play in which every receiver answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from alertrules.alert import Alert
from alertrules.notification import Notification
from alertrules.routing.configuration import Configuration, Integration, Receiver, Route
from alertrules.routing.dispatch import Dispatcher
from alertrules.routing.groups import Changes, Flush, Telling
from alertrules.routing.silence import Silence
from alertrules.routing.silences import SilenceBook
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType

SECOND = 1_000
WAIT, INTERVAL, REPEAT = 30 * SECOND, 300 * SECOND, 14_400 * SECOND
START = 1_700_000_000_000


def integration(kind: str = "webhook", index: int = 0, *, send_resolved: bool = True) -> Integration:
    return Integration(kind=kind, index=index, send_resolved=send_resolved, settings={})


def configured(
    *integrations: Integration,
    routes: tuple[Route, ...] = (),
    route: dict[str, Any] | None = None,
    **more: Any,
) -> Configuration:
    """A top route to `team`, grouped by name."""
    top = {"receiver": "team", "group_by": ("alertname",), "key": "{}", "id": "0", "routes": routes}
    team = Receiver(name="team", integrations=integrations or (integration(),))
    receivers = {"team": team} | more.pop("receivers", {})
    return Configuration(route=Route(**{**top, **(route or {})}), receivers=receivers, **more)


def alert(name: str = "Down", starts_ms: int = START, ends_ms: int = 0, **labels: str) -> Alert:
    return Alert(labels=Labels({"alertname": name, **labels}), starts_ms=starts_ms, ends_ms=ends_ms)


def equal(name: str, value: str) -> Matcher:
    return Matcher(name=name, type=MatchType.EQUAL, value=value)


def silence(
    *matchers: Matcher, starts_ms: int = START, ends_ms: int = START + 3_600_000, **more: Any
) -> Silence:
    told = {"id": "", "updated_ms": 0, "created_by": "me", "comment": "work", **more}
    return Silence(matchers=matchers, starts_ms=starts_ms, ends_ms=ends_ms, **told)


def new_ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"id-{next(numbers)}"


@dataclass
class Play:
    """A dispatcher whose time is moved by hand, and whose receivers take all, but where `takes` says no."""

    configuration: Configuration = field(default_factory=configured)
    now: int = START
    takes: Callable[[Notification], bool] = lambda _: True
    sent: list[tuple[int, Notification]] = field(default_factory=list)
    tellings: list[Telling] = field(default_factory=list)
    written: Changes = field(default_factory=Changes)

    def __post_init__(self) -> None:
        self.silences = SilenceBook(new_id=new_ids())
        self.dispatcher = Dispatcher(self.configuration, silences=self.silences, now_ms=self.now)

    def put(self, *alerts: Alert) -> None:
        self.dispatcher.put(alerts, self.now)

    def until(self, end: int) -> list[str]:
        """Let time pass, and return what was told meanwhile: `30 a+ b-`, in seconds from the start."""
        before = len(self.sent)
        while self.dispatcher.next_ms() <= end:
            self.now = max(self.now, self.dispatcher.next_ms())
            for flush in self.dispatcher.due(self.now):
                self.settle(flush)
        self.now = end
        return [brief(when, notification) for when, notification in self.sent[before:]]

    def settle(self, flush: Flush) -> None:
        for telling in flush.tellings:
            taken = self.takes(telling.notification)
            if taken:
                self.sent.append((self.now, telling.notification))
                self.tellings.append(telling)
            self.dispatcher.settle(flush, telling, is_taken=taken, now_ms=self.now)

    def restarted(self) -> "Play":
        """Return a play that knows only what was to be written."""
        written = self.written.then(self.dispatcher.take_changes())
        later = Play(self.configuration, self.now, self.takes, self.sent, self.tellings, written)
        later.silences = self.silences
        told = [entry for entry in written.told.values() if entry]
        later.dispatcher = Dispatcher(self.configuration, silences=self.silences, told=told, now_ms=self.now)
        later.dispatcher.restore([each for each in written.alerts.values() if each], self.now)
        return later


def brief(when: int, notification: Notification) -> str:
    """Write a notification so that a test can say it."""
    return " ".join([f"{(when - START) / SECOND:g}", *map(_brief(notification), notification.alerts)])


def _brief(notification: Notification) -> Callable[[Alert], str]:
    return lambda each: f"{each.labels.get('host') or each.name}{'+' if each in notification.firing else '-'}"


def names(views: Sequence[Any]) -> list[str]:
    return [view.alert.labels.get("host") or view.alert.name for view in views]
