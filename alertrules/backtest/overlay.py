"""Series of recording rules that were never recorded, laid over those of a store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from alertrules.backtest.stepping import Piece
from alertrules.errors import RuleFailed
from alertrules.rules.model import RecordingRule
from alertrules.rules.recording import SAME_LABELS, label_changes
from alertrules.seriesinmemory import SeriesInMemory
from promql.source import Reading, Selected, Source, unlimited
from timeseries.columns import Bools, Columns, offsets_of
from timeseries.labels import Labels
from timeseries.matcher import Matcher
from timeseries.stale import STALE

MAX_RECORDED: Final = 10_000_000
"""Samples that recording rules may make for a backtest: 160 MB. 200 series at a minute for 30 days."""


@dataclass(frozen=True, slots=True)
class Overlaid:
    """A source of queries with more series than it had."""

    source: Source
    more: Source

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, reading: Reading = unlimited
    ) -> Selected:
        """Return what matches in both, with the samples from start to end, both included."""
        own = self.source.select(matchers, start_ms, end_ms, reading)
        more = self.more.select(matchers, start_ms, end_ms, reading)
        if not more.labels:
            return own
        return _both(own, more) if own.labels else more


def _both(one: Selected, two: Selected) -> Selected:
    columns = Columns(
        times=np.concatenate((one.columns.times, two.columns.times)),
        values=np.concatenate((one.columns.values, two.columns.values)),
        offsets=offsets_of(np.concatenate((one.columns.lengths, two.columns.lengths))),
    )
    return Selected(
        labels=[*one.labels, *two.labels],
        columns=columns,
        starts=np.concatenate((one.starts, two.starts)),
        histograms={
            **one.histograms,
            **{len(one.labels) + row: some for row, some in two.histograms.items()},
        },
    )


class Recorder:
    """Keeps what a recording rule comes to, with a stale marker where a series ends."""

    def __init__(self, rule: RecordingRule, kept: SeriesInMemory, most: int = MAX_RECORDED) -> None:
        self._rule = rule
        self._changes = label_changes(rule)
        self._kept = kept
        self._most = most
        self._there: set[Labels] = set()
        self.failures: list[str] = []

    def take(self, piece: Piece) -> None:
        """Take what it came to at some steps; raises RuleFailed when there is too much."""
        if piece.vector is None:
            self.failures.append(piece.failure)
            return
        vector = piece.vector
        labels = [one.updated(self._changes) for one in vector.labels]
        present = self._without_doubles(labels, vector.present)
        if self._kept.samples + int(present.sum()) > self._most:
            raise RuleFailed(
                f"{self._rule.name} would have more than {self._most} samples. "
                "Ask for less time, or fewer series"
            )
        times = piece.steps.times
        before, self._there = self._there, set()
        for own, rows in rows_of(labels).items():
            here: Bools = present[rows].max(axis=0)
            # Only one of the rows is there at a time.
            row = np.array(rows)[present[rows].argmax(axis=0)]
            columns = np.arange(len(times))
            ends: Bools = np.append(own in before, here[:-1]) & ~here
            some = here | ends
            values = np.where(ends, STALE, vector.values[row, columns])[some]
            if vector.histograms is None:
                self._kept.extend(own, times[some], values)
            else:
                found = np.where(ends, None, vector.histograms[row, columns])[some]
                for time_ms, value, histogram in zip(
                    times[some].tolist(), values.tolist(), found, strict=True
                ):
                    self._kept.append(own, time_ms, value if histogram is None else histogram)
            if here[-1]:
                self._there.add(own)
        for gone in before.difference(labels):
            self._kept.append(gone, int(times[0]), STALE)

    def _without_doubles(self, labels: Sequence[Labels], present: Bools) -> Bools:
        """Leave out the steps at which two results would be one series: there the rule fails."""
        failed = doubles(labels, present)
        if not failed.any():
            return present
        self.failures += [SAME_LABELS] * int(failed.sum())
        return present & ~failed


def rows_of(labels: Sequence[Labels]) -> dict[Labels, list[int]]:
    """Return which rows have the same labels."""
    rows: dict[Labels, list[int]] = {}
    for row, own in enumerate(labels):
        rows.setdefault(own, []).append(row)
    return rows


def doubles(labels: Sequence[Labels], present: Bools) -> Bools:
    """Mark the steps at which two rows with the same labels are there."""
    failed = np.zeros(present.shape[1], np.bool_)
    for same in rows_of(labels).values():
        if len(same) > 1:
            failed |= present[same].sum(axis=0) > 1
    return failed
