"""Prometheus' relabelling: rules that change the labels of a series, or drop it. Pure; knows no sender.

Expressions are Go's, match the whole, and their dot matches a newline, as in Prometheus 3.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from delivery.errors import BadRule
from runtime.patterns import PatternError, compile_pattern
from timeseries.labels import Labels
from timeseries.text import is_legacy_label_name

Action = Literal[
    "replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labeldrop", "labelkeep",
    "lowercase", "uppercase",
]  # fmt: skip

_EXPANDED: Final = re.compile(r"\$(?:(?P<dollar>\$)|(?P<bare>\w+)|\{(?P<braced>\w+)\})")
# A name that may hold references.
_TARGET: Final = re.compile(r"(?!\d)(?:\w|\$(?:\{\w+\}|\w))+", re.ASCII)
_NUMBER: Final = re.compile("0|[1-9][0-9]{0,8}")

_NEED_TARGET: Final = {"replace", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal"}
# What an action does not read must be as it is by default: whoever changed it meant something else.
_DEFAULTS: Final = {"regex": "(.*)", "separator": ";", "replacement": "$1", "modulus": 0}
_UNREAD: Final = {
    "keepequal": ("regex", "modulus", "separator", "replacement"),
    "dropequal": ("regex", "modulus", "separator", "replacement"),
    "labeldrop": ("source_labels", "target_label", "modulus", "separator", "replacement"),
    "labelkeep": ("source_labels", "target_label", "modulus", "separator", "replacement"),
    "lowercase": ("replacement",),
    "uppercase": ("replacement",),
}


class Template:
    """Text with references to what an expression captured, as Go's `Expand` has them."""

    def __init__(self, text: str, regex: re.Pattern[str]) -> None:
        self._pieces: list[str | tuple[int]] = []
        end = 0
        for found in _EXPANDED.finditer(text):
            self._pieces.append(text[end : found.start()])
            end = found.end()
            if found["dollar"]:
                self._pieces.append("$")
            elif group := _group(found["bare"] or found["braced"], regex):
                self._pieces.append(group)
        self._pieces.append(text[end:])

    def expand(self, found: re.Match[str]) -> str:
        """Put in what was captured; nothing for a group that took no part."""
        return "".join([each if isinstance(each, str) else found[each[0]] or "" for each in self._pieces])


