"""`/api/v1/rules` and `/api/v1/alerts`: groups of rules and their alerts, in Prometheus' shape.

Owns parameters and how groups, rules and alerts are written.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha1
from math import isfinite
from typing import Any, Final

import falcon

from alertrules.rules.model import AlertRule, RecordingRule, Rule
from alertrules.rules.outcome import Active, RuleResult
from gateway.alerting.channels.payload import go_time
from gateway.http import envelope
from gateway.http.asked import invalid, selectors_of
from gateway.http.errors import ApiError
from gateway.http.parameters import Parameters
from gateway.ruler.model import GroupView
from promql.gofloat import plain
from timeseries.labels import Labels
from timeseries.matcher import Matcher
from timeseries.text import quote

Groups = Callable[[], Sequence[GroupView]]

_NEVER: Final = "0001-01-01T00:00:00Z"
"""How Go writes a time that is not set."""

_TYPES: Final[dict[str, tuple[type[Rule], ...]]] = {
    "": (AlertRule, RecordingRule),
    "alert": (AlertRule,),
    "record": (RecordingRule,),
}

_LARGEST_LIMIT: Final = (1 << 31) - 1


class Rules:
    """All groups of rules, or those that are asked for."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        parameters = Parameters.of(req)
        wish = _Wish.of(parameters)
        found, token = _page(_chosen(self._groups(), wish), parameters)
        data: dict[str, object] = {"groups": [_group(view, wish.with_alerts) for view in found]}
        if token:
            data["groupNextToken"] = token
        _give(resp, data)


