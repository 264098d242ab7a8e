"""Reads Prometheus' text format strictly, as node_exporter reads text files. Knows no files.

What is wrong with any line is wrong with the whole text: of a half-written file nothing is shown.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from exporter.families import Kind, Pairs, Point

_NAME: Final = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_COMMENT: Final = re.compile(rf"#[ \t]*(HELP|TYPE)[ \t]+({_NAME})(?:[ \t]+([^ \t].*))?[ \t]*")
_BAD_COMMENT: Final = re.compile(r"#[ \t]*(HELP|TYPE)[ \t]+[^ \t]")
_SAMPLE: Final = re.compile(rf"({_NAME})[ \t]*(\{{)?")
_LABEL: Final = re.compile(r'[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\["\\n])*)"[ \t]*([,}])')
_LABELS_END: Final = re.compile(r"[ \t]*}")
_VALUE: Final = re.compile(r"[ \t]*([^ \t]+)(.*)")
# Possessive: a line of digits must not be tried at each length, which holds up the whole agent.
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?+")
_SPECIAL: Final = re.compile(r"([+-]?)(?:(inf|infinity)|nan)", re.IGNORECASE)
_ESCAPE: Final = re.compile(r"\\(.?)")
_UNESCAPED: Final = {"\\": "\\", "n": "\n", '"': '"'}
_KINDS: Final[dict[str, Kind]] = {
    "counter": "counter",
    "gauge": "gauge",
    "histogram": "histogram",
    "summary": "summary",
    "untyped": "untyped",
}
# Numbers with more digits before the point have an exponent.
_FIXED_DIGITS: Final = 6
# A count is 64 bits.
_MAX_COUNT: Final = 2**64
# The label that names a part of a histogram or a summary.
_PART_LABEL: Final = {"histogram": "le", "summary": "quantile"}
# What the names of their samples end in.
ENDINGS: Final[dict[Kind, tuple[str, ...]]] = {
    "summary": ("_count", "_sum"),
    "histogram": ("_bucket", "_count", "_sum"),
}


@dataclass(slots=True)
class _Parts:
    """What a histogram or a summary of some labels came to."""

    parts: dict[float, float] = field(default_factory=dict)
    sum: float = 0.0
    count: float = 0.0


@dataclass(slots=True, kw_only=True)
class TextFamily:
    """A family as its lines tell it; no help is not the same as an empty one."""

    name: str
    kind: Kind | None = None
    help: str | None = None
    values: list[tuple[Pairs, float]] = field(default_factory=list)
    composed: dict[Pairs, _Parts] = field(default_factory=dict)

    def metrics(self) -> Iterator[tuple[Pairs, list[Point]]]:
        """By labels, what they came to: of a histogram or a summary all parts, the smallest first."""
        for labels, value in self.values:
            yield labels, [Point(value, labels)]
        bucket = "_bucket" if self.kind == "histogram" else ""
        for labels, made in self.composed.items():
            parts = ({math.inf: made.count} if bucket else {}) | made.parts
            points = [
                Point(
                    parts[part],
                    tuple(sorted((*labels, (_PART_LABEL[self.kind or ""], written(part))))),
                    bucket,
                )
                for part in sorted(parts)
            ]
            yield labels, [*points, Point(made.sum, labels, "_sum"), Point(made.count, labels, "_count")]


def parse(text: str) -> list[TextFamily]:
    """The families that have samples, or ValueError with the number of the first bad line."""
    families: dict[str, TextFamily] = {}
    *lines, rest = text.split("\n")
    for number, line in enumerate(lines, 1):
        stripped = line.lstrip(" \t")
        try:
            if stripped.startswith("#"):
                _comment(stripped, families)
            elif stripped:
                _sample(stripped, families)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
    if rest.strip(" \t"):
        raise ValueError(f"line {len(lines) + 1}: the text ends within a line")
    return [family for family in families.values() if family.values or family.composed]


def _comment(line: str, families: dict[str, TextFamily]) -> None:
    found = _COMMENT.fullmatch(line)
    if not found:
        if _BAD_COMMENT.match(line):
            raise ValueError("expected the name of a metric after HELP or TYPE")
        return
    keyword, name, rest = found.groups()
    if not rest:
        return
    family, _ = _family(name, families)
    if keyword == "HELP":
        if family.help is not None:
            raise ValueError(f"a second HELP of {family.name}")
        family.help = _unescape(rest, "\\n").encode(errors="surrogateescape").decode(errors="replace")
    else:
        if family.kind is not None:
            raise ValueError(f"a second TYPE of {family.name}, or one after its samples")
        if rest.lower() not in _KINDS:
            raise ValueError(f"expected {', '.join(_KINDS)} as type, got {rest[:40]}")
        family.kind = _KINDS[rest.lower()]


def _family(name: str, families: dict[str, TextFamily]) -> tuple[TextFamily, str]:
    """The family that a name belongs to, made if it is new, and which part of it the name is."""
    if name in families:
        return families[name], ""
    for kind, suffixes in ENDINGS.items():
        for suffix in suffixes:
            family = families.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
            if family is not None and family.kind == kind:
                return family, suffix
    return families.setdefault(name, TextFamily(name=name)), ""


def _sample(line: str, families: dict[str, TextFamily]) -> None:
    start = _SAMPLE.match(line)
    if not start:
        raise ValueError("expected the name of a metric")
    family, suffix = _family(start[1], families)
    family.kind = family.kind or "untyped"
    labels, end = _labels(line, start.end()) if start[2] else ({}, start.end())
    found = _VALUE.fullmatch(line, end)
    if not found:
        raise ValueError("expected a value")
    value = _number(found[1])
    if found[2]:
        raise ValueError("expected nothing after the value: a timestamp cannot be shown")
    part = labels.pop(_PART_LABEL[family.kind], None) if family.kind in _PART_LABEL else None
    # A label without a value is no label.
    pairs = tuple(sorted(pair for pair in labels.items() if pair[1]))
    if family.kind in _PART_LABEL:
        _compose(family, suffix, pairs, part, value)
    else:
        family.values.append((pairs, value))


def _labels(line: str, at: int) -> tuple[dict[str, str], int]:
    """The labels from behind the opening brace on, and where what follows them begins."""
    labels: dict[str, str] = {}
    while not (end := _LABELS_END.match(line, at)):
        found = _LABEL.match(line, at)
        if not found:
            raise ValueError('expected NAME="VALUE" and then , or }')
        name, value, after = found.groups()
        if name == "__name__" or name in labels:
            raise ValueError(f"the label {name} is reserved, or there twice")
        labels[name] = _unescape(value, '\\n"') if "\\" in value else value
        # Bytes that are no UTF-8 came as surrogates.
        if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            raise ValueError(f"expected UTF-8 as value of the label {name}")
        at = found.end()
        if after == "}":
            return labels, at
    return labels, end.end()


def _compose(family: TextFamily, suffix: str, labels: Pairs, part: str | None, value: float) -> None:
    """Put a value where it belongs in a histogram or a summary."""
    border = math.nan if part is None else _number(part)
    made = family.composed.setdefault(labels, _Parts())
    if suffix == "_count" or (family.kind == "histogram" and suffix != "_sum"):
        if not 0 <= value < _MAX_COUNT:
            raise ValueError(f"expected a count, got {value}")
        value = math.floor(value)
    if suffix == "_count":
        made.count = value
    elif suffix == "_sum":
        made.sum = value
    elif not math.isnan(border):
        made.parts[border] = value


def _unescape(text: str, allowed: str) -> str:
    def one(found: re.Match[str]) -> str:
        if not found[1] or found[1] not in allowed:
            raise ValueError(f"expected one of {allowed} after a backslash")
        return _UNESCAPED[found[1]]

    return _ESCAPE.sub(one, text)


def _number(text: str) -> float:
    """A number as Go's ParseFloat reads it: decimal, in range, or an infinity or NaN."""
    special = _SPECIAL.fullmatch(text)
    if special and not (special[1] and special[2] is None):
        return float(text)
    if special or not _NUMBER.fullmatch(text) or math.isinf(value := float(text)):
        raise ValueError(f"expected a number, got {text[:40]}")
    return value


def written(value: float) -> str:
    """A number as Prometheus' libraries write it in `le` and `quantile`: 0.5, 1, 1e+06, +Inf. Never NaN."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    shortest = next(text for digits in range(17) if float(text := f"{value:.{digits}e}") == value)
    if -4 <= int(shortest.partition("e")[2]) < _FIXED_DIGITS:
        return repr(value).removesuffix(".0")
    return shortest