def _group(name: str, regex: re.Pattern[str]) -> tuple[int] | None:
    number = int(name) if _NUMBER.fullmatch(name) else regex.groupindex.get(name, -1)
    return (number,) if 0 <= number <= regex.groups else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule with Prometheus' defaults; raises BadRule."""

    action: Action = "replace"
    source_labels: tuple[str, ...] = ()
    separator: str = ";"
    regex: str = "(.*)"
    modulus: int = 0
    target_label: str = ""
    replacement: str = "$1"
    compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)
    target: Template = field(init=False, repr=False, compare=False)
    value: Template = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check it and compile its expression."""
        self._check()
        try:
            compiled = compile_pattern(self.regex, dot_all=True)
        except PatternError as error:
            raise BadRule(f"{self.regex} is no regular expression: {error}") from error
        object.__setattr__(self, "compiled", compiled)
        object.__setattr__(self, "target", Template(self.target_label, compiled))
        object.__setattr__(self, "value", Template(self.replacement, compiled))

    def _check(self) -> None:
        action = self.action
        if action not in get_args(Action):
            raise BadRule(f"there is no action {action}")
        if action in _NEED_TARGET and not self.target_label:
            raise BadRule(f"{action} needs a target_label")
        if action == "hashmod" and self.modulus < 1:
            raise BadRule("hashmod needs a modulus above 0")
        for name in _UNREAD.get(action, ()):
            if getattr(self, name) != _DEFAULTS.get(name, type(getattr(self, name))()):
                raise BadRule(f"{action} takes no {name}")
        if self.modulus < 0:
            raise BadRule("the modulus is below 0")
        for name in self.source_labels:
            if not is_legacy_label_name(name):
                raise BadRule(f"source_labels: {name} is no label name")
        if action == "replace":
            good = _TARGET.fullmatch(self.target_label) is not None
        elif action == "labelmap":
            good = _TARGET.fullmatch(self.replacement) is not None
        else:
            good = action not in _NEED_TARGET or is_legacy_label_name(self.target_label)
        if not good:
            name = "replacement" if action == "labelmap" else "target_label"
            raise BadRule(f"{name} {getattr(self, name)} is no label name")

    def apply(self, labels: Mapping[str, str]) -> dict[str, str] | None:
        """Return the labels as the rule leaves them; None when it drops the series."""
        joined = self.separator.join([labels.get(name, "") for name in self.source_labels])
        return _ACTIONS[self.action](self, joined, dict(labels))


def relabel(labels: Labels, rules: Iterable[Rule]) -> Labels | None:
    """Apply rules one after another; None when one of them drops the series, or no label is left."""
    left = dict(labels)
    for rule in rules:
        changed = rule.apply(left)
        if changed is None:
            return None
        left = changed
    return Labels(left) if left else None


_Labels = dict[str, str]


def _set(labels: _Labels, name: str, value: str) -> _Labels:
    """Set a label; an empty value means none."""
    if value:
        labels[name] = value
    else:
        labels.pop(name, None)
    return labels


def _replace(rule: Rule, joined: str, labels: _Labels) -> _Labels:
    found = rule.compiled.fullmatch(joined)
    if found is None:
        return labels
    name = rule.target.expand(found)
    return _set(labels, name, rule.value.expand(found)) if is_legacy_label_name(name) else labels


def _keep(rule: Rule, joined: str, labels: _Labels) -> _Labels | None:
    return labels if rule.compiled.fullmatch(joined) else None


def _drop(rule: Rule, joined: str, labels: _Labels) -> _Labels | None:
    return None if rule.compiled.fullmatch(joined) else labels


def _keep_equal(rule: Rule, joined: str, labels: _Labels) -> _Labels | None:
    return labels if labels.get(rule.target_label, "") == joined else None


def _drop_equal(rule: Rule, joined: str, labels: _Labels) -> _Labels | None:
    return None if labels.get(rule.target_label, "") == joined else labels


def _hash(rule: Rule, joined: str, labels: _Labels) -> _Labels:
    # Only here: it brings OpenSSL, which few rules need.
    from hashlib import md5

    last = md5(joined.encode(), usedforsecurity=False).digest()[8:]
    return _set(labels, rule.target_label, str(int.from_bytes(last, "big") % rule.modulus))


def _map(rule: Rule, _: str, labels: _Labels) -> _Labels:
    for name, value in list(labels.items()):
        found = rule.compiled.fullmatch(name)
        if found is not None and (new := rule.value.expand(found)):
            _set(labels, new, value)
    return labels


def _drop_names(rule: Rule, _: str, labels: _Labels) -> _Labels:
    return {name: value for name, value in labels.items() if not rule.compiled.fullmatch(name)}


def _keep_names(rule: Rule, _: str, labels: _Labels) -> _Labels:
    return {name: value for name, value in labels.items() if rule.compiled.fullmatch(name)}


def _lower(rule: Rule, joined: str, labels: _Labels) -> _Labels:
    return _set(labels, rule.target_label, "".join(map(_one(str.lower), joined)))


def _upper(rule: Rule, joined: str, labels: _Labels) -> _Labels:
    return _set(labels, rule.target_label, "".join(map(_one(str.upper), joined)))


def _one(change: Callable[[str], str]) -> Callable[[str], str]:
    """Change a character to one character, as Go does: the `ß` stays."""
    return lambda character: changed if len(changed := change(character)) == 1 else character


_ACTIONS: Final[Mapping[Action, Callable[[Rule, str, _Labels], _Labels | None]]] = {
    "replace": _replace,
    "keep": _keep,
    "drop": _drop,
    "keepequal": _keep_equal,
    "dropequal": _drop_equal,
    "hashmod": _hash,
    "labelmap": _map,
    "labeldrop": _drop_names,
    "labelkeep": _keep_names,
    "lowercase": _lower,
    "uppercase": _upper,
}
