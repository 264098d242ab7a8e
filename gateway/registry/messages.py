"""Bodies of requests, read strictly: what is said in them, or a sentence that names the field that is wrong.

Unknown fields are left alone, so that newer agents can talk to older gateways.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.registry.errors import BadMessage
from gateway.registry.model import Edits, Facts, System, Vitals
from timeseries.labels import Labels
from timeseries.text import excerpt, is_legacy_label_name, is_utf8

MAX_BODY_BYTES: Final = 256 * 1024
"""A hundred times what an agent says."""

MAX_NAME: Final = 253
"""As long as the name of a host can be."""

MAX_TEXT: Final = 500
"""Of texts such as an operating system's name. Of an error, the rest is left out."""

MAX_URL: Final = 2000
"""More than any browser would take."""

MAX_LABELS: Final = 64
MAX_LABEL_NAME: Final = 128
MAX_LABEL_VALUE: Final = 1024
"""Half of what a series may have, as each series about an agent carries them."""

MAX_COLLECTORS: Final = 500
"""Ten times those that the agent has itself."""

MAX_GROUPS: Final = 32
"""More than a person would tell apart."""

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_RESERVED: Final = frozenset({"register"})
"""Ids that would hide a path."""

_STATES: Final = ("running", "error", "stopping")
_LARGEST: Final = float(1 << 62)


@dataclass(frozen=True, slots=True)
class _Fields:
    """An object of a body; `path` stands before the names of its fields."""

    values: Mapping[str, Any]
    path: str = ""

    def text(self, name: str, longest: int = MAX_TEXT) -> str:
        value = self.values.get(name, "")
        if not isinstance(value, str) or len(value) > longest or not is_utf8(value):
            raise self.wrong(name, f"a text of up to {longest} characters")
        return value

    def number(self, name: str, default: float = 0.0) -> float:
        value = self.values.get(name, default)
        # A comparison that no "not a number" passes; true is no number here.
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LARGEST:
            raise self.wrong(name, "a number from 0 on")
        return float(value)

    def whole(self, name: str) -> int:
        value = self.number(name)
        if not value.is_integer():
            raise self.wrong(name, "a whole number from 0 on")
        return int(self.values.get(name, 0))

    def texts(self, name: str, most: int, longest: int = MAX_NAME) -> tuple[str, ...]:
        values = self.values.get(name, ())
        if not isinstance(values, Sequence) or isinstance(values, str) or len(values) > most:
            raise self.wrong(name, f"a list of up to {most} texts")
        return tuple(_Fields({"": each}, f"{self.path}{name}").text("", longest) for each in values)

    def inner(self, name: str) -> "_Fields":
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            raise self.wrong(name, "an object")
        return _Fields(value, f"{self.path}{name}.")

    def wrong(self, name: str, expected: str) -> BadMessage:
        return BadMessage(f"{excerpt(self.path + name)} must be {expected}")


def registration(body: bytes) -> Facts:
    """Read what an agent registers with; raises BadMessage."""
    said = _object(body)
    system = said.inner("system")
    agent_id, name = said.text("agent_id"), said.text("name", MAX_NAME)
    if not _ID.fullmatch(agent_id) or agent_id in _RESERVED:
        raise said.wrong("agent_id", "8 to 64 letters, digits, dots, dashes and underscores")
    if not name.strip() or not name.isprintable() or "/" in name:
        raise said.wrong("name", f"1 to {MAX_NAME} printable characters without a slash")
    return Facts(
        agent_id=agent_id,
        name=name,
        labels=_labels(said.inner("labels")),
        version=said.text("version"),
        pid=said.whole("pid"),
        started_at=said.number("started_at"),
        system=System(
            hostname=system.text("hostname"),
            os=system.text("os"),
            kernel=system.text("kernel"),
            arch=system.text("arch"),
            cpu_cores=system.whole("cpu_cores"),
            memory_bytes=system.whole("memory_bytes"),
            boot_time=system.number("boot_time"),
        ),
        metrics_url=said.text("metrics_url", MAX_URL),
        interval_s=said.number("heartbeat_interval_s", 10.0),
        collectors=said.texts("collectors", MAX_COLLECTORS),
    )


def heartbeat(body: bytes) -> Vitals:
    """Read a heartbeat; raises BadMessage."""
    said = _object(body)
    spool = said.inner("spool")
    state = said.values.get("status", "running")
    if state not in _STATES:
        raise said.wrong("status", f"one of {', '.join(_STATES)}")
    return Vitals(
        state=state,
        pid=said.whole("pid"),
        cpu_percent=said.number("cpu_percent"),
        memory_bytes=said.whole("memory_bytes"),
        timestamp=said.number("timestamp") if "timestamp" in said.values else None,
        spool_bytes=spool.whole("bytes"),
        spool_oldest_s=spool.number("oldest_s"),
        failing_collectors=said.texts("failing_collectors", MAX_COLLECTORS),
        last_error=said.text("last_error", MAX_BODY_BYTES)[:MAX_TEXT],
    )


def edited(body: bytes, before: Edits) -> Edits:
    """Read what a person changes, and return it as it is then; raises BadMessage.

    Labels are changed one by one, null takes one away; groups are replaced.
    """
    said = _object(body)
    if unknown := said.values.keys() - {"labels", "groups"}:
        raise BadMessage(f'There is no {excerpt(min(unknown))} here: "labels" and "groups" can be changed')
    changed = said.inner("labels")
    kept = {**dict(before.labels), **_without_nulls(changed.values)}
    groups = said.texts("groups", MAX_GROUPS, MAX_LABEL_NAME) if "groups" in said.values else before.groups
    if any(not each.strip() or not each.isprintable() or "," in each for each in groups):
        raise said.wrong("groups", "names without commas, none of them empty")
    return Edits(labels=_labels(_Fields(kept, changed.path)), groups=tuple(sorted(dict.fromkeys(groups))))


def _without_nulls(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: "" if value is None else value for name, value in values.items()}


def _labels(said: _Fields) -> Labels:
    """Read labels; an empty value is no label."""
    for name in said.values:
        if not is_legacy_label_name(name) or len(name) > MAX_LABEL_NAME or name.startswith("__"):
            raise said.wrong(
                name, f"a label: up to {MAX_LABEL_NAME} letters, digits and _, no digit nor __ first"
            )
    labels = Labels({name: said.text(name, MAX_LABEL_VALUE) for name in said.values})
    if len(labels) > MAX_LABELS:
        raise BadMessage(f'"{said.path.rstrip(".")}" must be up to {MAX_LABELS} labels')
    return labels


def _object(body: bytes) -> _Fields:
    try:
        said = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadMessage("The body is not JSON in UTF-8") from None
    if not isinstance(said, dict):
        raise BadMessage("The body must be a JSON object")
    return _Fields(said)


def _no_number(name: str) -> float:
    raise ValueError(name)
