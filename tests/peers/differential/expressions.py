"""The usual expressions of PromQL: every function and operator in its usual forms. Knows no server.

Left out is what queries.py leaves out; deviations of values that overflow, where 2.42 comes to NaN and
Prometheus 3 to +Inf; and the rate of gauges near a gap, which 2.42 extrapolates further.
"""

from collections.abc import Iterator
from itertools import product
from typing import Final

_NUMBERS: Final = ("42", "1.234", ".123", "1.23e-3", "0x3d", "Inf", "+Inf", "-Inf", "NaN")
_SELECTORS: Final = (
    "memory_bytes",
    '{__name__="memory_bytes"}',
    'cpu_seconds_total{mode="user"}',
    'cpu_seconds_total{mode!="user"}',
    'cpu_seconds_total{mode=~"u.*|i.*"}',
    'cpu_seconds_total{mode!~"u.*"}',
    'cpu_seconds_total{mode="user",instance=~"web-.*",nothing=""}',
    'cpu_seconds_total{nothing!=""}',
    "no_such_metric",
    "odd_values",
)
_OFFSETS: Final = ("1m", "5m", "10m", "-1m", "-5m")
_TIMES: Final = ("start()", "end()")
_GROUPINGS: Final = (
    "",
    " by ()",
    " by (instance)",
    " by (instance, mode)",
    " by (nothing)",
    " without ()",
    " without (instance)",
    " without (instance, mode, job)",
    " without (nothing)",
)
_AGGREGATIONS: Final = ("sum", "avg", "max", "min", "count", "stddev", "stdvar", "group")
_OPERATORS: Final = ("+", "-", "*", "/", "%", "^", "==", "!=", "<", ">", "<=", ">=")
_COMPARISONS: Final = _OPERATORS[6:]
_WINDOWS: Final = ("20s", "1m", "5m", "15m", "1h")
_OVER_TIME: Final = (
    "sum",
    "avg",
    "max",
    "min",
    "count",
    "stddev",
    "stdvar",
    "absent",
    "last",
    "present",
)
_OF_RANGES: Final = ("delta", "rate", "increase", "deriv", "idelta", "irate", "resets", "changes")
_OF_VALUES: Final = (
    "abs",
    "ceil",
    "floor",
    "sqrt",
    "exp",
    "ln",
    "log2",
    "log10",
    "round",
    "sgn",
    "deg",
    "rad",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cos",
    "cosh",
    "sin",
    "sinh",
    "tan",
    "tanh",
    "timestamp",
    "absent",
    "sort",
    "sort_desc",
)
_DATES: Final = (
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "hour",
    "minute",
    "month",
    "year",
)


def expressions() -> list[str]:
    """Return all of them."""
    return [*_selecting(), *_aggregating(), *_calculating(), *_over_ranges(), *_of_values(), *_others()]


def _selecting() -> Iterator[str]:
    yield from _NUMBERS
    yield from _SELECTORS
    for selector, offset in product(_SELECTORS[:4], _OFFSETS):
        yield f"{selector} offset {offset}"
    for selector, at in product(_SELECTORS[:4], _TIMES):
        yield f"{selector} @ {at}"
        yield f"{selector} @ {at} offset 1m"


def _aggregating() -> Iterator[str]:
    for operator, grouping in product(_AGGREGATIONS, _GROUPINGS):
        yield f"{operator}{grouping} (cpu_seconds_total)"
    for operator, count in product(("topk", "bottomk"), ("0", "1", "2", "3", "100")):
        yield f"{operator}({count}, memory_bytes)"
        yield f"{operator} by (job) ({count}, memory_bytes)"
    for quantile, grouping in product(
        ("-0.5", "0.1", "0.5", "0.75", "0.95", "0.999", "1", "1.5"), _GROUPINGS[:4]
    ):
        yield f"quantile{grouping} ({quantile}, memory_bytes)"
    yield 'count_values("value", host_info)'
    yield 'count_values by (job) ("value", host_info)'
    yield 'count_values without (instance) ("value", floor(temperature_celsius / 10))'
    yield "sum(cpu_seconds_total) by (mode) / ignoring (mode) group_left () sum(cpu_seconds_total)"


