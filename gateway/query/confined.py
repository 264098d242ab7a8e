"""What is read by someone who may see only some series: every selection has their matchers, too."""

from collections.abc import Sequence
from dataclasses import dataclass

from promql.source import Reading, Selected, Source, unlimited
from timeseries.matcher import Matcher

Matchers = tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class ConfinedSource:
    """A source of queries in which there is nothing but what matches."""

    source: Source
    matchers: Matchers

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, reading: Reading = unlimited
    ) -> Selected:
        """Return what matches both, with the samples from start to end, both included."""
        return self.source.select((*matchers, *self.matchers), start_ms, end_ms, reading)


def confine(selectors: Sequence[Sequence[Matcher]], matchers: Matchers) -> list[Sequence[Matcher]]:
    """Return the selectors, each of which takes only what matches, too."""
    return [(*selector, *matchers) for selector in selectors]
