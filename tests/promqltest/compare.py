"""Whether an answer is what a script expects. Numbers may differ by a millionth."""

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from promql.engine import Answer
from promql.values import Vector, Windows
from tests.promqltest.points import Point
from tests.promqltest.script import Expected, Message, Times
from tests.promqltest.shape import ByBucket, Shape
from timeseries.labels import Labels
from timeseries.stale import is_stale

_TOLERANCE: Final = 1e-6

# What a series has at which time, histograms and floats apart from each other: a time may have both.
Track = list[tuple[int, float | Shape]]


class Mismatch(Exception):
    """The answer is not what was expected, and in what."""


def almost_equal(one: float, two: float) -> bool:
    """Tell whether two numbers are the same but for rounding; NaN is NaN, the stale marker only itself."""
    if is_stale(one) or is_stale(two):
        return is_stale(one) and is_stale(two)
    if one == two or (math.isnan(one) and math.isnan(two)):
        return True
    total, apart = abs(one) + abs(two), abs(one - two)
    if one == 0 or two == 0 or total < sys.float_info.min:
        return apart < _TOLERANCE * sys.float_info.min
    return apart / min(total, sys.float_info.max) < _TOLERANCE


def same_shape(wanted: Shape, got: Shape) -> bool:
    """Compare histograms without their empty buckets; the hint only where the script says one."""
    pairs = ((wanted.count, got.count), (wanted.sum, got.sum), (wanted.zero_count, got.zero_count))
    return (
        wanted.schema == got.schema
        and wanted.zero_threshold == got.zero_threshold
        and wanted.custom_values == got.custom_values
        and all(almost_equal(one, two) for one, two in pairs)
        and all(map(_same_side, wanted.filled(), got.filled()))
        and (not wanted.hinted or wanted.hint is got.hint)
    )


def _same_side(wanted: ByBucket, got: ByBucket) -> bool:
    return wanted.keys() == got.keys() and all(almost_equal(wanted[at], got[at]) for at in wanted)


def check_failure(expected: Expected, error: Exception) -> None:
    """Raise Mismatch when the error is not the one that is expected."""
    if not expected.fail:
        raise Mismatch(f"it failed: {error or type(error).__name__}")
    if not expected.fail[0].fits(str(error)):
        raise Mismatch(f"expected another error than: {error}")


def check_annotations(expected: Expected, answer: Answer) -> None:
    """Raise Mismatch when a warning or info is missing, or there is one too many."""
    if expected.no_warn and answer.warnings:
        raise Mismatch(f"expected no warnings, got {answer.warnings}")
    if expected.no_info and answer.infos:
        raise Mismatch(f"expected no infos, got {answer.infos}")
    _check_messages("warning", expected.warn, answer.warnings)
    _check_messages("info", expected.info, answer.infos)


def _check_messages(kind: str, wanted: Sequence[Message], told: Sequence[str]) -> None:
    for message in wanted:
        if not any(message.fits(text) for text in told):
            raise Mismatch(f"expected the {kind} {message.text!r}, got {list(told)}")
    for text in told:
        if wanted and not any(message.fits(text) for message in wanted):
            raise Mismatch(f"unexpected {kind}: {text}")


def check_instant(expected: Expected, answer: Answer) -> None:
    """Raise Mismatch when an answer at one time is not what is expected."""
    value = answer.value
    if isinstance(value, str):
        if value != (expected.string or ""):
            raise Mismatch(f"expected the string {expected.string!r}, got {value!r}")
    elif isinstance(value, Windows):
        if expected.scalar is not None or expected.ordered:
            raise Mismatch("the answer is a range vector")
        time = answer.steps.start_ms
        times = expected.window or Times(start_ms=time, end_ms=time, step_ms=1)
        _check_tracks(expected, times, dict(_windows(value)))
    elif isinstance(value, Vector):
        _check_points(expected, points_at(value, 0), expected.ordered)
    else:
        _check_scalar(expected, float(value[0]))


def check_middle(expected: Expected, answer: Answer, step: int) -> None:
    """Raise Mismatch when a step of a range answer is not what is expected at that one time."""
    _check_sorted(answer)
    if isinstance(answer.value, Vector):
        _check_points(expected, points_at(answer.value, step), ordered=False)
    elif isinstance(answer.value, np.ndarray):
        _check_scalar(expected, float(answer.value[step]))
    else:
        raise Mismatch("a range query came to a range vector or a string")


