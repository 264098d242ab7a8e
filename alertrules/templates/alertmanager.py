"""Templates of notifications: Alertmanager's functions, its default templates, and those of users."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, Protocol

from alertrules.notification import Notification
from alertrules.templates.builtins import BUILTINS
from alertrules.templates.defaults import DEFAULT_TEXTS
from alertrules.templates.gotime import Time, zone_named
from alertrules.templates.html import HtmlSink
from alertrules.templates.humanize import HUMANIZE_FUNCTIONS
from alertrules.templates.limits import MAX_OUTPUT
from alertrules.templates.nodes import Template, Templates
from alertrules.templates.notified import data_of
from alertrules.templates.parser import parse
from alertrules.templates.runner import Sink, TextSink, run
from alertrules.templates.texts import TEXT_FUNCTIONS, titled
from alertrules.templates.values import ANY, STRINGS, CallError, Function, Functions, Html, Slice, to_bytes
from timeseries.text import is_utf8

KEPT_TEMPLATES: Final = 512
"""Parsed texts of receivers that are kept: a configuration has some for each of its receivers."""

_NS_PER_MS: Final = 1_000_000


class NotificationTemplates(Protocol):
    """A set of templates that can call each other."""

    def expand(self, text: str, notification: Notification) -> str:
        """Return a text expanded with Alertmanager's data of a notification; raises TemplateError."""

    def expand_html(self, text: str, notification: Notification) -> str:
        """Return HTML, with all values in it escaped; raises TemplateError."""


def make_templates(texts: Sequence[tuple[str, str]]) -> NotificationTemplates:
    """Return the default templates and those of files, (name, text) each; raises TemplateError."""
    known: dict[str, Template] = {}
    for name, text in (*DEFAULT_TEXTS, *texts):
        _merge(known, parse(text, name=name, source=name, functions=_NAMES))
    return _TemplateSet(known)


class _TemplateSet:
    """May be used by several threads."""

    def __init__(self, known: Templates) -> None:
        self._known = known
        self._parsed = lru_cache(maxsize=KEPT_TEMPLATES)(self._parse)

    def expand(self, text: str, notification: Notification) -> str:
        """Return a text expanded."""
        return text if "{{" not in text else self._expand(text, notification, TextSink(), FUNCTIONS)

    def expand_html(self, text: str, notification: Notification) -> str:
        """Return HTML expanded."""
        return self._expand(text, notification, HtmlSink(), _HTML_FUNCTIONS)

    def _parse(self, text: str) -> Templates:
        templates = dict(self._known)
        _merge(templates, parse(text, name="", source="", functions=_NAMES))
        return templates

    def _expand(self, text: str, notification: Notification, sink: Sink, functions: Functions) -> str:
        templates = self._parsed(text)
        if "" not in templates:
            return ""
        now = Time(notification.now_ms * _NS_PER_MS)
        functions = {**functions, "since": Function(call=now.since, params=("time.Time",))}
        data = data_of(notification)
        made = run(templates[""], templates=templates, functions=functions, data=data, sink=sink)
        return made if is_utf8(made) else to_bytes(made).decode("utf-8", "replace")


def _merge(known: dict[str, Template], new: Mapping[str, Template]) -> None:
    """Take new templates; one that is empty does not replace one that is not."""
    for name, template in new.items():
        if name not in known or not template.is_empty:
            known[name] = template


def _join(separator: str, texts: Iterable[str] | None) -> str:
    items = list(texts or ())
    if sum(map(len, items)) + len(separator) * len(items) > MAX_OUTPUT:
        raise CallError(f"the text is longer than {MAX_OUTPUT} characters")
    return separator.join(items)


def _in_zone(name: str, time: Time) -> Time:
    return Time(time.ns, zone_named(name))


_TEXT: Final = ("string",)

FUNCTIONS: Final[Functions] = {
    **BUILTINS,
    **TEXT_FUNCTIONS,
    "title": Function(call=titled, params=_TEXT),
    "trimSpace": Function(call=str.strip, params=_TEXT),
    "join": Function(call=_join, params=("string", STRINGS)),
    "stringSlice": Function(call=lambda *texts: Slice(texts), rest="string"),
    "date": Function(call=lambda layout, time: time.formatted(layout), params=("string", "time.Time")),
    "tz": Function(call=_in_zone, params=("string", "time.Time")),
    "humanizeDuration": HUMANIZE_FUNCTIONS["humanizeDuration"],
}
"""Those that do not need the time."""

_HTML_FUNCTIONS: Final[Functions] = {
    **FUNCTIONS,
    "html": Function(call=lambda *values: Html(BUILTINS["html"].call(*values)), rest=ANY),
}

_NAMES: Final = frozenset((*FUNCTIONS, "since"))