def _calculating() -> Iterator[str]:
    for operator in _OPERATORS:
        yield f"memory_bytes {operator} 1.2345"
        yield f"0.5 {operator} memory_bytes"
        yield f"temperature_celsius {operator} (1 * 2 + 4 / 6 - (10%7)^2)"
        yield f"cpu_seconds_total {operator} cpu_seconds_total"
        yield f"cpu_seconds_total {operator} on (instance, job, mode) cpu_seconds_total"
        yield f"cpu_seconds_total {operator} ignoring (nothing) cpu_seconds_total offset 5m"
        yield f"cpu_seconds_total {operator} on (instance) group_left () memory_bytes"
        yield f"memory_bytes {operator} on (instance) group_right (rack) host_info"
    for operator in _COMPARISONS:
        yield f"1 {operator} bool 2"
        yield f"memory_bytes {operator} bool 8e9"
        yield f"cpu_seconds_total {operator} bool on (instance, mode) cpu_seconds_total offset 1m"
    for operator in ("and", "or", "unless"):
        yield f"cpu_seconds_total {operator} on (instance) memory_bytes"
        yield f"cpu_seconds_total {operator} ignoring (mode) memory_bytes"
        yield f'cpu_seconds_total {operator} cpu_seconds_total{{mode="user"}}'
    for sign in ("-", "+", "--", "-+"):
        yield f"{sign}memory_bytes"
        yield f"{sign}1 ^ 2"
    yield "1 + 2 * 3 ^ 2 ^ 0.5 % 7"
    yield "-1 ^ 2 * memory_bytes"


def _over_ranges() -> Iterator[str]:
    for function, window in product(_OVER_TIME, _WINDOWS):
        yield f"{function}_over_time(temperature_celsius[{window}])"
        if not function.startswith("std"):
            yield f"{function}_over_time(odd_values[{window}] offset 1m)"
    for function, window in product(_OF_RANGES, _WINDOWS):
        yield f"{function}(cpu_seconds_total[{window}])"
        if function not in ("rate", "increase"):
            yield f"{function}(temperature_celsius[{window}] offset 1m)"
        yield f"sum by (instance) ({function}(cpu_seconds_total[{window}]))"
    for quantile, window in product(("-0.5", "0", "0.5", "0.9", "1", "1.5"), _WINDOWS):
        yield f"quantile_over_time({quantile}, temperature_celsius[{window}])"
    for ahead, window in product(("600", "-60"), _WINDOWS):
        yield f"predict_linear(memory_bytes[{window}], {ahead})"
    for function in ("max", "avg", "count", "last"):
        yield f"{function}_over_time(rate(cpu_seconds_total[1m])[5m:1m])"
        yield f"{function}_over_time((time() - max(cpu_seconds_total) < 1e12)[5m:30s] offset 5m)"


def _of_values() -> Iterator[str]:
    for function in _OF_VALUES:
        yield f"{function}(temperature_celsius)"
        yield f"{function}(-odd_values)"
        yield f"{function}(temperature_celsius / 100)"
    for function in _DATES:
        yield f"{function}()"
        yield f"{function}(timestamp(memory_bytes offset 1m))"
        yield f"{function}(memory_bytes)"
    for low, high in product(("-1", "0", "5"), ("0", "1e9", "NaN")):
        yield f"clamp(temperature_celsius, {low}, {high})"
        yield f"clamp_min(temperature_celsius, {low})"
        yield f"clamp_max(odd_values, {high})"
    for nearest in ("0.1", "5", "10", "-5"):
        yield f"round(temperature_celsius, {nearest})"


def _others() -> Iterator[str]:
    yield from ("time()", "pi()", "vector(1.23)", "vector(time())", "scalar(sum(memory_bytes))", '"text"')
    yield from (
        "absent(no_such_metric)",
        'absent(no_such_metric{job="x",le=~".+"})',
        "absent(sum(no_such_metric))",
    )
    for expression in ("(.*)", "(.*)-(.*)", "nomatch", "", "web.*", "(?P<kind>\\\\w+)-1"):
        for replacement in ("$1", "copy-$1", "$2-$1", "", "${kind}"):
            yield f'label_replace(memory_bytes, "new", "{replacement}", "instance", "{expression}")'
    yield 'label_replace(memory_bytes, "instance", "", "instance", ".*")'
    yield 'label_replace(memory_bytes, "job", "same", "", "")'
    yield 'label_join(memory_bytes, "new", "-", "instance", "job")'
    yield 'label_join(memory_bytes, "new", "-")'
    yield 'label_join(memory_bytes, "instance", "-", "nothing")'
    for quantile in ("-0.5", "0.1", "0.5", "0.9", "0.999", "1", "1.5", "NaN"):
        yield f"histogram_quantile({quantile}, rate(latency_seconds_bucket[1m]))"
        yield f"histogram_quantile({quantile}, sum by (le) (rate(latency_seconds_bucket[5m])))"
        yield f"histogram_quantile({quantile}, latency_seconds_bucket)"
    yield "histogram_quantile(0.9, memory_bytes)"
    yield "histogram_quantile(scalar(vector(0.9)), increase(latency_seconds_bucket[5m]))"
