"""Alerts and silences as Alertmanager's API writes them in JSON. Knows no HTTP.

Owns what is right and wrong in what clients post. Must not know what becomes of it.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from alertrules.alert import Alert
from alertrules.routing.silence import Silence
from timeseries.errors import InvalidLabels, InvalidMatcher
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType
from timeseries.text import is_utf8

MAX_ALERTS: Final = 10_000
"""In one request: Prometheus sends 64 at once, older ones up to 256."""

MAX_LABELS: Final = 128
MAX_TEXT: Final = 65_536
"""Labels and annotations of an alert, and the length of each value: far above what people write."""

ZERO: Final = "0001-01-01T00:00:00.000Z"

_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_TYPES: Final[dict[tuple[bool, bool], MatchType]] = {
    (False, True): MatchType.EQUAL,
    (False, False): MatchType.NOT_EQUAL,
    (True, True): MatchType.REGEX,
    (True, False): MatchType.NOT_REGEX,
}
"""By whether it is a regular expression, and whether it is to match."""


class BadMessage(Exception):
    """What was posted can't be used; the text is a sentence without its end."""


def posted_alerts(body: bytes, open_end_ms: int) -> tuple[list[Alert], list[str]]:
    """Return the alerts that are right, and what is wrong with the others; raises BadMessage.

    A time that is not given is 0; without an end an alert is to end at `open_end_ms`.
    """
    rows = _json(body)
    if not isinstance(rows, list):
        raise BadMessage("a list of alerts must be posted")
    if len(rows) > MAX_ALERTS:
        raise BadMessage(f"{len(rows)} alerts are posted at once, more than {MAX_ALERTS}")
    alerts, problems = [], []
    for number, row in enumerate(rows):
        try:
            alerts.append(_alert(row, open_end_ms))
        except BadMessage as error:
            problems.append(f"alert {number}: {error}")
    return alerts, problems


def _alert(row: object, open_end_ms: int) -> Alert:
    if not isinstance(row, dict):
        raise BadMessage("it must be an object")
    labels, annotations = _pairs(row, "labels"), _pairs(row, "annotations")
    if not labels:
        raise BadMessage("at least one label pair required")
    starts_ms, ends_ms = _time(row, "startsAt"), _time(row, "endsAt")
    if starts_ms > (ends_ms or open_end_ms):
        raise BadMessage("start time must be before end time")
    return Alert(
        labels=labels,
        annotations=annotations,
        starts_ms=starts_ms,
        ends_ms=ends_ms,
        generator_url=_text(row, "generatorURL"),
    )


def _pairs(row: dict[str, Any], name: str) -> Labels:
    pairs = row.get(name) or {}
    if not isinstance(pairs, dict) or not all(isinstance(value, str) for value in pairs.values()):
        raise BadMessage(f"{name}: must be an object of texts")
    if len(pairs) > MAX_LABELS:
        raise BadMessage(f"{name}: there are {len(pairs)}, more than {MAX_LABELS}")
    for key, value in pairs.items():
        if not _LABEL_NAME.fullmatch(key):
            raise BadMessage(f'{name}: "{key[:200]}" is no name of a label')
        if max(len(key), len(value)) > MAX_TEXT:
            raise BadMessage(f"{name}: {key[:200]} has more than {MAX_TEXT} characters")
    try:
        return Labels(pairs)
    except InvalidLabels as error:
        raise BadMessage(f"{name}: {error}") from error


def posted_silence(body: bytes) -> Silence:
    """Return the silence; its id is empty when it is to be a new one. Raises BadMessage.

    Whether it makes sense is not looked at here.
    """
    row = _json(body)
    if not isinstance(row, dict):
        raise BadMessage("a silence must be posted")
    matchers = row.get("matchers")
    if not isinstance(matchers, list):
        raise BadMessage("matchers: must be a list")
    for name in ("startsAt", "endsAt", "createdBy", "comment"):
        if row.get(name) is None:
            raise BadMessage(f"{name} is required")
    return Silence(
        id=_text(row, "id"),
        matchers=tuple(_matcher(each) for each in matchers),
        starts_ms=_time(row, "startsAt"),
        ends_ms=_time(row, "endsAt"),
        updated_ms=0,
        created_by=_text(row, "createdBy"),
        comment=_text(row, "comment"),
    )


