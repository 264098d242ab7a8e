"""Inhibition: which alerts are not told as long as others fire.

Owns the index by which that is quick: of rules by what their matchers ask for, of sources by the labels that
must be equal. Knows neither routes nor silences.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from alertrules.alert import Alert
from alertrules.routing.configuration import InhibitRule
from alertrules.routing.silence import match_all
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType

Pair = tuple[str, str]


@dataclass(slots=True)
class _Sources:
    """The sources of a rule by the values of the labels that must be equal; those also targets lie apart."""

    rule: InhibitRule
    alone: dict[tuple[str, ...], dict[Labels, Alert]] = field(default_factory=dict)
    both: dict[tuple[str, ...], dict[Labels, Alert]] = field(default_factory=dict)

    def place(self, labels: Labels) -> dict[tuple[str, ...], dict[Labels, Alert]]:
        return self.both if match_all(self.rule.target, labels) else self.alone

    def key(self, labels: Labels) -> tuple[str, ...]:
        """Return the values that must be equal; a label that is not there counts as empty."""
        return tuple(labels.get(name) for name in self.rule.equal)

    def firing(self, labels: Labels, now_ms: int) -> Iterator[Alert]:
        """Return the alerts that inhibit one which matches the target.

        One that matches both sides is not inhibited by such, so never by itself.
        """
        key = self.key(labels)
        places = [self.alone] if match_all(self.rule.source, labels) else [self.alone, self.both]
        for place in places:
            for alert in place.get(key, {}).values():
                if not alert.is_resolved(now_ms):
                    yield alert


class Inhibition:
    """The rules with the alerts that may inhibit others. Not for several threads at once."""

    def __init__(self, rules: Sequence[InhibitRule]) -> None:
        self._sources = [_Sources(rule) for rule in rules]
        self._of_source = _RuleIndex(self._sources, lambda rule: rule.source)
        self._of_target = _RuleIndex(self._sources, lambda rule: rule.target)

    def put(self, alert: Alert) -> None:
        """Take an alert as it is now, whether it fires or not."""
        for sources in self._of_source.matching(alert.labels):
            sources.place(alert.labels).setdefault(sources.key(alert.labels), {})[alert.labels] = alert

    def drop(self, labels: Labels) -> None:
        """Forget an alert."""
        for sources in self._of_source.matching(labels):
            place, key = sources.place(labels), sources.key(labels)
            kept = place.get(key, {})
            kept.pop(labels, None)
            if not kept:
                place.pop(key, None)

    def inhibitors(self, labels: Labels, now_ms: int) -> tuple[Alert, ...]:
        """Return the alerts that inhibit one with these labels, each once; nothing when it may be told."""
        found: dict[Labels, Alert] = {}
        for sources in self._of_target.matching(labels):
            for alert in sources.firing(labels, now_ms):
                found.setdefault(alert.labels, alert)
        return tuple(found.values())

    def is_inhibited(self, labels: Labels, now_ms: int) -> bool:
        """Tell whether an alert with these labels is not told."""
        return any(
            True for sources in self._of_target.matching(labels) for _ in sources.firing(labels, now_ms)
        )


class _RuleIndex:
    """Finds the rules whose matchers of one side take a label set, without asking all of them."""

    def __init__(
        self, sources: Sequence[_Sources], side: Callable[[InhibitRule], tuple[Matcher, ...]]
    ) -> None:
        self._by_pair: dict[Pair, list[tuple[tuple[Matcher, ...], _Sources]]] = defaultdict(list)
        self._others: list[tuple[tuple[Matcher, ...], _Sources]] = []
        for one in sources:
            matchers = side(one.rule)
            pair = next(
                ((each.name, each.value) for each in matchers if each.type is MatchType.EQUAL and each.value),
                None,
            )
            (self._others if pair is None else self._by_pair[pair]).append((matchers, one))

    def matching(self, labels: Labels) -> Iterator[_Sources]:
        """Return the rules that take the labels."""
        for matchers, sources in self._others:
            if match_all(matchers, labels):
                yield sources
        for pair in labels:
            for matchers, sources in self._by_pair.get(pair, ()):
                if match_all(matchers, labels):
                    yield sources
