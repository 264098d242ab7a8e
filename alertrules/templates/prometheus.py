"""Templates of rules: Prometheus' functions, the data and the variables of an alert.

Asks queries through a port, and knows nothing of rules. Parsed templates are kept for the next evaluation.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from alertrules.errors import TemplateError
from alertrules.rules.outcome import Query
from alertrules.templates.builtins import BUILTINS, escape_query, table_link
from alertrules.templates.gotime import Duration
from alertrules.templates.humanize import HUMANIZE_FUNCTIONS, number_of, time_of
from alertrules.templates.limits import MAX_QUERIES
from alertrules.templates.nodes import Template
from alertrules.templates.parser import parse
from alertrules.templates.runner import TextSink, run
from alertrules.templates.texts import TEXT_FUNCTIONS, capitalised
from alertrules.templates.values import (
    ANY,
    NIL_POINTER,
    AnyMap,
    CallError,
    Function,
    Functions,
    Map,
    Slice,
    Struct,
    Value,
    to_bytes,
)
from promql.errors import QueryError
from promql.language.durations import parse_duration
from promql.language.parser import parse as parse_query
from timeseries.labels import Labels
from timeseries.text import is_utf8, quote

KEPT_TEMPLATES: Final = 4_096
"""Parsed templates that are kept, the last ones that were used: a thousand rules have as many."""

# What Prometheus puts before each template. Errors count columns from its start.
_BEFORE: Final = (
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
    "{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)
_BEFORE_NODES: Final = 4
_SAMPLE: Final = "*template.sample"
_RESULT: Final = "template.queryResult"
_PATH: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)?([^?#]*)")
_DURATION: Final = re.compile(
    r"(?:[0-9]+y)?(?:[0-9]+w)?(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?(?:[0-9]+ms)?"
)


class RuleTemplates:
    """Expands the labels and annotations of rules. One instance may be used by several threads."""

    def __init__(self, *, external_labels: Labels, external_url: str, query: Query) -> None:
        self._external_labels = Map(external_labels)
        self._external_url = external_url
        self._query = query
        found = _PATH.match(external_url)
        path = "" if found is None else found[1]
        self._functions = {
            **FUNCTIONS,
            "externalURL": Function(call=lambda: external_url),
            "pathPrefix": Function(call=lambda: path),
        }

    def expand(self, text: str, *, labels: Labels, value: float, now_ms: int, name: str = "") -> str:
        """Return a text expanded for a sample of the alert called `name`; raises TemplateError."""
        if "{{" not in text:
            return text
        own = f"__alert_{name}"
        try:
            templates = _parsed(text, own)
        except TemplateError as error:
            raise TemplateError(f"error parsing template {own}: {error}") from None
        given = Map(labels)
        data = _Data(
            {
                "Labels": given,
                "ExternalLabels": self._external_labels,
                "ExternalURL": self._external_url,
                "Value": value,
            }
        )
        left = iter(range(MAX_QUERIES))

        def query(asked: str) -> _Result:
            if next(left, None) is None:
                raise CallError(f"the template asks more than {MAX_QUERIES} queries")
            return self._answer(asked, now_ms)

        functions = {
            **self._functions,
            "query": Function(call=query, params=("string",)),
            "now": Function(call=lambda: now_ms / 1000),
        }
        variables = {
            "$labels": given,
            "$externalLabels": self._external_labels,
            "$externalURL": self._external_url,
            "$value": value,
        }
        try:
            made = run(
                templates[own],
                templates=templates,
                functions=functions,
                data=data,
                sink=TextSink(),
                variables=variables,
            )
        except TemplateError as error:
            raise TemplateError(f"error executing template {own}: {error}") from None
        return made if is_utf8(made) else to_bytes(made).decode("utf-8", "replace")

    def _answer(self, text: str, now_ms: int) -> "_Result":
        try:
            vector = self._query(parse_query(text), now_ms)
        except QueryError as error:
            raise CallError(str(error)) from None
        values = vector.values[:, 0].tolist()
        present = vector.present[:, 0].tolist()
        histograms = [None] * len(values) if vector.histograms is None else vector.histograms[:, 0]
        return _Result(
            _Sample({"Labels": Map(labels), "Value": value if histogram is None else 0.0})
            for labels, value, here, histogram in zip(vector.labels, values, present, histograms, strict=True)
            if here
        )


def check(text: str, *, name: str = "") -> None:
    """Raise TemplateError when a text is no template of the rule called `name`."""
    if "{{" in text:
        _parsed(text, f"__alert_{name}")


class _Data(Struct):
    """What the dot is."""

    go_type = (
        "struct { Labels map[string]string; ExternalLabels map[string]string; "
        "ExternalURL string; Value float64 }"
    )
    __slots__ = ()


class _Sample(Struct):
    """A series of a query's result."""

    go_type = _SAMPLE
    __slots__ = ()


