"""From families to the series that one receiver gets: labels, rules, stale markers, the round's own series.

Does no I/O and reads no clock. A round costs little when it has the series of the one before: what is made of
a name and its labels is kept, and forgotten with the first round that lacks it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from delivery.relabel import Rule, relabel
from exporter.families import Family, Kind, Pairs, Point
from remotewrite.model import Sample, Series
from runtime.logs import Log
from timeseries.errors import InvalidLabels
from timeseries.labels import METRIC_NAME, Labels
from timeseries.metadata import Metadata, MetricType
from timeseries.stale import STALE

# A host shows some thousand series. More is a mistake, of a textfile say, that would fill memory and spool.
MAX_SERIES: Final = 50_000

LeftOut = Literal["limit", "labels", "duplicate"]

_TYPES: Final[Mapping[Kind, MetricType]] = {
    "counter": MetricType.COUNTER,
    "gauge": MetricType.GAUGE,
    "untyped": MetricType.UNKNOWN,
    "histogram": MetricType.HISTOGRAM,
    "summary": MetricType.SUMMARY,
    "info": MetricType.INFO,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What all series of the agent carry. `labels` are set only where a series has none of that name."""

    instance: str
    job: str
    labels: Pairs = ()


@dataclass(slots=True, kw_only=True, eq=False)
class _Known:
    """What a name and its labels came to, and the last round that had it."""

    labels: Labels
    metadata: Metadata
    round: int = 0


_Points = dict[tuple[Pairs, str], _Known | None]


@dataclass(slots=True, kw_only=True)
class SeriesMaker:
    """Makes the series of one receiver. For one thread. `left_out` counts what no series was made of."""

    identity: Identity
    rules: Sequence[Rule] = ()
    log: Log = field(default_factory=lambda: Log("sending"))
    left_out: dict[LeftOut, int] = field(default_factory=lambda: {"limit": 0, "labels": 0, "duplicate": 0})
    _families: dict[str, _Points] = field(default_factory=dict)
    _by_labels: dict[Labels, _Known] = field(default_factory=dict)
    _metadata: dict[str, Metadata] = field(default_factory=dict)
    _round: int = 0

    def make(self, families: Iterable[Family], *, time_ms: int, seconds: float) -> list[Series]:
        """Return what a round came to, the round's own series, and the end of those that are gone.

        `seconds` is how long gathering took.
        """
        self._round += 1
        before, self._families = self._families, {}
        known_before = len(self._by_labels)
        counted = dict(self.left_out)
        room = MAX_SERIES
        scraped = 0
        made: list[Series] = []
        for family in families:
            points = family.points[:room] if len(family.points) > room else family.points
            self.left_out["limit"] += len(family.points) - len(points)
            scraped += len(points)
            room -= len(points)
            made += self._family(family, points, before.get(family.name, {}), time_ms)
        added = len(self._by_labels) - known_before
        for family in _own(seconds, scraped, len(made), added):
            made += self._family(family, family.points, before.get(family.name, {}), time_ms)
        self._tell(counted)
        return made + self._gone(time_ms)

    def stale(self, *, time_ms: int) -> list[Series]:
        """Return the end of all series, and forget them: the receiver gets others from now on, or none."""
        self._round += 1
        self._families = {}
        return self._gone(time_ms)

    def _family(
        self, family: Family, points: Sequence[Point], before: _Points, time_ms: int
    ) -> Iterator[Series]:
        now = self._families.setdefault(family.name, {})
        this = self._round
        for point in points:
            key = point[1:]
            known = before[key] if key in before else self._new(family, *key)
            now[key] = known
            if known is None:
                continue
            if known.round == this:
                self.left_out["duplicate"] += 1
                continue
            known.round = this
            yield Series(labels=known.labels, samples=(Sample(time_ms, point[0]),), metadata=known.metadata)

    def _new(self, family: Family, pairs: Pairs, suffix: str) -> _Known | None:
        try:
            labels = relabel(self._labelled(family.name + suffix, pairs), self.rules)
        except InvalidLabels:
            self.left_out["labels"] += 1
            return None
        if labels is None:
            return None
        if not labels.metric_name:
            self.left_out["labels"] += 1
            return None
        known = self._by_labels.get(labels)
        if known is None:
            known = self._by_labels[labels] = _Known(labels=labels, metadata=self._described(family))
        return known

    def _labelled(self, name: str, pairs: Pairs) -> Labels:
        """Add what all series carry, as Prometheus does to what it scrapes; raises InvalidLabels."""
        scraped = dict(Labels((*pairs, (METRIC_NAME, name))))
        fixed = {"instance": self.identity.instance, "job": self.identity.job}
        for own in fixed.keys() & scraped.keys():
            other = f"exported_{own}"
            while other in scraped:
                other = f"exported_{other}"
            scraped[other] = scraped.pop(own)
        return Labels({**dict(self.identity.labels), **scraped, **fixed})

    def _described(self, family: Family) -> Metadata:
        found = self._metadata.get(family.name)
        if found is None or found.help != family.help:
            found = Metadata(family=family.name, type=_TYPES[family.kind], help=family.help)
            self._metadata[family.name] = found
        return found

    def _gone(self, time_ms: int) -> list[Series]:
        this = self._round
        gone = [known for known in self._by_labels.values() if known.round != this]
        for known in gone:
            del self._by_labels[known.labels]
        if gone:
            self._metadata = {name: kept for name, kept in self._metadata.items() if name in self._families}
        ended = (Sample(time_ms, STALE),)
        return [Series(labels=known.labels, samples=ended, metadata=known.metadata) for known in gone]

    def _tell(self, before: Mapping[LeftOut, int]) -> None:
        """Log what was left out, when a round leaves out more than any before it."""
        for reason, count in self.left_out.items():
            if count > before[reason] == 0:
                self.log.warning("sending.left_out", reason=reason, series=count)


def _own(seconds: float, scraped: int, sent: int, added: int) -> Iterator[Family]:
    """What Prometheus itself tells of each scrape."""
    for name, text, value in (
        ("up", "Whether the host could be asked.", 1.0),
        ("scrape_duration_seconds", "How long gathering took.", seconds),
        ("scrape_samples_scraped", "How many samples were gathered.", float(scraped)),
        ("scrape_samples_post_metric_relabeling", "How many of them the rules left.", float(sent)),
        ("scrape_series_added", "How many series were not there in the round before.", float(added)),
    ):
        yield Family(name=name, kind="gauge", help=text, points=[Point(value)])
