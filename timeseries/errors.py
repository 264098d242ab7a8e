"""The errors of this package; the only exceptions it raises on bad input.

TimeseriesError
├── InvalidLabels       a label set that cannot name a series
├── InvalidMatcher      a matcher whose name or regular expression is unusable
├── InvalidSelector     a text that is no selector
├── InvalidColumns      arrays that do not fit together
└── InvalidHistogram    a native histogram that contradicts itself
"""


class TimeseriesError(ValueError):
    """Anything wrong with a value that this package describes."""


class InvalidLabels(TimeseriesError):
    """A label set that cannot name a series."""


class InvalidMatcher(TimeseriesError):
    """A matcher whose name or regular expression is unusable."""


class InvalidSelector(TimeseriesError):
    """A text that is no selector: `reason`, and the character, counted from 0, `at` which it shows."""

    def __init__(self, reason: str, at: int) -> None:
        """Say both in one message, where people count from 1."""
        super().__init__(f"character {at + 1}: {reason}")
        self.reason = reason
        self.at = at


class InvalidColumns(TimeseriesError):
    """Arrays that do not fit together."""


class InvalidHistogram(TimeseriesError):
    """A native histogram that contradicts itself."""
