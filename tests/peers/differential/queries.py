"""Makes queries by a grammar, the same for the same seed. Knows no server, and of the data only names.

Left out is what Prometheus 2.42 does not have, and where it differs from Prometheus 3 by design:
* functions and modifiers that are newer (`sort_by_label`, `limitk`, `info`, `fill` and others);
* names that stay until the end (delayed name removal): nothing groups by `__name__` or reads it from results;
* the left border of ranges and of the lookback: see data.py; no query is at a multiple of a subquery's step;
* `topk` and `bottomk` of values that may be equal: which of them is taken is not defined;
* `stddev` and `stdvar` of NaN and Inf, which are 0 in 2.42 when alone, and the dates of such values;
* `atan2`, which keeps the name in 2.42;
* `predict_linear` with `@`: the window of 2.42 moves with the steps;
* subqueries in subqueries, whose borders are at multiples of steps.
"""

import random
from collections.abc import Callable, Sequence
from typing import Final

COUNTERS: Final = ("cpu_seconds_total", "requests_total", "latency_seconds_count", "latency_seconds_sum")
GAUGES: Final = ("memory_bytes", "temperature_celsius")
OTHERS: Final = ("host_info", "odd_values", "no_such_metric", "latency_seconds_bucket")
METRICS: Final = (*(COUNTERS * 3), *(GAUGES * 6), *OTHERS)

_MATCHERS: Final = (
    'instance="web-1"',
    'instance!="web-1"',
    'instance=~"web-.*"',
    'instance!~"db-.+"',
    'job="db"',
    'mode="user"',
    'mode!=""',
    'mode=""',
    'code=~"2..|5.."',
    'le="1"',
    'nothing=""',
)
_RANGES: Final = ("40s", "1m", "2m", "5m", "13m", "1h")
_OFFSETS: Final = ("", "", "", " offset 1m", " offset -2m", " offset 11m")
_LABELS: Final = ("instance", "job", "mode", "code", "le", "rack", "nothing")

_OF_COUNTERS: Final = ("rate", "increase", "irate", "resets")
_OF_RANGES: Final = (
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "sum_over_time",
    "count_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "last_over_time",
    "present_over_time",
    "absent_over_time",
    "changes",
    "delta",
    "idelta",
    "deriv",
    "rate",
)
_OF_VECTORS: Final = (
    "abs",
    "ceil",
    "floor",
    "exp",
    "ln",
    "log2",
    "log10",
    "sqrt",
    "sgn",
    "sin",
    "cos",
    "tanh",
    "deg",
    "rad",
    "absent",
    "timestamp",
    "sort",
    "sort_desc",
)
_DATES: Final = ("minute", "hour", "day_of_week", "days_in_month", "year")
_AGGREGATIONS: Final = ("sum", "avg", "min", "max", "count", "group")
_ARITHMETIC: Final = ("+", "-", "*", "/", "%", "^")
_COMPARISONS: Final = ("==", "!=", "<", ">", "<=", ">=")
_NUMBERS: Final = ("0", "1", "2", "-1.5", "0.25", "1e3", "100", "Inf", "NaN")


