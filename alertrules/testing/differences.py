"""What was expected beside what there was, as lines for people."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from alertrules.testing.file import ExpectedAlert, ExpectedSample
from alertrules.testing.series import Value
from promql.histograms.model import FloatHistogram
from promql.histograms.text import api_number, json_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that is not as expected: only what differs is among `expected` and `got`."""

    line: int
    what: str
    expected: tuple[str, ...] = ()
    got: tuple[str, ...] = ()
    same: int = 0
    problem: str = ""
    """Why there was nothing to compare."""

    @property
    def lines(self) -> list[str]:
        """Say it."""
        said = [f"line {self.line}: {self.what}"]
        if self.problem:
            return [*said, f"  {self.problem}"]
        for kind, texts in (("exp", self.expected), ("got", self.got)):
            said += [f"  {kind}: {text}" for text in texts or ("nothing",)]
        return [*said, f"  and {self.same} as expected"] if self.same else said


def compare_alerts(
    line: int, what: str, expected: Sequence[ExpectedAlert], got: Sequence[ExpectedAlert]
) -> Difference | None:
    """Compare alerts, in whatever order; None when they are the same."""
    left = [*got]
    missing = []
    for alert in expected:
        if alert in left:
            left.remove(alert)
        else:
            missing.append(alert)
    if not missing and not left:
        return None
    return Difference(
        line=line,
        what=what,
        expected=tuple(_alert(one) for one in missing),
        got=tuple(_alert(one) for one in left),
        same=len(expected) - len(missing),
    )


def compare_samples(
    line: int, what: str, expected: Sequence[ExpectedSample], got: Sequence[ExpectedSample], *, is_fuzzy: bool
) -> Difference | None:
    """Compare samples, in whatever order; None when they are the same."""
    left = [*got]
    missing = []
    for sample in expected:
        at = next((at for at, one in enumerate(left) if _is_same(sample, one, is_fuzzy=is_fuzzy)), None)
        if at is None:
            missing.append(sample)
        else:
            del left[at]
    if not missing and not left:
        return None
    return Difference(
        line=line,
        what=what,
        expected=tuple(_sample(one) for one in missing),
        got=tuple(_sample(one) for one in left),
        same=len(expected) - len(missing),
    )


def _is_same(one: ExpectedSample, two: ExpectedSample, *, is_fuzzy: bool) -> bool:
    return one.labels == two.labels and _equal(one.value, two.value, is_fuzzy=is_fuzzy)


def _equal(one: Value, two: Value, *, is_fuzzy: bool) -> bool:
    if isinstance(one, FloatHistogram) or isinstance(two, FloatHistogram):
        both = isinstance(one, FloatHistogram) and isinstance(two, FloatHistogram)
        return both and _shape(one) == _shape(two)
    if one == two or (math.isnan(one) and math.isnan(two)):
        return True
    return is_fuzzy and two in (math.nextafter(one, -math.inf), math.nextafter(one, math.inf))


def _shape(histogram: Value) -> object:
    if not isinstance(histogram, FloatHistogram):
        return histogram
    return histogram.schema, histogram.zero_threshold, histogram.custom_values, json_of(histogram)


def _alert(alert: ExpectedAlert) -> str:
    return f"{alert.labels}  annotations {alert.annotations}" if alert.annotations else str(alert.labels)


def _sample(sample: ExpectedSample) -> str:
    value = sample.value
    if not isinstance(value, FloatHistogram):
        return f"{sample.labels} {api_number(value)}"
    shown = json_of(value)
    buckets = " ".join(str(bucket) for bucket in value.buckets())
    return f"{sample.labels} {{count:{shown['count']} sum:{shown['sum']} {buckets}}}"
