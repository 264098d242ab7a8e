"""`/api/v1/agents/compare` and `/api/v1/agents/{id}/stats`: hosts beside each other, and now beside then.

Owns parameters, limits and how answers look. What measures come to is for gateway.compare.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final

import falcon

from gateway.compare.comparing import Comparer, Course, SeveralSeries
from gateway.compare.measures import INSTANCE, MEASURES, Measure, own
from gateway.http import envelope
from gateway.http.asked import duration_of, invalid, moment_or, near
from gateway.http.caller import caller_of
from gateway.http.errors import ApiError
from gateway.http.known import Find, required, visible
from gateway.http.parameters import Parameters
from gateway.http.query import MAX_STEPS
from gateway.http.requestid import request_id_of
from gateway.http.server import WAITED
from gateway.query.service import Wishes, WrongType
from promql.errors import ParseError
from promql.values import Steps
from timeseries.matcher import Matcher

HOUR_MS: Final = 3_600_000
"""The time that is compared, unless it is said."""

STEPS: Final = 1_000
"""So many values are drawn at most, unless a step is given; more than charts have pixels for."""
STEP_MS: Final = 15_000
"""The distance of samples as agents send them: nothing is to be seen in between."""

MAX_AGENTS: Final = 50
MAX_VALUES: Final = 150_000
"""Of one answer: some 3 MB. Each agent, and each time, has a value a step."""

MAX_OFFSET_S: Final = 5 * 366 * 86_400

Clock = Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Which times: now, and so much earlier, if that is to be compared."""

    steps: Steps
    offset_ms: int
    wishes: Wishes
    matchers: tuple[Matcher, ...]

    @property
    def earlier(self) -> Steps:
        """The steps to compare with."""
        steps = self.steps
        return Steps(
            start_ms=steps.start_ms - self.offset_ms,
            end_ms=steps.end_ms - self.offset_ms,
            step_ms=steps.step_ms,
        )


class Compare:
    """One measure of several hosts."""

    def __init__(self, comparer: Comparer, find: Find, now_ms: Clock) -> None:
        self._comparer = comparer
        self._find = find
        self._now_ms = now_ms

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        parameters = Parameters.of(req)
        names = _names(parameters, "agents")
        if not 0 < len(names) <= MAX_AGENTS:
            raise invalid("agents", f"name from 1 to {MAX_AGENTS}, with commas between them")
        metric, measure = _measure(parameters)
        asked = _asked(parameters, req, self._now_ms(), len(names))
        draw = _Drawing(self._comparer, asked)
        rows, unknown = [], []
        for name in names:
            agent = visible(req, self._find, name)
            if agent is None:
                unknown.append(name)
                continue
            rows.append({"id": agent.agent_id, "name": agent.name, **draw.courses(measure, agent.name)})
        _answer(
            resp,
            {
                "metric": metric,
                "unit": measure.unit,
                "expression": measure.expression,
                **_window(asked),
                "agents": rows,
                "unknown": unknown,
            },
        )


