"""Log lines: the name of an event and its fields, one line each, as JSON or logfmt.

Owns the shape of a line and the loggers' levels. Must not know any event.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, TextIO

LogFormat = Literal["json", "logfmt"]
LogLevel = Literal["debug", "info", "warning", "error"]

_ROOT = "fleetgauge"


class Log:
    """Writes events: `log.info("gateway.started", url=url)`."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(f"{_ROOT}.{name}")

    def debug(self, event: str, /, **fields: object) -> None:
        self._logger.debug(event, extra={"fields": fields})

    def info(self, event: str, /, **fields: object) -> None:
        self._logger.info(event, extra={"fields": fields})

    def warning(self, event: str, /, **fields: object) -> None:
        self._logger.warning(event, extra={"fields": fields})

    def error(self, event: str, /, *, exception: BaseException | None = None, **fields: object) -> None:
        self._logger.error(event, exc_info=exception, extra={"fields": fields})


def configure(*, form: LogFormat, level: LogLevel, stream: TextIO | None = None) -> None:
    """Send all log lines to the stream. Libraries are only heard from `warning` up."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else LogfmtFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    threshold = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(threshold, logging.WARNING))
    logging.getLogger(_ROOT).setLevel(threshold)


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """All that a line says. A record of a library has no fields, so its name is the event."""
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    line: dict[str, object] = {"time": moment.replace("+00:00", "Z"), "level": record.levelname.lower()}
    fields: Mapping[str, object] | None = getattr(record, "fields", None)
    if fields is None:
        line |= {"event": record.name, "message": record.getMessage()}
    else:
        line["event"] = record.msg
        line = line | dict(fields) | line
    if record.exc_info:
        line["exception"] = logging.Formatter().formatException(record.exc_info)
    return line


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII: no value can break out of its line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({key: _plain(value) for key, value in fields_of(record).items()})


class LogfmtFormatter(logging.Formatter):
    """key=value pairs; a value that is not a plain word is quoted as in JSON."""

    def format(self, record: logging.LogRecord) -> str:
        return " ".join(f"{key}={_word(value)}" for key, value in fields_of(record).items())


_PLAIN_WORD = re.compile(r"[\w.:/@+,-]+", re.ASCII)


def _word(value: object) -> str:
    plain = _plain(value)
    text = plain if isinstance(plain, str) else json.dumps(plain)
    return text if _PLAIN_WORD.fullmatch(text) else json.dumps(text)


def _plain(value: object) -> object:
    """The value if JSON can carry it, else its text."""
    if value is None or isinstance(value, str | int):
        return value
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return _text(value)
    return value


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # isolation boundary: a line is written whatever a value's __str__ does
        return f"<{type(value).__name__}>"
