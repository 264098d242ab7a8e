"""label_replace() and label_join(): series under other labels, whatever their samples."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from promql.cells import merged
from promql.context import Context
from promql.errors import EvaluationError
from promql.functions.arguments import strings_from, vector_at
from promql.language.ast import Call
from promql.values import Value, Vector
from timeseries.errors import InvalidMatcher
from timeseries.labels import METRIC_NAME, Labels
from timeseries.matcher import Extractor
from timeseries.text import is_utf8

# `$$`, `${name}`, `$name`; a dollar before anything else stands for itself.
_REFERENCE: Final = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")


def label_replace(call: Call, args: Sequence[Value], _context: Context) -> Vector:
    """Set a label to what a regular expression finds in another; leaves series alone that don't match."""
    vector = vector_at(args, 0)
    target, template, source, regex = strings_from(args, 1)
    try:
        extractor = Extractor(regex)
    except InvalidMatcher:
        raise EvaluationError(f"invalid regular expression in label_replace(): {regex}") from None
    _check_label(target, f"invalid destination label name in {call.function}(): {target}")
    texts = [own.get(source) for own in vector.labels]
    found = {text: expanded(template, extractor.groups(text)) for text in set(texts)}
    return _relabelled(vector, target, [found[text] for text in texts])


def label_join(call: Call, args: Sequence[Value], _context: Context) -> Vector:
    """Set a label to others' values with a separator between them."""
    vector = vector_at(args, 0)
    target, separator, *sources = strings_from(args, 1)
    for source in sources:
        _check_label(source, f"invalid source label name in {call.function}(): {source}")
    _check_label(target, f"invalid destination label name in {call.function}(): {target}")
    return _relabelled(
        vector, target, [separator.join(own.get(source) for source in sources) for own in vector.labels]
    )


def expanded(template: str, groups: dict[str, str] | None) -> str | None:
    """Put captured groups into a template, nothing for groups that don't exist; None when nothing matched."""
    if groups is None:
        return None
    return _REFERENCE.sub(lambda found: found[1] or groups.get(found[2] or found[3], ""), template)


def _check_label(name: str, reason: str) -> None:
    if not name or not is_utf8(name):
        raise EvaluationError(reason.encode(errors="surrogateescape").decode(errors="replace"))


def _relabelled(vector: Vector, target: str, values: Sequence[str | None]) -> Vector:
    """Set a label of each series; None leaves it. Raises EvaluationError where series become the same."""
    drop_name = vector.drop_name.copy()
    labels: list[Labels] = []
    for row, (own, value) in enumerate(zip(vector.labels, values, strict=True)):
        labels.append(own if value is None else own.updated({target: value}))
        if value is not None and target == METRIC_NAME:
            drop_name[row] = False
    return merged(replace(vector, labels=labels, drop_name=drop_name))
