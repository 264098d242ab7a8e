"""What a request holds once it is read: sample columns, and lists of what is rarer. Knows no wire."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from remotewrite.decode.table import Learnt
from remotewrite.errors import SeriesRejected
from timeseries.columns import Bools, Floats, Ints
from timeseries.exemplar import Exemplar
from timeseries.histogram import HistogramSample
from timeseries.metadata import Metadata


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleColumns:
    """One row a sample, in the order of the request; `starts` is 0 where the start time is unknown."""

    refs: Ints
    times: Ints
    values: Floats
    starts: Ints

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.refs)

    def where(self, keep: Bools) -> "SampleColumns":
        """Return the rows that are to be kept."""
        return SampleColumns(
            refs=self.refs[keep],
            times=self.times[keep],
            values=self.values[keep],
            starts=self.starts[keep],
        )


@dataclass(slots=True, kw_only=True)
class Rejection:
    """What a request lost for one kind of reason: a word for counters, the first case in full, and sums."""

    code: str
    reason: str
    times: int = 0
    samples: int = 0
    histograms: int = 0
    exemplars: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A request, read: what can be taken, by the receiver's references to series, and what can't.

    `rejected` has one entry a kind, in the order of their first cases.
    """

    samples: SampleColumns
    histograms: Sequence[tuple[int, HistogramSample]] = ()
    exemplars: Sequence[tuple[int, Exemplar]] = ()
    metadata: Sequence[Metadata] = ()
    rejected: Sequence[Rejection] = ()
    # To be kept when the rest was.
    learnt: Learnt = field(default_factory=Learnt)


@dataclass(slots=True, kw_only=True)
class BatchBuilder:
    """Collects the parts of a batch while a request is read."""

    histograms: list[tuple[int, HistogramSample]] = field(default_factory=list)
    exemplars: list[tuple[int, Exemplar]] = field(default_factory=list)
    metadata: list[Metadata] = field(default_factory=list)
    rejected: dict[str, Rejection] = field(default_factory=dict)
    learnt: Learnt
    _positions: list[Ints] = field(default_factory=list)
    _columns: list[SampleColumns] = field(default_factory=list)

    def add_samples(self, positions: Ints, columns: SampleColumns) -> None:
        """Take samples; a position is the index of the series in the request."""
        self._positions.append(positions)
        self._columns.append(columns)

    def reject(
        self, error: SeriesRejected, *, samples: int = 0, histograms: int = 0, exemplars: int = 0
    ) -> None:
        """Note what can't be taken."""
        rejection = self.rejected.setdefault(error.code, Rejection(code=error.code, reason=str(error)))
        rejection.times += 1
        rejection.samples += samples
        rejection.histograms += histograms
        rejection.exemplars += exemplars

    def build(self) -> Batch:
        """Put the samples into the order of the request: of two for the same time, the later one wins."""
        if self.rejected:
            # What is refused must be refused again.
            self.learnt.plain = None
        columns = self._columns
        if len(columns) == 1:
            samples = columns[0]
        else:
            positions = np.concatenate([np.empty(0, np.int64), *self._positions])
            order = np.argsort(positions, kind="stable")
            samples = SampleColumns(
                refs=np.concatenate([np.empty(0, np.int64), *(part.refs for part in columns)])[order],
                times=np.concatenate([np.empty(0, np.int64), *(part.times for part in columns)])[order],
                values=np.concatenate([np.empty(0, np.float64), *(part.values for part in columns)])[order],
                starts=np.concatenate([np.empty(0, np.int64), *(part.starts for part in columns)])[order],
            )
        return Batch(
            samples=samples,
            histograms=self.histograms,
            exemplars=self.exemplars,
            metadata=list(dict.fromkeys(self.metadata)),
            rejected=list(self.rejected.values()),
            learnt=self.learnt,
        )
