"""sort() and its kin: the order of series in an instant answer."""

import re
from collections.abc import Callable, Sequence
from functools import cmp_to_key
from itertools import zip_longest
from typing import Final

import numpy as np

from promql.cells import floats_only, take
from promql.context import Context
from promql.functions.arguments import strings_from, vector_at
from promql.language.ast import Call
from promql.values import Value, Vector

_CHUNKS: Final = re.compile(r"[0-9]+|[^0-9]+")


def _is_ineffective(call: Call, context: Context) -> bool:
    if len(context.steps) == 1:
        return False
    context.annotations.warn(
        "sort is ineffective for range queries since results are always ordered by labels", call.span
    )
    return True


def _by_value(*, descending: bool) -> Callable[[Call, Sequence[Value], Context], Vector]:
    def call(node: Call, args: Sequence[Value], context: Context) -> Vector:
        vector = floats_only(vector_at(args, 0))
        if _is_ineffective(node, context):
            return vector
        values = vector.values[:, 0]
        # A stable sort leaves NaN at the end, and equal values in their order.
        return take(vector, np.argsort(-values if descending else values, kind="stable"))

    return call


def _by_label(*, descending: bool) -> Callable[[Call, Sequence[Value], Context], Vector]:
    def call(node: Call, args: Sequence[Value], context: Context) -> Vector:
        vector = vector_at(args, 0)
        if _is_ineffective(node, context):
            return vector
        names = strings_from(args, 1)
        natural = cmp_to_key(compare_naturally)
        keys = [([natural(own.get(name)) for name in names], own) for own in vector.labels]
        order = sorted(range(len(vector)), key=keys.__getitem__, reverse=descending)
        return take(vector, np.array(order, np.int64))

    return call


def compare_naturally(one: str, other: str) -> int:
    """Compare texts by their runs of digits and of other characters: negative when `one` comes first.

    Runs of digits compare as numbers, so `cpu2` is before `cpu10`.
    """
    if one == other:
        return 0
    for left, right in zip_longest(_CHUNKS.findall(one), _CHUNKS.findall(other)):
        if left is None or right is None:
            return -1 if left is None else 1
        if left == right:
            continue
        if left.isdecimal() and right.isdecimal():
            if int(left) == int(right):
                continue
            return -1 if int(left) < int(right) else 1
        return -1 if left < right else 1
    # Only leading zeros differ.
    return -1 if one < other else 1


SORTS: Final[dict[str, Callable[[Call, Sequence[Value], Context], Value]]] = {
    "sort": _by_value(descending=False),
    "sort_by_label": _by_label(descending=False),
    "sort_by_label_desc": _by_label(descending=True),
    "sort_desc": _by_value(descending=True),
}