def _matcher(row: object) -> Matcher:
    if not isinstance(row, dict):
        raise BadMessage("matchers: each must be an object")
    for name in ("name", "value", "isRegex"):
        if row.get(name) is None:
            raise BadMessage(f"matchers: {name} is required")
    is_regex, is_equal = row["isRegex"], row.get("isEqual")
    is_equal = True if is_equal is None else is_equal
    if not isinstance(is_regex, bool) or not isinstance(is_equal, bool):
        raise BadMessage("matchers: isRegex and isEqual must be true or false")
    name, value = _text(row, "name"), _text(row, "value")
    if not _LABEL_NAME.fullmatch(name):
        raise BadMessage(f'matchers: "{name[:200]}" is no name of a label')
    try:
        return Matcher(name=name, type=_TYPES[is_regex, is_equal], value=value)
    except InvalidMatcher as error:
        raise BadMessage(f"matchers: {error}") from error


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"this is not valid JSON: {error}") from error


def _text(row: dict[str, Any], name: str) -> str:
    text = row.get(name) or ""
    if not isinstance(text, str) or len(text) > MAX_TEXT or not is_utf8(text):
        raise BadMessage(f"{name}: must be a text of up to {MAX_TEXT} characters")
    return text


def _time(row: dict[str, Any], name: str) -> int:
    """Return a time in ms, 0 when it is not given; the year 1 is how Go says so."""
    text = row.get(name)
    if text is None or text == "":
        return 0
    try:
        when = datetime.fromisoformat(text) if isinstance(text, str) and "T" in text.upper() else None
        if when is None or when.tzinfo is None:
            raise ValueError
        # In UTC, which an hour of the year 9999 elsewhere may have no year for.
        return max((when.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1), 0)
    except (ValueError, OverflowError):
        raise BadMessage(f"{name}: must be a time such as 2026-11-21T03:00:00Z") from None


# --- what is shown ---

_LEFT_OUT: Final = frozenset({"generatorURL", "evidence"})
"""Of an alert, when they are empty: clients take an empty URL for a wrong one."""


def time_text(ms: int) -> str:
    """Write a time as Alertmanager does; 0 is Go's zero."""
    if ms <= 0:
        return ZERO
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def alert_row(
    alert: Alert,
    *,
    state: str,
    silenced_by: Sequence[str],
    inhibited_by: Sequence[str],
    receivers: Sequence[str],
) -> dict[str, object]:
    """Return an alert as it is listed."""
    row = {
        "annotations": dict(alert.annotations),
        "endsAt": time_text(alert.ends_ms),
        "fingerprint": alert.fingerprint,
        "receivers": [{"name": name} for name in receivers],
        "startsAt": time_text(alert.starts_ms),
        "status": {"inhibitedBy": list(inhibited_by), "silencedBy": list(silenced_by), "state": state},
        "updatedAt": time_text(alert.updated_ms),
        "generatorURL": alert.generator_url,
        "labels": dict(alert.labels),
        "evidence": alert.evidence,
    }
    return {name: value for name, value in row.items() if value or name not in _LEFT_OUT}


def silence_row(silence: Silence, now_ms: int) -> dict[str, object]:
    """Return a silence as it is listed."""
    return {
        "id": silence.id,
        "status": {"state": silence.state(now_ms).value},
        "updatedAt": time_text(silence.updated_ms),
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "endsAt": time_text(silence.ends_ms),
        "matchers": [_matcher_row(matcher) for matcher in silence.matchers],
        "startsAt": time_text(silence.starts_ms),
    }


def _matcher_row(matcher: Matcher) -> dict[str, object]:
    is_regex, is_equal = next(key for key, kind in _TYPES.items() if kind is matcher.type)
    return {"isEqual": is_equal, "isRegex": is_regex, "name": matcher.name, "value": matcher.value}
