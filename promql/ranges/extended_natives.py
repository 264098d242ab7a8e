"""rate, increase and delta of native histograms in `anchored` and `smoothed` ranges; lines between two."""

from bisect import bisect_left, bisect_right

from promql.histograms import notes as texts
from promql.histograms.model import FloatHistogram, MixedSchemas
from promql.histograms.rates import Notes
from promql.ranges.frame import Frame
from promql.ranges.natives import PerWindow, tell
from timeseries.histogram import ResetHint


def plus(one: FloatHistogram, other: FloatHistogram, notes: Notes) -> FloatHistogram:
    """Add, and note what is to be annotated; raises MixedSchemas."""
    found = one.plus(other)
    if found.reconciled:
        notes.infos.append(texts.reconciled(texts.ADDITION))
    return found.histogram


def minus(one: FloatHistogram, other: FloatHistogram, notes: Notes) -> FloatHistogram:
    """Subtract likewise."""
    found = one.minus(other)
    if found.reconciled:
        notes.infos.append(texts.reconciled(texts.SUBTRACTION))
    return found.histogram


def between(
    before: FloatHistogram, after: FloatHistogram, share: float, notes: Notes, *, counter: bool
) -> FloatHistogram:
    """Return what lies so far on the way from one histogram to the next; raises MixedSchemas.

    After a reset of a counter the way begins at zero.
    """
    if counter and after.reset_since(before):
        return after.times(share)
    way = minus(after, before, notes).times(share)
    return plus(way, before, notes).with_hint(after.hint)


def extended_natives(frame: Frame, *, smoothed: bool, counter: bool, per_second: bool) -> PerWindow:
    """Return what finds the rate, increase or delta of a window's histograms between its borders."""
    windows = frame.windows

    def per_window(row: int, step: int) -> FloatHistogram | None:
        own = slice(windows.histogram_first[row, step], windows.histogram_last[row, step])
        window = _Window(
            windows.histogram_times[own].tolist(),
            frame.history(row, step),
            int(windows.starts[step]),
            int(windows.ends[step]),
            smoothed=smoothed,
            counter=counter,
        )
        try:
            found = window.change(frame.name(row))
        except MixedSchemas:
            window.notes.warnings.append(texts.mixed_schemas(frame.name(row)))
            found = None
        tell(frame, window.notes)
        if found is None:
            return None
        if per_second:
            found = found.over((window.end - window.start) / 1000)
        return found.with_hint(ResetHint.GAUGE).compacted()

    return per_window


class _Window:
    """The histograms of one window and around it."""

    def __init__(
        self,
        times: list[int],
        histograms: list[FloatHistogram],
        start: int,
        end: int,
        *,
        smoothed: bool,
        counter: bool,
    ) -> None:
        self._times, self._histograms = times, histograms
        self.start, self.end = start, end
        self._smoothed, self._counter = smoothed, counter
        newest = len(times) - 1
        self._first = max(0, bisect_right(times, start, 0, newest) - 1)
        self._last = bisect_left(times, end, 0, newest) if smoothed else newest
        self.notes = Notes()

    def change(self, metric: str) -> FloatHistogram | None:
        """Return right minus left, plus what resets took; raises MixedSchemas."""
        first, last = self._first, self._last
        if self._times[last] <= self.start or (self._smoothed and self._times[first] > self.end):
            return None
        relevant = self._histograms[first : last + 1]
        for own in relevant:
            if own.custom != relevant[0].custom:
                raise MixedSchemas
            if self._counter and own.hint is ResetHint.GAUGE:
                self.notes.warnings.append(texts.not_counter(metric))
        left, right = self._left(), self._right()
        if not self._counter:
            if left.hint is not ResetHint.GAUGE or right.hint is not ResetHint.GAUGE:
                self.notes.warnings.append(texts.not_gauge(metric))
            return minus(right, left, self.notes)
        change = minus(right, left, self.notes)
        lost = self._lost(left, right)
        return change if lost is None else plus(change, lost, self.notes)

    def _left(self) -> FloatHistogram:
        if self._smoothed and self._times[self._first] < self.start:
            return self._on_the_way(self._first, self.start)
        return self._histograms[self._first]

    def _right(self) -> FloatHistogram:
        if self._smoothed and self._last > 0 and self._times[self._last] > self.end:
            return self._on_the_way(self._last - 1, self.end)
        return self._histograms[self._last]

    def _on_the_way(self, at: int, time: int) -> FloatHistogram:
        begin, end = self._times[at], self._times[at + 1]
        before, after = self._histograms[at], self._histograms[at + 1]
        if time in (begin, end):
            return before if time == begin else after
        share = (time - begin) / (end - begin)
        return between(before, after, share, self.notes, counter=self._counter)

    def _lost(self, left: FloatHistogram, right: FloatHistogram) -> FloatHistogram | None:
        """Add up what was counted before each reset between the borders; None for no reset."""
        first, before = self._first + 1, left
        if self._smoothed and self._times[self._first] < self.start:
            following = self._histograms[self._first + 1]
            if following.reset_since(self._histograms[self._first]):
                # The line to the left border began after this reset already.
                before = following
                first += 1
        if first > self._last:
            return None
        lost: FloatHistogram | None = None
        for now in [*self._histograms[first : self._last], right]:
            if now.reset_since(before):
                lost = before if lost is None else plus(lost, before, self.notes)
            before = now
        return lost
