"""When alerts fire, told for all times at once from when their queries came to something.

Owns `for` and `keep_firing_for`, as arrays. The same rules, a step at a time, are in alertrules.rules.states.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from timeseries.columns import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Runs:
    """Steps without a gap at which an alert's query came to something: from `first` up to before `end`.

    Sorted by alert and time. `values` are those at the first step.
    """

    alerts: Ints
    first: Ints
    end: Ints
    values: Floats

    @classmethod
    def of(cls, alerts: Ints, present: Bools, values: Floats, offset: int) -> Self:
        """Find them in a matrix: a row for each alert, a column for each step, numbered from `offset`."""
        padded = np.zeros((len(present), present.shape[1] + 2), np.int8)
        padded[:, 1:-1] = present
        change = np.diff(padded, axis=1)
        rows, first = np.nonzero(change == 1)
        _, end = np.nonzero(change == -1)
        return cls(alerts=alerts[rows], first=first + offset, end=end + offset, values=values[rows, first])

    @classmethod
    def joined(cls, some: list[Self]) -> Self:
        """Put them together; where one begins where another of the alert ends, they are one."""
        if not some:
            nothing = np.empty(0, np.int64)
            return cls(alerts=nothing, first=nothing, end=nothing, values=np.empty(0))
        alerts, first, end, values = (
            np.concatenate(columns)
            for columns in zip(*((one.alerts, one.first, one.end, one.values) for one in some), strict=True)
        )
        order = np.lexsort((first, alerts))
        alerts, first, end, values = alerts[order], first[order], end[order], values[order]
        begins = np.ones(len(alerts), np.bool_)
        begins[1:] = (alerts[1:] != alerts[:-1]) | (first[1:] != end[:-1])
        ends = np.append(begins[1:], True) if len(begins) else begins
        return cls(alerts=alerts[begins], first=first[begins], end=end[ends], values=values[begins])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Firings:
    """When alerts fired, as numbers of steps. One that still fires ends at the number of steps.

    `active` is when the query first came to it, `values` what it came to then.
    """

    alerts: Ints
    active: Ints
    fired: Ints
    ended: Ints
    values: Floats


def firings_of(runs: Runs, times: Ints, for_ms: int, keep_ms: int) -> Firings:
    """Return when the alerts fired, by alert and time; `times` are those of all steps."""
    count = len(times)
    if not len(runs.alerts):
        nothing = runs.alerts
        return Firings(alerts=nothing, active=nothing, fired=nothing, ended=nothing, values=runs.values)
    fired = np.searchsorted(times, times[runs.first] + for_ms)
    fires = fired < runs.end
    gone = times[np.minimum(runs.end, count - 1)]
    ended = np.where(runs.end < count, np.searchsorted(times, gone + keep_ms), count)
    # What comes back before it has ended fires on, if it fired: a chain of runs.
    begins = np.ones(len(fires), np.bool_)
    begins[1:] = (runs.alerts[1:] != runs.alerts[:-1]) | (runs.first[1:] > ended[:-1])
    chains = np.flatnonzero(begins)
    places = np.where(fires, np.arange(len(fires)), len(fires))
    earliest = np.minimum.reduceat(places, chains)
    last = np.append(chains[1:], len(fires)) - 1
    some = earliest < len(fires)
    own, last = earliest[some], last[some]
    return Firings(
        alerts=runs.alerts[own],
        active=runs.first[own],
        fired=fired[own],
        ended=ended[last],
        values=runs.values[own],
    )
