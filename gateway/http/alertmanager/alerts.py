"""`/api/v2/alerts` and `/api/v2/alerts/groups`: alerts come in, and are listed."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import falcon

from alertrules.alert import Alert
from alertrules.routing.dispatch import GroupView, View
from alertrules.routing.matchers import parse_matcher
from alertrules.routing.silence import match_all
from gateway.http.alertmanager.answers import bad_message, body_of, give
from gateway.http.alertmanager.messages import alert_row, posted_alerts
from gateway.http.caller import caller_of
from gateway.http.parameters import Parameters
from timeseries.errors import InvalidMatcher
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType

MAX_BODY_BYTES: Final = 16 * 1024 * 1024
"""10,000 alerts with long annotations."""


class Alerts(Protocol):
    """Where alerts are kept."""

    def alerts(self) -> Sequence[View]:
        """Return all alerts that fire."""

    def groups(self) -> Sequence[GroupView]:
        """Return all groups with alerts that fire."""


Take = Callable[[Sequence[Alert]], None]
"""Takes alerts in."""


class PostedAlerts:
    """All alerts; and where a Prometheus sends its own."""

    def __init__(self, alerts: Alerts, take: Take, open_end_ms: Callable[[], int]) -> None:
        """`open_end_ms` tells when an alert ends now that names no end."""
        self._alerts = alerts
        self._take = take
        self._open_end_ms = open_end_ms

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = _Wanted(req)
        give(resp, [wanted.row(view) for view in self._alerts.alerts() if wanted.takes(view)])

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        body = body_of(req, MAX_BODY_BYTES)
        with bad_message():
            alerts, problems = posted_alerts(body, self._open_end_ms())
        self._take(alerts)
        if problems:
            raise falcon.HTTPBadRequest(description="; ".join(problems))
        resp.status = 200


class AlertGroups:
    """Alerts in the groups that receivers are told of."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = _Wanted(req)
        groups = [
            {
                "alerts": [wanted.row(view) for view in group.alerts if wanted.takes(view)],
                "labels": dict(group.labels),
                "receiver": {"name": group.receiver},
            }
            for group in self._alerts.groups()
            if wanted.receiver(group.receiver)
        ]
        give(resp, [group for group in groups if group["alerts"]])


class _Wanted:
    """Which alerts the parameters of a request choose, among those that the caller may see."""

    def __init__(self, req: falcon.Request) -> None:
        parameters = Parameters.of(req)
        self._sees = caller_of(req).sees
        self._is_active, self._is_silenced, self._is_inhibited = (
            _switch(parameters, name) for name in ("active", "silenced", "inhibited")
        )
        self._matchers = filters(parameters)
        self.receiver = _receiver(parameters.one("receiver"))

    def takes(self, view: View) -> bool:
        """Tell whether an alert is chosen."""
        return (
            self._sees(view.alert.labels)
            and (self._is_active or view.state != "active")
            and (self._is_silenced or not view.silenced_by)
            and (self._is_inhibited or not view.inhibited_by)
            and any(map(self.receiver, view.receivers))
            and match_all(self._matchers, view.alert.labels)
        )

    def row(self, view: View) -> dict[str, object]:
        """Return an alert as it is listed; evidence of a host that the caller may not see is left out."""
        evidence = view.alert.evidence
        is_seen = evidence is None or self._sees(Labels(evidence["labels"]))
        return alert_row(
            view.alert if is_seen else view.alert.changed(evidence=None),
            state=view.state,
            silenced_by=view.silenced_by,
            inhibited_by=view.inhibited_by,
            receivers=view.receivers,
        )


def filters(parameters: Parameters) -> tuple[Matcher, ...]:
    """Return the matchers of all parameters `filter`."""
    try:
        return tuple(parse_matcher(text) for text in parameters.all("filter"))
    except (ValueError, InvalidMatcher) as error:
        raise falcon.HTTPBadRequest(description=f"bad matcher format: {error}") from error


def _switch(parameters: Parameters, name: str) -> bool:
    """Return a parameter that is true unless it says otherwise, in Go's words."""
    return (parameters.one(name) or "true").lower() in ("true", "1", "yes", "ok", "y", "on", "selected", "t")


def _receiver(pattern: str | None) -> Callable[[str], bool]:
    if pattern is None:
        return lambda _: True
    try:
        return Matcher(name="receiver", type=MatchType.REGEX, value=pattern).matches
    except InvalidMatcher as error:
        raise falcon.HTTPBadRequest(description=f"failed to parse receiver param: {error}") from error
