"""What a sender hands to the encoder. Plain tuples: the agent must not need numpy."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from remotewrite.errors import Unencodable
from timeseries.exemplar import Exemplar
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels
from timeseries.metadata import Metadata


class Sample(NamedTuple):
    """A value at a time; `start_ms` is when a counter began to count, 0 when unknown (2.0 only)."""

    time_ms: int
    value: float
    start_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series of a request, with samples or with histograms, not both."""

    labels: Labels
    samples: Sequence[Sample] = ()
    histograms: Sequence[HistogramSample] = ()
    exemplars: Sequence[Exemplar] = ()
    metadata: Metadata | None = None

    def check(self) -> None:
        """Raise Unencodable when the specifications forbid to send this."""
        if not self.labels.metric_name:
            raise Unencodable("it has no metric name")
        if self.samples and self.histograms:
            raise Unencodable("it holds both samples and histograms; send two series")
        points: Sequence[Sample | HistogramSample] = self.samples or self.histograms
        if not points and not self.exemplars:
            raise Unencodable("it holds nothing to send")
        if len(points) > 1 and any(late.time_ms <= early.time_ms for early, late in pairwise(points)):
            raise Unencodable("its times do not ascend")