class Stats:
    """Several measures of one host."""

    def __init__(self, comparer: Comparer, find: Find, now_ms: Clock) -> None:
        self._comparer = comparer
        self._find = find
        self._now_ms = now_ms

    def on_get(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        agent = required(req, self._find, path)
        parameters = Parameters.of(req)
        chosen = {name: _named(name) for name in _names(parameters, "metrics")} or MEASURES
        asked = _asked(parameters, req, self._now_ms(), len(chosen))
        draw = _Drawing(self._comparer, asked)
        metrics = {
            name: {"unit": measure.unit, **draw.courses(measure, agent.name)}
            for name, measure in chosen.items()
        }
        _answer(resp, {"id": agent.agent_id, "name": agent.name, **_window(asked), "metrics": metrics})


# --- what was asked ---


def _names(parameters: Parameters, name: str) -> list[str]:
    parts = (part.strip() for text in parameters.all(name) for part in text.split(","))
    return list(dict.fromkeys(filter(None, parts)))


def _measure(parameters: Parameters) -> tuple[str | None, Measure]:
    metric, expression = parameters.one("metric"), parameters.one("expr")
    if metric is not None and expression is None:
        return metric, _named(metric)
    if metric is None and expression is not None:
        return None, own(expression)
    raise ApiError(f"give either metric, one of {', '.join(MEASURES)}; or expr, with {INSTANCE} in it")


def _named(metric: str) -> Measure:
    measure = MEASURES.get(metric)
    if measure is None:
        raise invalid("metric", f"there is no {metric}. There are {', '.join(MEASURES)}")
    return measure


def _asked(parameters: Parameters, req: falcon.Request, now_ms: int, rows: int) -> _Asked:
    end_ms = near(moment_or(parameters, "end", now_ms))
    start_ms = near(moment_or(parameters, "start", end_ms - HOUR_MS))
    if end_ms < start_ms:
        raise invalid("end", "end timestamp must not be before start time")
    offset_s = duration_of(parameters, "offset") or 0.0
    if not 0 <= offset_s <= MAX_OFFSET_S:
        raise invalid("offset", "it must be from 0 to 5y: how much earlier the time is to compare with")
    step_s = duration_of(parameters, "step")
    if step_s is not None and step_s <= 0:
        raise invalid("step", "it must be more than 0")
    step_ms = _usual_step(end_ms - start_ms) if step_s is None else max(round(step_s * 1000), 1)
    many = (end_ms - start_ms) // step_ms + 1
    courses = rows * (2 if offset_s else 1)
    if many > MAX_STEPS + 1 or many * courses > MAX_VALUES:
        raise ApiError(
            f"{many:,} values for each of {courses}: at most {MAX_STEPS + 1:,}, and {MAX_VALUES:,} in all. "
            "Try a larger step"
        )
    return _Asked(
        steps=Steps(start_ms=start_ms, end_ms=end_ms, step_ms=step_ms),
        offset_ms=round(offset_s * 1000),
        wishes=Wishes(
            waited_s=req.env.get(WAITED, 0.0), caller=caller_of(req).name, request_id=request_id_of(req)
        ),
        matchers=caller_of(req).matchers,
    )


def _usual_step(span_ms: int) -> int:
    """Return the distance of samples, or as many times as much as makes the values few."""
    return STEP_MS * max(-(-span_ms // (STEP_MS * STEPS)), 1)


# --- what it comes to ---


class _Drawing:
    """Draws all courses of one answer, which together may take as long as one query."""

    def __init__(self, comparer: Comparer, asked: _Asked) -> None:
        self._comparer = comparer
        self._asked = asked
        self._took_s = 0.0

    def courses(self, measure: Measure, instance: str) -> Mapping[str, object]:
        """Return a measure of one host: now, and before if that is asked for."""
        asked = self._asked
        try:
            now = self._course(measure, instance, asked.steps)
            if not asked.offset_ms:
                return _told(now)
            before = self._course(measure, instance, asked.earlier)
        except (ParseError, WrongType, SeveralSeries) as error:
            raise invalid("expr", str(error)) from error
        return {**_told(now), "before": _told(before), "change": _change(now, before)}

    def _course(self, measure: Measure, instance: str, steps: Steps) -> Course:
        asked = self._asked
        wishes = replace(asked.wishes, waited_s=asked.wishes.waited_s + self._took_s)
        course = self._comparer.course(measure, instance, steps, asked.matchers, wishes)
        self._took_s += course.seconds
        return course


def _told(course: Course) -> dict[str, object]:
    return {"statistics": asdict(course.statistics), "values": course.values}


def _change(now: Course, before: Course) -> dict[str, float | None]:
    """By how much the average is another; per cent of what it was."""
    new, old = now.statistics.average, before.statistics.average
    if new is None or old is None:
        return {"average": None, "percent": None}
    return {"average": new - old, "percent": 100 * (new - old) / abs(old) if old else None}


def _window(asked: _Asked) -> dict[str, object]:
    steps = asked.steps
    return {
        "start": steps.start_ms / 1000,
        "end": steps.end_ms / 1000,
        "step": steps.step_ms / 1000,
        "offset": asked.offset_ms / 1000,
        "times": [time_ms / 1000 for time_ms in steps.times.tolist()],
    }


def _answer(resp: falcon.Response, data: object) -> None:
    resp.content_type = envelope.MEDIA_TYPE
    resp.data = envelope.success(data)
