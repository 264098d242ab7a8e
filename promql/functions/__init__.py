"""Functions of instant vectors, scalars and strings. Those of range vectors and histograms live elsewhere."""

from collections.abc import Callable, Sequence
from typing import Final

from promql.context import Context
from promql.functions.absence import absent
from promql.functions.dates import DATES
from promql.functions.elements import ELEMENTS
from promql.functions.enrichment import info
from promql.functions.relabeling import label_join, label_replace
from promql.functions.scalars import SCALARS
from promql.functions.sorting import SORTS
from promql.language.ast import Call
from promql.values import Value

FUNCTIONS: Final[dict[str, Callable[[Call, Sequence[Value], Context], Value]]] = {
    **ELEMENTS,
    **DATES,
    **SCALARS,
    **SORTS,
    "absent": absent,
    "info": info,
    "label_join": label_join,
    "label_replace": label_replace,
}
