"""Labels: the immutable, sorted name-value pairs that name a series. Needs no numpy; the agent uses it."""

from collections.abc import Container, Iterable, Mapping
from typing import Final, Self

from timeseries.errors import InvalidLabels
from timeseries.text import excerpt, is_legacy_label_name, is_legacy_metric_name, is_utf8, quote

METRIC_NAME: Final = "__name__"


class Labels(tuple[tuple[str, str], ...]):
    """Name-value pairs, sorted by name, each name once, no empty value (an empty value means no label).

    A tuple, so that equality, hashing and Prometheus' order of series run in C. Names and values are any
    UTF-8, as in Prometheus 3.
    """

    __slots__ = ()

    def __new__(cls, pairs: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> Self:
        """Sort and check the pairs; raises InvalidLabels."""
        items = pairs.items() if isinstance(pairs, Mapping) else pairs
        ordered = sorted(items)
        previous = ""
        for name, value in ordered:
            if name == previous:
                raise InvalidLabels(
                    f"label {excerpt(name)} appears twice" if name else "a label name is empty"
                )
            # Nearly every label is ASCII; asking that here halves the cost of the whole.
            if not (name.isascii() and value.isascii()) and not is_utf8(name + value):
                raise InvalidLabels(f"label {excerpt(name)} is not valid UTF-8")
            previous = name
        return cls.trusted([pair for pair in ordered if pair[1]])

    @classmethod
    def trusted(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """Take pairs that are already sorted and checked, as another Labels or the store has them."""
        return tuple.__new__(cls, pairs)

    def get(self, name: str, default: str = "") -> str:
        """Return the value of a label; a label that is not there counts as empty."""
        for own, value in self:
            if own == name:
                return value
        return default

    @property
    def metric_name(self) -> str:
        """The value of `__name__`, empty when there is none."""
        return self.get(METRIC_NAME)

    def updated(self, changes: Mapping[str, str]) -> Self:
        """Return labels with some set; an empty value removes the label."""
        return type(self)({**dict(self), **changes})

    def keeping(self, names: Container[str]) -> Self:
        """Return only the labels named."""
        return self.trusted([pair for pair in self if pair[0] in names])

    def dropping(self, names: Container[str]) -> Self:
        """Return all labels but those named."""
        return self.trusted([pair for pair in self if pair[0] not in names])

    def __str__(self) -> str:
        """Write the series as Prometheus does: `up{job="node"}`, or `{"http.requests", job="node"}`."""
        metric = self.metric_name
        bare = is_legacy_metric_name(metric)
        inner = [] if bare or not metric else [quote(metric)]
        for name, value in self:
            if name != METRIC_NAME:
                inner.append(f"{name if is_legacy_label_name(name) else quote(name)}={quote(value)}")
        if bare and not inner:
            return metric
        return f"{metric if bare else ''}{{{', '.join(inner)}}}"

    def __repr__(self) -> str:
        """Show the pairs as a dict."""
        return f"Labels({dict(self)!r})"