class _Result(Slice):
    """A query's result."""

    go_type = _RESULT


@lru_cache(maxsize=KEPT_TEMPLATES)
def _parsed(text: str, name: str) -> Mapping[str, Template]:
    """Parse a text with the variables of rules, which the run gets as values."""
    templates = parse(_BEFORE + text, name=name, source=name, functions=_NAMES)
    own = templates[name]
    templates[name] = Template(name=own.name, source=own.source, text=own.text, body=own.body[_BEFORE_NODES:])
    return templates


def _first(result: Slice | None) -> Value:
    if not result:
        raise CallError("first() called on vector with no elements")
    return result[0]


def _field_of(sample: Struct | None, name: str) -> Value:
    if sample is None:
        raise CallError(NIL_POINTER)
    return sample.fields[name]


def _label(name: str, sample: Struct | None) -> Value:
    return _field_of(sample, "Labels").get(name, "")


def _sorted(name: str, result: Slice | None) -> Value:
    if result is not None:
        result.sort(key=lambda sample: to_bytes(sample.fields["Labels"].get(name, "")))
    return result


def _arguments(*values: Value) -> AnyMap:
    return AnyMap({f"arg{place}": value for place, value in enumerate(values)})


def _host_and_port(text: str) -> tuple[str, str] | None:
    """Split `host:port` and `[::1]:port`; None for what is neither."""
    if text.startswith("["):
        host, bracket, behind = text[1:].partition("]")
        good = bracket and behind.startswith(":") and "[" not in host
        port = behind[1:]
    else:
        host, colon, port = text.rpartition(":")
        good = colon and ":" not in host
    if not good or any(char in port + host for char in "[]") or ":" in port:
        return None
    return host, port


def _strip_port(text: str) -> str:
    found = _host_and_port(text)
    return text if found is None else found[0]


def _strip_domain(text: str) -> str:
    host, port = _host_and_port(text) or (text, "")
    if _is_address(host):
        return text
    host = host.split(".", 1)[0]
    if not port:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _duration_ms(text: str) -> int:
    if text == "0":
        return 0
    if not text:
        raise CallError("empty duration string")
    if not _DURATION.fullmatch(text):
        raise CallError(f"not a valid duration string: {quote(text)}")
    try:
        return parse_duration(text)
    except ValueError as error:
        raise CallError(str(error)) from None


def _to_duration(value: Value) -> Duration:
    try:
        return Duration(int(number_of(value) * 1e9))
    except (OverflowError, ValueError):
        raise CallError("value is NaN or Inf") from None


def _graph_link(text: str) -> str:
    return f"/graph?g0.expr={escape_query(text)}&g0.tab=0"


_TEXT: Final = ("string",)
_ONE_SAMPLE: Final = (_SAMPLE,)

FUNCTIONS: Final[Functions] = {
    **BUILTINS,
    **TEXT_FUNCTIONS,
    **HUMANIZE_FUNCTIONS,
    "first": Function(call=_first, params=(_RESULT,)),
    "label": Function(call=_label, params=("string", _SAMPLE)),
    "value": Function(call=lambda sample: _field_of(sample, "Value"), params=_ONE_SAMPLE),
    "strvalue": Function(call=lambda sample: _label("__value__", sample), params=_ONE_SAMPLE),
    "sortByLabel": Function(call=_sorted, params=("string", _RESULT)),
    "args": Function(call=_arguments, rest=ANY),
    "title": Function(call=capitalised, params=_TEXT),
    "graphLink": Function(call=_graph_link, params=_TEXT),
    "tableLink": Function(call=table_link, params=_TEXT),
    "urlQueryEscape": Function(call=escape_query, params=_TEXT),
    "stripPort": Function(call=_strip_port, params=_TEXT),
    "stripDomain": Function(call=_strip_domain, params=_TEXT),
    "toTime": Function(call=lambda value: time_of(number_of(value)), params=(ANY,)),
    "toDuration": Function(call=_to_duration, params=(ANY,)),
    "parseDuration": Function(call=lambda text: _duration_ms(text) / 1000, params=_TEXT),
    "parseDurationTime": Function(call=lambda text: Duration(_duration_ms(text) * 1_000_000), params=_TEXT),
}
"""Those that need neither the settings nor the time."""

_NAMES: Final = frozenset((*FUNCTIONS, "query", "now", "externalURL", "pathPrefix"))
