"""The sentences that only functions of range vectors annotate: Prometheus' words, which people look up."""

from timeseries.text import quote


def histogram_ignored(metric: str) -> str:
    """The function is for floats only."""
    return (
        f"ignored histograms in a range containing both floats and histograms for metric name {quote(metric)}"
    )


def not_a_counter(metric: str) -> str:
    """A rate of something whose name is not that of a counter."""
    return f"metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {quote(metric)}"


def not_of_type_counter(metric: str, kind: str) -> str:
    """A rate of something whose type is not that of a counter."""
    return (
        'metric might not be a counter, __type__ label is not set to "counter" or "histogram", '
        f"got {quote(kind)}: {quote(metric)}"
    )


def overlapping_starts(metric: str) -> str:
    """A sample says that its counting began before the sample before it."""
    return f"overlapping start timestamps found for metric name {quote(metric)}"
