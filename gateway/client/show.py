"""From what is asked at a prompt to what is shown: which times are meant, and in which form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from gateway.client.answers import Answer
from gateway.client.api import Api
from gateway.client.chart import Span, chart
from gateway.client.errors import WrongRequest
from gateway.client.tables import comma_separated, table
from gateway.client.times import length, moment, step_for

_CHART_LAST: Final = "1h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The times as they were written; None where nothing was."""

    time: str | None = None
    start: str | None = None
    end: str | None = None
    last: str | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Where it is shown."""

    width: int
    colour: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What goes to the standard output, and what goes beside it."""

    text: str
    notes: Sequence[str]


def show(api: Api, expr: str, asked: Asked, *, form: str, terminal: Terminal) -> Shown:
    """Ask, and return what to show; raises WrongRequest or QueryFailed."""
    if form == "chart" and not (asked.time or asked.start or asked.last):
        asked = Asked(end=asked.end, last=_CHART_LAST, step=asked.step)
    now = cache(api.now)  # one moment for all times
    span = _span(asked, now)
    if form == "chart" and span is None:
        raise WrongRequest("a chart needs a range: use --start or --last, not --time")
    if span is not None:
        answer = api.range(expr, span.start_s, span.end_s, span.step_s)
    else:
        answer = api.instant(expr, moment(asked.time, now) if asked.time else None)
    notes = [*answer.warnings, *answer.infos]
    if form == "json":
        return Shown(text=answer.raw.decode(errors="replace").rstrip("\n") + "\n", notes=notes)
    text = _written(answer, form, span, terminal)
    return Shown(text=text, notes=notes if text else [*notes, _why_empty(answer)])


def _written(answer: Answer, form: str, span: Span | None, terminal: Terminal) -> str:
    if form == "csv":
        return comma_separated(answer)
    if form == "chart" and span is not None:
        return chart(answer, span, width=terminal.width, colour=terminal.colour)
    return table(answer) if answer.lines else ""


def _why_empty(answer: Answer) -> str:
    return "There are only values that can't be drawn." if answer.lines else "No series."


def _span(asked: Asked, now: Callable[[], float]) -> Span | None:
    """Return the range that is meant, None for a moment."""
    if asked.start is None and asked.last is None:
        if asked.end or asked.step:
            raise WrongRequest("--end and --step need --start or --last")
        return None
    if asked.time is not None or (asked.start is not None and asked.last is not None):
        raise WrongRequest("give one of --time, --start and --last")
    end = moment(asked.end or "now", now)
    start = moment(asked.start, now) if asked.start is not None else end - length(asked.last or "")
    if end < start:
        raise WrongRequest("the end is before the start")
    step = length(asked.step) if asked.step else step_for(end - start)
    return Span(start_s=start, end_s=end, step_s=step)