class Maker:
    """Makes queries one after the other."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def query(self) -> str:
        """Return a query for an instant vector or a scalar."""
        return (
            self._scalar(2) if self._rng.random() < 0.05 else self._vector(self._rng.choice([1, 2, 2, 3, 4]))
        )

    def _pick(self, choices: Sequence[str]) -> str:
        return self._rng.choice(choices)

    def _selector(self, metrics: Sequence[str] = METRICS) -> str:
        matchers = self._rng.sample(_MATCHERS, self._rng.choice([0, 0, 0, 0, 1, 1]))
        return self._pick(metrics) + (f"{{{','.join(matchers)}}}" if matchers else "")

    def _shift(self) -> str:
        return self._pick(_OFFSETS) + self._pick(["", "", "", "", " @ start()", " @ end()"])

    def _vector(self, depth: int) -> str:
        if depth <= 0:
            return self._selector() + self._shift()
        ways: list[Callable[[int], str]] = [
            self._range_call,
            self._range_call,
            self._call,
            self._aggregation,
            self._aggregation,
            self._binary,
            self._binary,
            self._set,
            self._special,
            self._subquery,
        ]
        return self._rng.choice(ways)(depth - 1)

    def _scalar(self, depth: int) -> str:
        if depth <= 0 or self._rng.random() < 0.4:
            return self._pick([*_NUMBERS, "time()", "pi()"])
        if self._rng.random() < 0.3:
            return f"scalar({self._vector(depth - 1)})"
        return f"({self._scalar(depth - 1)} {self._pick(_ARITHMETIC)} {self._scalar(depth - 1)})"

    def _range_call(self, _depth: int) -> str:
        if self._rng.random() < 0.5:
            function, selector = self._pick(_OF_COUNTERS), self._selector(COUNTERS)
        else:
            function, selector = self._pick(_OF_RANGES), self._selector()
        window = f"{selector}[{self._pick(_RANGES)}]{self._pick(_OFFSETS)}"
        match self._rng.randrange(8):
            case 0:
                return f"quantile_over_time({self._pick(['0', '0.5', '0.95', '1', '2', '-1'])}, {window})"
            case 1:
                return f"predict_linear({window}, {self._pick(['60', '3600', '-100'])})"
            case _:
                at = self._pick(["", "", "", "", " @ start()", " @ end()"])
                return f"{function}({window}{at})"

    def _call(self, depth: int) -> str:
        return f"{self._pick(_OF_VECTORS)}({self._vector(depth)})"

    def _special(self, depth: int) -> str:
        inner = self._vector(depth)
        if self._rng.random() < 0.2:
            quantile, window = self._pick(["0.5", "0.99", "0", "1", "NaN", "-1"]), self._pick(_RANGES)
            buckets = f"sum by (le, job) (rate(latency_seconds_bucket[{window}]))"
            return f"histogram_quantile({quantile}, {buckets})"
        return self._pick(
            [
                f"clamp({inner}, {self._scalar(1)}, {self._scalar(1)})",
                f"clamp_min({inner}, {self._scalar(1)})",
                f"round({inner}, {self._pick(['1', '5', '0.1', '-3'])})",
                f'label_replace({inner}, "copy", "<$1>", "instance", "(.*)-.*")',
                f'label_join({inner}, "both", "/", "instance", "job", "nothing")',
                f"vector({self._scalar(depth)})",
                f"-({inner})",
                f"{self._pick(_DATES)}({self._selector(GAUGES)}{self._shift()})",
            ]
        )

    def _aggregation(self, depth: int) -> str:
        grouping = self._grouping()
        match self._rng.randrange(8):
            case 0:
                return f"quantile{grouping} ({self._pick(['0', '0.5', '0.9', '1.5'])}, {self._vector(depth)})"
            case 1:
                return f'count_values{grouping} ("value", {self._selector(("host_info",))})'
            case 2:
                which = self._pick(["topk", "bottomk"])
                return f"{which}{grouping} ({self._rng.choice([0, 1, 1, 2, 3])}, {self._selector(GAUGES)})"
            case 3:
                return f"{self._pick(['stddev', 'stdvar'])}{grouping} ({self._selector(GAUGES)})"
            case _:
                return f"{self._pick(_AGGREGATIONS)}{grouping} ({self._vector(depth)})"

    def _grouping(self) -> str:
        way = self._pick(["", " by", " by", " without"])
        labels = self._rng.sample(_LABELS, self._rng.randrange(4))
        return f"{way} ({', '.join(labels)})" if way else ""

    def _binary(self, depth: int) -> str:
        comparing = self._rng.random() < 0.4
        operator = self._pick(_COMPARISONS if comparing else _ARITHMETIC)
        if comparing and self._rng.random() < 0.4:
            operator += " bool"
        match self._rng.randrange(5):
            case 0:
                return f"({self._vector(depth)} {operator} {self._scalar(1)})"
            case 1:
                return f"({self._scalar(1)} {operator} {self._vector(depth)})"
            case 2:
                left, right = self._selector(COUNTERS), self._selector(("host_info",))
                grouping = self._pick(["", "rack", "rack, os"])
                return f"{left} {operator} on (instance) group_left ({grouping}) {right}"
            case 3:
                metric = self._pick(COUNTERS)
                return f"rate({metric}[2m]) {operator} rate({metric}[5m])"
            case _:
                other = f" on ({self._pick(_LABELS)})"
                matching = self._pick(["", "", other, " ignoring (mode, code, le, rack, os)"])
                left = self._vector(depth)
                right = left if self._rng.random() < 0.5 else self._vector(depth)
                return f"({left} {operator}{matching} {right})"

    def _set(self, depth: int) -> str:
        matching = self._pick(["", " on (instance)", " on (job)", " ignoring (mode)", " on ()"])
        operator = self._pick(["and", "or", "unless"])
        if operator == "or":
            return f"({self._aggregation(depth)} or{matching} {self._aggregation(depth)})"
        return f"({self._vector(depth)} {operator}{matching} {self._vector(depth)})"

    def _subquery(self, depth: int) -> str:
        function, inner = self._pick(_OF_RANGES[:-3]), self._vector(min(depth, 1))
        if ":" in inner:
            inner = self._selector()
        step = self._pick(["30s", "1m", "45s"])
        window = f"[{self._pick(_RANGES[2:5])}:{step}]{self._pick(_OFFSETS)}"
        return f"{function}(({inner}){window})"
