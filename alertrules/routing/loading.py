"""Reads Alertmanager's configuration file, strictly, and says all that is wrong with it at once.

Owns its layout: the routing tree, inhibition, time intervals, who is called what; the ways to receivers are
tables in `integrations.py`. Reads no file, neither templates nor those that secrets are in.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from alertrules.errors import BadFile
from alertrules.reading import Fields, Node, Problems
from alertrules.routing.configuration import Configuration, InhibitRule, Integration, Receiver, Route
from alertrules.routing.fields import read_block
from alertrules.routing.hiding import without_secrets
from alertrules.routing.integrations import CONFIGURATION, KINDS
from alertrules.routing.intervals import (
    Range,
    TimeInterval,
    Zone,
    parse_days_of_month,
    parse_location,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
)
from alertrules.routing.matchers import format_matchers, parse_matchers, sorted_matchers
from alertrules.routing.sharedblocks import GLOBAL
from timeseries.errors import InvalidMatcher
from timeseries.matcher import Matcher, MatchType
from timeseries.text import is_legacy_label_name, is_utf8

ALL_LABELS: Final = "..."
"""What `group_by` says for: by all labels."""

MAX_DEPTH: Final = 100
"""How deep values may be nested. Routes of people are a few levels deep, and each takes some of the stack."""
MAX_VALUES: Final = 500_000
"""How many values a file may come to. An alias counts as what it stands for: few can become very many."""

_Item = TypeVar("_Item")


def load_configuration(node: Node, name: str, zone: Zone = ZoneInfo) -> Configuration:
    """Return the configuration of a document; `name` names the file. Raises BadFile."""
    problems = Problems(name)
    if (too_much := _too_much(node)) is not None:
        problems.add(node.line, too_much)
        raise BadFile(problems.sentences)
    fields = Fields(node, "the configuration", problems)
    fallbacks = _globals(fields, problems)
    receivers = _receivers(fields, fallbacks, problems)
    intervals = _all_intervals(fields, zone, problems)
    route = _Routes(problems, receivers, intervals).read(fields)
    rules = tuple(_inhibit_rule(each, problems) for each in fields.each("inhibit_rules"))
    templates = fields.texts("templates")
    # Alertmanager's own traces; there is nothing here that it could be about.
    fields.node("tracing")
    fields.end()
    if problems.found or route is None:
        raise BadFile(problems.sentences)
    return Configuration(
        route=route,
        receivers=receivers,
        inhibit_rules=rules,
        time_intervals=intervals,
        templates=templates,
        resolve_timeout_ms=fallbacks["resolve_timeout"],
        original=without_secrets(node, CONFIGURATION),
    )


def _globals(fields: Fields, problems: Problems) -> dict[str, Any]:
    node = fields.node("global")
    if node is None:
        return {name: field.default for name, field in GLOBAL.fields.items()}
    return read_block(node, GLOBAL, problems)


# --- receivers ---


def _receivers(fields: Fields, fallbacks: Mapping[str, Any], problems: Problems) -> dict[str, Receiver]:
    found: dict[str, Receiver] = {}
    for node in fields.each("receivers"):
        receiver = _receiver(node, fallbacks, problems)
        if receiver.name in found:
            problems.add(node.line, f"receivers: there are two called {receiver.name}.")
        found[receiver.name] = receiver
    return found


def _receiver(node: Node, fallbacks: Mapping[str, Any], problems: Problems) -> Receiver:
    fields = Fields(node, "a receiver", problems)
    name = fields.text("name")
    if not name:
        problems.add(fields.line_of("name"), "name: a receiver needs one.")
    integrations = []
    for kind, shape in KINDS.items():
        for index, each in enumerate(fields.each(f"{kind}_configs")):
            settings = read_block(each, shape, problems, fallbacks)
            resolved = settings.pop("send_resolved")
            integrations.append(
                Integration(kind=kind, index=index, send_resolved=resolved, settings=settings)
            )
    fields.end()
    return Receiver(name=name, integrations=tuple(integrations))


# --- routes ---


class _Routes:
    """Reads the tree of routes; each gets from its parent what it does not say itself."""

    def __init__(
        self,
        problems: Problems,
        receivers: Mapping[str, Receiver],
        intervals: Mapping[str, tuple[TimeInterval, ...]],
    ) -> None:
        self._problems = problems
        self._receivers = receivers
        self._intervals = intervals

    def read(self, fields: Fields) -> Route | None:
        """Return the tree; None when there is none."""
        node = fields.node("route")
        if node is None:
            self._problems.add(fields.line_of("route"), "route: the configuration needs one.")
            return None
        own = Fields(node, "route", self._problems)
        top = self._route(own, Route(receiver=""), "")
        if not own.text("receiver"):
            own.wrong("receiver", "the route at the top needs one.")
        if top.matchers:
            self._problems.add(node.line, "the route at the top takes every alert: it must have no matchers.")
        for name in ("mute_time_intervals", "active_time_intervals"):
            if own.texts(name):
                own.wrong(name, "the route at the top must have none.")
        if top.continues:
            own.wrong("continue", "the route at the top has nothing to continue with.")
        return top

    def _route(self, fields: Fields, parent: Route, place: str) -> Route:
        matchers = sorted_matchers(
            [
                *_old_matchers(fields, "match", MatchType.EQUAL),
                *_old_matchers(fields, "match_re", MatchType.REGEX),
                *_matchers(fields, "matchers"),
            ]
        )
        written = format_matchers(matchers)
        route = replace(
            parent,
            receiver=self._receiver(fields) or parent.receiver,
            matchers=matchers,
            continues=fields.switch("continue"),
            mute_time_intervals=self._times(fields, "mute_time_intervals"),
            active_time_intervals=self._times(fields, "active_time_intervals"),
            key=f"{parent.key}/{written}" if place else written,
            id=f"{parent.id}/{written}/{place}" if place else written,
            routes=(),
            **_grouping(fields),
            **_waits(fields),
        )
        children = tuple(
            self._route(Fields(node, "a route", self._problems), route, str(index))
            for index, node in enumerate(fields.each("routes"))
        )
        fields.end()
        return replace(route, routes=children)

    def _receiver(self, fields: Fields) -> str:
        name = fields.text("receiver")
        if name and name not in self._receivers:
            known = ", ".join(each for each in self._receivers if each) or "none"
            fields.wrong("receiver", f'there is no receiver "{name}"; there are {known}.')
        return name

    def _times(self, fields: Fields, field: str) -> tuple[str, ...]:
        names = fields.texts(field)
        for name in names:
            if name not in self._intervals:
                known = ", ".join(self._intervals) or "none"
                fields.wrong(field, f'there is no time interval "{name}"; there are {known}.')
        return names


def _grouping(fields: Fields) -> dict[str, Any]:
    names = fields.texts("group_by")
    labels = [name for name in names if name != ALL_LABELS]
    if labels and len(labels) < len(names):
        fields.wrong("group_by", f"{ALL_LABELS} means all labels: no others may stand beside it.")
    if any(not name or not is_utf8(name) for name in labels):
        fields.wrong("group_by", "a name of a label must not be empty.")
    for name in dict.fromkeys(name for name in labels if labels.count(name) > 1):
        fields.wrong("group_by", f"{name} stands twice.")
    if not names:
        return {}
    return {"group_by": tuple(labels), "group_by_all": not labels}


def _waits(fields: Fields) -> dict[str, Any]:
    waits: dict[str, Any] = {}
    for name in ("group_wait", "group_interval", "repeat_interval"):
        ms = fields.duration_ms(name)
        if ms is None:
            continue
        if ms == 0 and name != "group_wait":
            fields.wrong(name, "must be more than 0.")
        waits[f"{name}_ms"] = ms
    return waits


# --- matchers ---


def _matchers(fields: Fields, name: str) -> list[Matcher]:
    found: list[Matcher] = []
    for node in fields.each(name):
        try:
            found += parse_matchers(_text_of(node, fields, name) or "")
        except InvalidMatcher as error:
            fields.problems.add(node.line, f"{name}: {error}.")
    return found


def _old_matchers(fields: Fields, name: str, kind: MatchType) -> list[Matcher]:
    """Read what `matchers` replaces: a mapping of labels to values, or to expressions."""
    node = fields.node(name)
    if node is None:
        return []
    if node.pairs is None:
        fields.wrong(name, "must be a mapping of labels to values.")
        return []
    found: dict[str, Matcher] = {}
    for key, value in node.pairs:
        label = key.written or ""
        if label in found:
            fields.problems.add(key.line, f"{name}: {label} stands twice.")
        elif not is_legacy_label_name(label):
            fields.problems.add(key.line, f'{name}: "{label}" is no name of a label; use matchers.')
        elif (matcher := _old_matcher(label, value, fields, name, kind)) is not None:
            found[label] = matcher
    return list(found.values())


def _old_matcher(label: str, value: Node, fields: Fields, name: str, kind: MatchType) -> Matcher | None:
    text = _text_of(value, fields, name)
    if text is None and kind is MatchType.REGEX:
        fields.problems.add(value.line, f"{name}: {label} needs an expression.")
        return None
    # Alertmanager's keys have these expressions as it compiles them.
    written = f"^(?:{text})$" if kind is MatchType.REGEX else text or ""
    try:
        return Matcher(name=label, type=kind, value=written)
    except InvalidMatcher as error:
        fields.problems.add(value.line, f"{name}: {error}.")
        return None


def _text_of(node: Node, fields: Fields, name: str) -> str | None:
    if node.pairs is not None or node.items is not None:
        fields.problems.add(node.line, f"{name}: here a text must stand.")
        return ""
    return node.written


def _inhibit_rule(node: Node, problems: Problems) -> InhibitRule:
    fields = Fields(node, "an inhibit_rule", problems)
    fields.text("name")
    sides = {
        side: (
            *_old_matchers(fields, f"{side}_match", MatchType.EQUAL),
            *_old_matchers(fields, f"{side}_match_re", MatchType.REGEX),
            *sorted_matchers(_matchers(fields, f"{side}_matchers")),
        )
        for side in ("source", "target")
    }
    equal = fields.texts("equal")
    if any(not name or not is_utf8(name) for name in equal):
        fields.wrong("equal", "a name of a label must not be empty.")
    fields.end()
    return InhibitRule(source=sides["source"], target=sides["target"], equal=tuple(dict.fromkeys(equal)))


# --- time intervals ---


def _all_intervals(fields: Fields, zone: Zone, problems: Problems) -> dict[str, tuple[TimeInterval, ...]]:
    found: dict[str, tuple[TimeInterval, ...]] = {}
    for field in ("mute_time_intervals", "time_intervals"):
        for node in fields.each(field):
            own = Fields(node, "a time interval", problems)
            name = own.text("name")
            if not name:
                problems.add(own.line_of("name"), "name: a time interval needs one.")
            elif name in found:
                own.wrong("name", f"there are two time intervals called {name}.")
            found[name] = tuple(_interval(each, zone, problems) for each in own.each("time_intervals"))
            own.end()
    return found


def _interval(node: Node, zone: Zone, problems: Problems) -> TimeInterval:
    fields = Fields(node, "a time interval", problems)
    interval = TimeInterval(
        times=tuple(_times_of_day(each, problems) for each in fields.each("times")),
        weekdays=_ranges(fields, "weekdays", parse_weekdays),
        days_of_month=_ranges(fields, "days_of_month", parse_days_of_month),
        months=_ranges(fields, "months", parse_months),
        years=_ranges(fields, "years", parse_years),
        location=fields.parsed("location", lambda text: parse_location(text, zone), "UTC"),
    )
    fields.end()
    return interval


def _times_of_day(node: Node, problems: Problems) -> Range:
    fields = Fields(node, "a time range", problems)
    start, end = fields.text("start_time"), fields.text("end_time")
    fields.end()
    if not start or not end:
        problems.add(node.line, "times: start_time and end_time must both stand here.")
        return (0, 0)
    return _told(node, "times", problems, lambda: parse_times(start, end), (0, 0))


def _ranges(fields: Fields, name: str, parse: Callable[[str], Range]) -> tuple[Range, ...]:
    def read(node: Node) -> Range:
        text = _text_of(node, fields, name) or ""
        return _told(node, name, fields.problems, lambda: parse(text), (0, 0))

    return tuple(read(node) for node in fields.each(name))


def _told(node: Node, name: str, problems: Problems, parse: Callable[[], _Item], default: _Item) -> _Item:
    try:
        return parse()
    except ValueError as error:
        problems.add(node.line, f"{name}: {error}.")
        return default


# --- size ---


def _too_much(node: Node) -> str | None:
    """Say when a document is nested too deep, or comes to too many values."""
    known: dict[int, tuple[int, int]] = {}

    def measure(one: Node) -> tuple[int, int]:
        if id(one) not in known:
            depth, count = 0, 1
            for deep, many in map(measure, _below(one)):
                depth, count = max(depth, deep + 1), count + many
            known[id(one)] = depth, count
        return known[id(one)]

    depth, count = measure(node)
    if depth > MAX_DEPTH:
        return f"the values are nested more than {MAX_DEPTH} deep."
    return f"the file comes to {count} values; the limit is {MAX_VALUES}." if count > MAX_VALUES else None


def _below(node: Node) -> Iterable[Node]:
    if node.pairs is not None:
        return [each for pair in node.pairs for each in pair]
    return node.items or ()
