"""Raw name-value pairs to Labels, under the limits of limits.py. Knows neither 1.0 nor 2.0."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from remotewrite.errors import SeriesRejected
from remotewrite.limits import MAX_HELP_BYTES, MAX_LABEL_NAME_BYTES, MAX_LABEL_VALUE_BYTES, MAX_LABELS
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType
from timeseries.text import is_legacy_label_name, quote

RawPairs = Sequence[tuple[bytes, bytes]]

# What an error text shows of a series: enough to find it.
_SHOWN_BYTES: Final = 100
_SHOWN_PAIRS: Final = 6
_HISTOGRAM_PARTS: Final = ("_bucket", "_sum", "_count")
_TYPES: Final = frozenset(map(int, MetricType))
_PARTS: Final[dict[int, tuple[str, ...]]] = {
    MetricType.HISTOGRAM: _HISTOGRAM_PARTS,
    MetricType.GAUGEHISTOGRAM: ("_bucket", "_gsum", "_gcount", "_sum", "_count"),
    MetricType.SUMMARY: ("_sum", "_count"),
}


def series_labels(pairs: RawPairs) -> Labels:
    """Return the labels of a series, sorted and without empty values; raises SeriesRejected."""
    labels = any_labels(pairs)
    if not labels.metric_name:
        raise _rejected("no_metric_name", pairs, "it has no metric name (label __name__)")
    return labels


def any_labels(pairs: RawPairs) -> Labels:
    """Return labels that need no metric name, as exemplars have; raises SeriesRejected."""
    ordered = sorted(pairs)
    names = [name for name, _ in ordered]
    values = [value for _, value in ordered]
    if (
        len(names) > MAX_LABELS
        or len(set(names)) < len(names)
        or b"" in names
        or max(map(len, names), default=0) > MAX_LABEL_NAME_BYTES
        or max(map(len, values), default=0) > MAX_LABEL_VALUE_BYTES
    ):
        raise _fault(ordered)
    if b"" in values:
        return any_labels([(name, value) for name, value in ordered if value])
    try:
        return Labels.trusted(zip(map(bytes.decode, names), map(bytes.decode, values), strict=True))
    except UnicodeDecodeError:
        raise _rejected("invalid_utf8", pairs, "a label is not valid UTF-8") from None


def _fault(ordered: RawPairs) -> SeriesRejected:
    if len(ordered) > MAX_LABELS:
        return _rejected("too_many_labels", ordered, f"it has more than {MAX_LABELS} labels")
    for name, value in ordered:
        if len(name) > MAX_LABEL_NAME_BYTES:
            what = f"a label name is {len(name)} bytes; at most {MAX_LABEL_NAME_BYTES} are taken"
            return _rejected("label_name_too_long", ordered, what)
        if len(value) > MAX_LABEL_VALUE_BYTES:
            what = f"label {_show(name)} is {len(value)} bytes; at most {MAX_LABEL_VALUE_BYTES} are taken"
            return _rejected("label_value_too_long", ordered, what)
        if not name:
            return _rejected("empty_label_name", ordered, "a label name is empty")
    twice = next(name for (name, _), (after, _) in pairwise(ordered) if name == after)
    return _rejected("duplicate_label", ordered, f"label {_show(twice)} appears twice")


def family_name(metric: str, kind: int) -> str:
    """Return the family that a series belongs to: `latency` for the histogram series `latency_bucket`."""
    for part in _PARTS.get(kind, ()):
        if metric.endswith(part) and metric != part:
            return metric.removesuffix(part)
    return metric


def metadata(family: bytes, number: int, text: bytes, unit: bytes) -> Metadata:
    """Return metadata; raises SeriesRejected. A type number from the future is an unknown type."""
    if max(len(family), len(unit)) > MAX_LABEL_NAME_BYTES or len(text) > MAX_HELP_BYTES:
        reason = f"metadata of {_show(family)}: its name, unit or help is too long"
        raise SeriesRejected("metadata_too_long", reason)
    try:
        return Metadata(
            family=family.decode(),
            type=MetricType(number) if number in _TYPES else MetricType.UNKNOWN,
            help=text.decode(),
            unit=unit.decode(),
        )
    except UnicodeDecodeError:
        raise SeriesRejected("invalid_utf8", f"metadata of {_show(family)} is not valid UTF-8") from None


def describe(pairs: RawPairs) -> str:
    """Write enough of a series' labels, whatever they are, to find it."""
    shown = [
        f"{_show(name, is_legacy_label_name)}={_show(value)}" for name, value in sorted(pairs)[:_SHOWN_PAIRS]
    ]
    more = ["…"] if len(pairs) > _SHOWN_PAIRS else []
    return f"{{{', '.join(shown + more)}}}"


def _rejected(code: str, pairs: RawPairs, what: str) -> SeriesRejected:
    return SeriesRejected(code, f"series {describe(pairs)}: {what}")


def _show(raw: bytes, is_bare: Callable[[str], bool] = lambda _: False) -> str:
    text = raw[:_SHOWN_BYTES].decode(errors="replace")
    return text if is_bare(text) else quote(text)
