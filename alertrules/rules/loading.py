"""Rule files of Prometheus: what is right and wrong in them, and the rules they hold.

Owns the fields of groups and rules. Parsing of YAML and of templates comes from outside; files are not known.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple, Protocol

from alertrules.errors import BadFile, TemplateError
from alertrules.reading import Fields, Node, Problems
from alertrules.rules.model import AlertRule, Group, RecordingRule, Rule
from promql.errors import ParseError
from promql.language.ast import Expr, NumberLiteral, Span
from promql.language.parser import parse
from promql.language.printer import str_of
from timeseries.labels import METRIC_NAME, Labels
from timeseries.text import excerpt, is_legacy_label_name, is_legacy_metric_name, is_utf8

_ONLY_ALERTS: Final = ("for", "keep_firing_for", "annotations")
_LETTERS: Final = "a letter or _ comes first, then letters, digits and _"
_NOTHING: Final = NumberLiteral(span=Span(0, 0), value=0.0)


class CheckTemplate(Protocol):
    """Looks at templates of rules."""

    def __call__(self, text: str, *, name: str) -> None:
        """Raise TemplateError for what is no template of the alert of this name."""
        ...


class _Text(NamedTuple):
    """A label or an annotation as it stands in the file."""

    name: str
    value: str
    line: int


def load_rules(node: Node, name: str, check_template: CheckTemplate) -> tuple[Group, ...]:
    """Return the groups of a rule file; raises BadFile with all that is wrong. `name` is the file's."""
    problems = Problems(name)
    fields = Fields(node, "a rule file", problems)
    reader = _Reader(problems, check_template)
    groups = tuple(reader.group(one) for one in fields.each("groups") if not _is_nothing(one))
    fields.end()
    lines: dict[str, int] = {}
    for group in groups:
        first = lines.setdefault(group.name, group.line)
        if group.name and first != group.line:
            problems.add(
                group.line, f"name: a group is called {excerpt(group.name)} already, in line {first}."
            )
    if problems.found:
        raise BadFile(problems.sentences)
    return groups


def repeated_rules(groups: Iterable[Group], name: str) -> list[str]:
    """Return a warning for each rule whose name and labels another one has: their series are the same."""
    lines: dict[tuple[str, Labels], int] = {}
    found: list[str] = []
    for rule in (rule for group in groups for rule in group.rules):
        key = (rule.name, Labels.trusted(sorted(rule.labels.items())))
        first = lines.setdefault(key, rule.line)
        if first != rule.line:
            found.append(
                f"{name}, line {rule.line}: {rule.name} stands in line {first} already, with the same"
                " labels; they may contradict each other."
            )
    return found


class _Reader:
    """Reads the groups of a file."""

    def __init__(self, problems: Problems, check_template: CheckTemplate) -> None:
        self._problems = problems
        self._check_template = check_template

    def group(self, node: Node) -> Group:
        """Return a group; what is wrong with it is noted."""
        fields = Fields(node, "a group", self._problems)
        name = fields.text("name")
        if node.pairs is not None and _lacks(fields, "name"):
            fields.wrong("name", "a group must have a name.")
        interval_ms = fields.duration_ms("interval")
        offset_ms = fields.duration_ms("query_offset")
        limit = fields.whole("limit")
        labels = self._labels(fields)
        found = Group(
            name=name,
            file=self._problems.name,
            interval_ms=interval_ms or None,
            query_offset_ms=offset_ms,
            limit=limit,
            rules=tuple(self._rules(fields, labels)),
            line=node.line,
        )
        fields.end()
        return found

    def _rules(self, fields: Fields, labels: Mapping[str, str]) -> Iterator[Rule]:
        for node in fields.each("rules"):
            if not _is_nothing(node):
                yield self._rule(Fields(node, "a rule", self._problems), node, labels)

    def _rule(self, fields: Fields, node: Node, labels: Mapping[str, str]) -> Rule:
        record, alert = fields.text("record"), fields.text("alert")
        if record and alert:
            fields.wrong("record", "a rule has either record or alert, not both.")
        if node.pairs is not None and _lacks(fields, "record") and _lacks(fields, "alert"):
            self._problems.add(node.line, "a rule must have either record or alert.")
        expr, text = self._expr(fields, is_rule=node.pairs is not None)
        for_ms = fields.duration_ms("for") or 0
        keep_firing_ms = fields.duration_ms("keep_firing_for") or 0
        own = self._labels(fields)
        annotations = self._annotations(fields)
        fields.end()
        merged = {**labels, **own}
        if not record:
            self._check_templates(fields, alert)
            return AlertRule(
                name=alert,
                expr=expr,
                text=text,
                for_ms=for_ms,
                keep_firing_ms=keep_firing_ms,
                labels=merged,
                annotations=annotations,
                line=node.line,
            )
        for name, value in zip(_ONLY_ALERTS, (for_ms, keep_firing_ms, annotations), strict=True):
            if value:
                fields.wrong(name, "only a rule with alert may have it, and this one has record.")
        if not is_legacy_metric_name(record):
            fields.wrong("record", f"{excerpt(record)} is no name of a metric: {_LETTERS}; : may stand, too.")
        return RecordingRule(name=record, expr=expr, text=text, labels=merged, line=node.line)

    def _expr(self, fields: Fields, is_rule: bool) -> tuple[Expr, str]:
        text = fields.text("expr")
        if not text:
            if is_rule and _lacks(fields, "expr"):
                fields.wrong("expr", "a rule must have a query.")
            return _NOTHING, ""
        try:
            expr = parse(text)
        except ParseError as error:
            fields.wrong("expr", f"this is no query: {error}.")
            return _NOTHING, ""
        return expr, str_of(expr)

    def _labels(self, fields: Fields) -> dict[str, str]:
        labels = fields.mapping("labels")
        for name, value, line in _texts(fields, "labels"):
            if name == METRIC_NAME:
                self._problems.add(line, "labels: __name__ can't be set; record is the name of the series.")
            elif not is_legacy_label_name(name):
                self._problems.add(line, f"labels: {excerpt(name)} is no name of a label: {_LETTERS}.")
            if not is_utf8(value):
                self._problems.add(line, f"labels: the value of {excerpt(name)} is not valid UTF-8.")
        return labels

    def _annotations(self, fields: Fields) -> dict[str, str]:
        annotations = fields.mapping("annotations")
        for name, _, line in _texts(fields, "annotations"):
            if not is_legacy_label_name(name):
                self._problems.add(
                    line, f"annotations: {excerpt(name)} is no name of an annotation: {_LETTERS}."
                )
        return annotations

    def _check_templates(self, fields: Fields, alert: str) -> None:
        for what in ("labels", "annotations"):
            for name, value, line in _texts(fields, what):
                try:
                    self._check_template(value, name=alert)
                except TemplateError as error:
                    self._problems.add(
                        line,
                        f"{what}: the template of {excerpt(name)} in {excerpt(alert)} is wrong: {error}.",
                    )


def _texts(fields: Fields, name: str) -> Iterator[_Text]:
    node = fields.node(name)
    for key, value in (node.pairs if node is not None else None) or ():
        yield _Text(key.written or "", value.written or "", key.line)


def _lacks(fields: Fields, name: str) -> bool:
    """Tell whether a field is not there, or empty; one that is no text is another problem."""
    node = fields.node(name)
    return node is None or node.written == ""


def _is_nothing(node: Node) -> bool:
    """Tell whether an item of a list is empty; Prometheus passes over it."""
    return node.pairs is None and node.items is None and node.content is None
