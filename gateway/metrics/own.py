"""The gateway's metrics as series, for its own store. Knows no store."""

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from timeseries.labels import METRIC_NAME, Labels
from timeseries.metadata import Metadata, MetricType

_TYPES: Final = {
    "counter": MetricType.COUNTER,
    "gauge": MetricType.GAUGE,
    "histogram": MetricType.HISTOGRAM,
    "info": MetricType.GAUGE,
}


class OwnSeries:
    """What a scrape of the gateway would bring."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._failures = Counter(
            "fleetgauge_self_scrape_failures",
            "Times that the gateway's own metrics could not be written into its store.",
            registry=registry,
        )

    def failed(self) -> None:
        """Count that they could not be written."""
        self._failures.inc()

    def take(self) -> Iterator[tuple[Metadata, list[tuple[Labels, float]]]]:
        """Return families with the samples of now, named as in the text format."""
        for family in self._registry.collect():
            name = {"counter": f"{family.name}_total", "info": f"{family.name}_info"}.get(
                family.type, family.name
            )
            metadata = Metadata(
                family=name, type=_TYPES.get(family.type, MetricType.UNKNOWN), help=family.documentation
            )
            yield (
                metadata,
                [(Labels({**each.labels, METRIC_NAME: each.name}), each.value) for each in family.samples],
            )