def check_range(expected: Expected, times: Times, answer: Answer) -> None:
    """Raise Mismatch when a range answer is not what is expected."""
    if expected.ordered or expected.scalar is not None:
        raise Mismatch("the answer of a range query has neither order nor scalar")
    _check_sorted(answer)
    at: list[int] = answer.steps.times.tolist()
    if isinstance(answer.value, np.ndarray):
        tracks: dict[Labels, Track] = {Labels(): list(zip(at, answer.value.tolist(), strict=True))}
    elif isinstance(answer.value, Vector):
        tracks = {}
        for step, time in enumerate(at):
            for labels, point in points_at(answer.value, step):
                tracks.setdefault(labels, []).append((time, point))
    else:
        raise Mismatch("a range query came to a range vector or a string")
    _check_tracks(expected, times, tracks)


def points_at(vector: Vector, step: int) -> list[tuple[Labels, float | Shape]]:
    """Return the samples of a vector at a step, in its order."""
    found: list[tuple[Labels, float | Shape]] = []
    for row, labels in enumerate(vector.labels):
        if vector.present[row, step]:
            histogram = None if vector.histograms is None else vector.histograms[row, step]
            value = float(vector.values[row, step]) if histogram is None else Shape.of(histogram)
            found.append((labels, value))
    return found


def _windows(value: Windows) -> Iterator[tuple[Labels, Track]]:
    for row, labels in enumerate(value.labels):
        part = slice(value.first[row, 0], value.last[row, 0])
        floats: Track = list(
            zip(value.columns.times[part].tolist(), value.columns.values[part].tolist(), strict=True)
        )
        part = slice(value.histogram_first[row, 0], value.histogram_last[row, 0])
        histograms: Track = list(
            zip(value.histogram_times[part].tolist(), map(Shape.of, value.histograms[part]), strict=True)
        )
        if floats or histograms:
            yield labels, floats + histograms


def _check_sorted(answer: Answer) -> None:
    if isinstance(answer.value, Vector) and list(answer.value.labels) != sorted(answer.value.labels):
        raise Mismatch("the series of a range answer are not sorted by labels")


def _check_scalar(expected: Expected, got: float) -> None:
    if expected.scalar is None:
        raise Mismatch(f"expected series, got the scalar {got!r}")
    if not almost_equal(expected.scalar, got):
        raise Mismatch(f"expected the scalar {expected.scalar!r}, got {got!r}")


def _check_points(expected: Expected, got: Sequence[tuple[Labels, float | Shape]], ordered: bool) -> None:
    if expected.scalar is not None:
        raise Mismatch(f"expected a scalar, got {len(got)} series")
    wanted: Mapping[Labels, Sequence[Point]] = expected.series
    for labels, point in got:
        if labels not in wanted:
            raise Mismatch(f"unexpected series {labels}: {point}")
        if not _same(wanted[labels][0], point):
            raise Mismatch(f"expected {wanted[labels][0]} for {labels}, got {point}")
    names = [labels for labels, _ in got]
    if len(set(names)) < len(names):
        raise Mismatch("a series is there twice")
    for labels in wanted:
        if labels not in names:
            raise Mismatch(f"expected series {labels} is not there")
    if ordered and names != list(wanted):
        raise Mismatch(f"expected another order than {', '.join(map(str, names))}")


def _check_tracks(expected: Expected, times: Times, got: Mapping[Labels, Track]) -> None:
    for labels, track in got.items():
        if labels not in expected.series:
            raise Mismatch(f"unexpected series {labels}: {_told(track)}")
        wanted: Track = []
        for at, point in enumerate(expected.series[labels]):
            time = times.start_ms + at * times.step_ms
            if time > times.end_ms:
                raise Mismatch(f"{labels} is expected to have more points than there are steps")
            if point is not None:
                wanted.append((time, point))
        ordered = sorted(track, key=lambda one: one[0])
        same = len(ordered) == len(wanted) and all(
            one[0] == two[0] and _same(one[1], two[1]) for one, two in zip(wanted, ordered, strict=True)
        )
        if not same:
            raise Mismatch(f"expected {_told(wanted)} for {labels}, got {_told(track)}")
    for labels in expected.series:
        if labels not in got:
            raise Mismatch(f"expected series {labels} is not there")


def _same(wanted: Point, got: float | Shape) -> bool:
    if isinstance(wanted, Shape):
        return isinstance(got, Shape) and same_shape(wanted, got)
    return wanted is not None and not isinstance(got, Shape) and almost_equal(wanted, got)


def _told(track: Track) -> str:
    return " ".join(f"{value}@{time}" for time, value in track) or "nothing"