class Alerts:
    """All alerts that are pending or firing."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        found = [
            _alert(alert) for group in self._groups() for one in group.result.rules for alert in one.active
        ]
        _give(resp, {"alerts": found})


# --- what was asked ---


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """Which rules are wanted; an empty set stands for all."""

    kinds: tuple[type[Rule], ...]
    names: frozenset[str]
    groups: frozenset[str]
    files: frozenset[str]
    selectors: Sequence[tuple[Matcher, ...]]
    with_alerts: bool

    @classmethod
    def of(cls, parameters: Parameters) -> "_Wish":
        """Read it; raises ApiError."""
        kind = (parameters.one("type") or "").lower()
        if kind not in _TYPES:
            raise invalid("type", f'not supported value "{kind}"')
        return cls(
            kinds=_TYPES[kind],
            names=frozenset(parameters.all("rule_name[]")),
            groups=frozenset(parameters.all("rule_group[]")),
            files=frozenset(parameters.all("file[]")),
            selectors=selectors_of(parameters),
            with_alerts=not _truth(parameters, "exclude_alerts"),
        )

    def takes(self, one: RuleResult) -> bool:
        """Tell whether a rule is wanted."""
        labels = Labels(one.rule.labels)
        return (
            isinstance(one.rule, self.kinds)
            and (not self.names or one.rule.name in self.names)
            and (not self.selectors or any(_fits(each, labels) for each in self.selectors))
        )


def _fits(matchers: Iterable[Matcher], labels: Labels) -> bool:
    return all(matcher.accepts(labels) for matcher in matchers)


def _truth(parameters: Parameters, name: str) -> bool:
    """Read true or false as Go does; an empty text is false."""
    text = parameters.one(name) or ""
    if text in ("1", "t", "T", "TRUE", "true", "True"):
        return True
    if text in ("", "0", "f", "F", "FALSE", "false", "False"):
        return False
    raise invalid(name, f"strconv.ParseBool: parsing {quote(text)}: invalid syntax")


def _chosen(groups: Iterable[GroupView], wish: _Wish) -> list[GroupView]:
    """Return the groups with the rules that are wanted; those without any are left out."""
    found = (
        replace(view, result=replace(view.result, rules=tuple(filter(wish.takes, view.result.rules))))
        for view in groups
        if (not wish.groups or view.group.name in wish.groups)
        and (not wish.files or view.group.file in wish.files)
    )
    return [view for view in found if view.result.rules]


def _page(groups: list[GroupView], parameters: Parameters) -> tuple[list[GroupView], str]:
    """Return as many groups as are wanted, from the one on whose token is given; and the token after them."""
    text, token = parameters.one("group_limit"), parameters.one("group_next_token")
    if text is None:
        if token is not None:
            raise invalid(
                "group_next_token", "group_limit needs to be present in order to paginate over the groups"
            )
        return groups, ""
    limit = _limit(text)
    first = 0
    if token is not None:
        numbers = (number for number, view in enumerate(groups) if _token(view) == token)
        first = next(numbers, -1)
        if first < 0:
            raise ApiError(f"invalid group_next_token '{token}'. were rule groups changed?")
    after = groups[first + limit : first + limit + 1]
    return groups[first : first + limit], _token(after[0]) if after else ""


def _limit(text: str) -> int:
    problem = f"group_limit needs to be a valid number: strconv.ParseInt: parsing {quote(text)}: "
    if not re.fullmatch(r"[+-]?[0-9]{1,100}", text, re.ASCII):
        raise invalid("group_limit", problem + "invalid syntax")
    if abs(int(text)) > _LARGEST_LIMIT:
        raise invalid("group_limit", problem + "value out of range")
    if int(text) <= 0:
        raise invalid("group_limit", "group_limit needs to be greater than 0")
    return int(text)


def _token(view: GroupView) -> str:
    """Return what stands for a group between two requests."""
    return sha1(view.group.key.encode(), usedforsecurity=False).hexdigest()


# --- how it is written ---


def _group(view: GroupView, with_alerts: bool) -> dict[str, object]:
    return {
        "name": view.group.name,
        "file": view.group.file,
        "rules": [_rule(each, with_alerts) for each in view.result.rules],
        "interval": _seconds(view.interval_ms),
        "limit": view.group.limit,
        "evaluationTime": view.result.seconds,
        "lastEvaluation": time_text(view.result.time_ms),
    }


def _rule(one: RuleResult, with_alerts: bool) -> dict[str, object]:
    last = {
        "health": one.health.value,
        **({"lastError": one.last_error} if one.last_error else {}),
        "evaluationTime": one.seconds,
        "lastEvaluation": time_text(one.time_ms),
    }
    if isinstance(one.rule, AlertRule):
        alerts = [_alert(each) for each in one.active] if with_alerts else []
        # Before the first evaluation nothing is known.
        state = one.state.value if one.time_ms else "unknown"
        return {**_of_alerts(one.rule, state), "alerts": alerts, **last, "type": "alerting"}
    return {**_of_both(one.rule), **last, "type": "recording"}


def _of_both(rule: Rule) -> dict[str, object]:
    labels = {"labels": dict(rule.labels)} if rule.labels else {}
    return {"name": rule.name, "query": rule.text, **labels}


def _of_alerts(rule: AlertRule, state: str) -> dict[str, object]:
    return {
        "state": state,
        "name": rule.name,
        "query": rule.text,
        "duration": _seconds(rule.for_ms),
        "keepFiringFor": _seconds(rule.keep_firing_ms),
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
    }


def _alert(alert: Active) -> dict[str, object]:
    since = alert.keep_firing_since_ms
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "state": alert.state.value,
        "activeAt": time_text(alert.active_ms),
        **({"keepFiringSince": time_text(since)} if since else {}),
        "value": value_text(alert.value),
    }


def _seconds(ms: int) -> float:
    """Return seconds, a whole number where they are whole: JSON shows the difference."""
    return ms / 1000 if ms % 1000 else ms // 1000


def time_text(time_ms: int) -> str:
    """Write a time as Go's JSON does, without zeros at its end; 0: it is not set."""
    return go_time(time_ms) if time_ms else _NEVER


def value_text(value: float) -> str:
    """Write a number always with an exponent: `1e+00`, `4.25e-05`."""
    if not isfinite(value):
        return plain(value)
    number = Decimal(repr(value))
    if not number:
        return f"{'-' if number.is_signed() else ''}0e+00"
    digits = number.normalize()
    exponent = digits.adjusted()
    mantissa = format(digits.scaleb(-exponent), "f")
    return f"{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _give(resp: falcon.Response, data: Any) -> None:
    resp.content_type = envelope.MEDIA_TYPE
    resp.data = envelope.success(data)
