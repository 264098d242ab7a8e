"""The errors of this package; the only exceptions it raises on bad input.

TimeseriesError
├── InvalidLabels       a label set that cannot name a series
├── InvalidMatcher      a matcher whose name or regular expression is unusable
├── InvalidColumns      arrays that do not fit together
└── InvalidHistogram    a native histogram that contradicts itself
"""


class TimeseriesError(ValueError):
    """Anything wrong with a value that this package describes."""


class InvalidLabels(TimeseriesError):
    """A label set that cannot name a series."""


class InvalidMatcher(TimeseriesError):
    """A matcher whose name or regular expression is unusable."""


class InvalidColumns(TimeseriesError):
    """Arrays that do not fit together."""


class InvalidHistogram(TimeseriesError):
    """A native histogram that contradicts itself."""
