"""What functions take and return. Knows not what they do."""

from dataclasses import dataclass
from typing import Final

from promql.language.ast import ValueType

SCALAR, STRING, VECTOR, MATRIX = ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The arguments' types, and the result's.

    `variadic` is 0 when all arguments must be given. Otherwise the last may be left out, and given as many
    times as it says; -1 is any number of times.
    """

    args: tuple[ValueType, ...]
    returns: ValueType = VECTOR
    variadic: int = 0

    @property
    def fewest(self) -> int:
        """How many arguments there must be."""
        return len(self.args) - (self.variadic != 0)

    @property
    def most(self) -> int | None:
        """How many arguments there may be, None without a limit."""
        return None if self.variadic < 0 else self.fewest + self.variadic

    def type_of(self, position: int) -> ValueType:
        """Return the type of an argument; those beyond the last are as the last."""
        return self.args[min(position, len(self.args) - 1)]


_OF_A_VECTOR: Final = """
    abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg histogram_count
    histogram_stddev histogram_stdvar histogram_sum ln log10 log2 rad sgn sin sinh sort sort_desc sqrt
    start_timestamp tan tanh timestamp
"""
_OF_A_MATRIX: Final = """
    absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate
    last_over_time mad_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time
    stdvar_over_time sum_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time
    ts_of_min_over_time
"""
_OF_A_TIME: Final = "day_of_month day_of_week day_of_year days_in_month hour minute month year"
_OF_NOTHING: Final = "end pi range start step time"

FUNCTIONS: Final[dict[str, Signature]] = {
    **dict.fromkeys(_OF_A_VECTOR.split(), Signature(args=(VECTOR,))),
    **dict.fromkeys(_OF_A_MATRIX.split(), Signature(args=(MATRIX,))),
    **dict.fromkeys(_OF_A_TIME.split(), Signature(args=(VECTOR,), variadic=1)),
    **dict.fromkeys(_OF_NOTHING.split(), Signature(args=(), returns=SCALAR)),
    "clamp": Signature(args=(VECTOR, SCALAR, SCALAR)),
    "clamp_max": Signature(args=(VECTOR, SCALAR)),
    "clamp_min": Signature(args=(VECTOR, SCALAR)),
    "double_exponential_smoothing": Signature(args=(MATRIX, SCALAR, SCALAR)),
    "histogram_fraction": Signature(args=(SCALAR, SCALAR, VECTOR)),
    "histogram_quantile": Signature(args=(SCALAR, VECTOR)),
    "histogram_quantiles": Signature(args=(VECTOR, STRING, SCALAR, SCALAR), variadic=9),
    "info": Signature(args=(VECTOR, VECTOR), variadic=1),
    "label_join": Signature(args=(VECTOR, STRING, STRING, STRING), variadic=-1),
    "label_replace": Signature(args=(VECTOR, STRING, STRING, STRING, STRING)),
    "max_of": Signature(args=(SCALAR, SCALAR), returns=SCALAR),
    "min_of": Signature(args=(SCALAR, SCALAR), returns=SCALAR),
    "predict_linear": Signature(args=(MATRIX, SCALAR)),
    "quantile_over_time": Signature(args=(SCALAR, MATRIX)),
    "round": Signature(args=(VECTOR, SCALAR), variadic=1),
    "scalar": Signature(args=(VECTOR,), returns=SCALAR),
    "sort_by_label": Signature(args=(VECTOR, STRING), variadic=-1),
    "sort_by_label_desc": Signature(args=(VECTOR, STRING), variadic=-1),
    "vector": Signature(args=(SCALAR,)),
}

# Aggregations that take a parameter before the vector.
PARAMETERS: Final[dict[str, ValueType]] = {
    **dict.fromkeys(("bottomk", "limit_ratio", "limitk", "quantile", "topk"), SCALAR),
    "count_values": STRING,
}
