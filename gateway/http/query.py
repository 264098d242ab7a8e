"""`/api/v1/query` and `/api/v1/query_range`: the answers to queries.

Owns their parameters. What a query may use, and how its answer is written, is for gateway.query.
"""

from collections.abc import Callable, Sequence
from typing import Final

import falcon

from gateway.http import envelope
from gateway.http.asked import (
    duration,
    duration_of,
    invalid,
    limit_of,
    moment,
    moment_or,
    required_duration,
)
from gateway.http.caller import caller_of
from gateway.http.errors import ApiError
from gateway.http.parameters import Parameters
from gateway.http.requestid import request_id_of
from gateway.http.server import WAITED
from gateway.query.answer import TRUNCATED, series_count, write_instant, write_range
from gateway.query.jsontext import encoded
from gateway.query.service import Queries, Timed, Wishes, WrongType
from promql.engine import Answer
from promql.errors import ParseError
from promql.values import Steps

MAX_STEPS: Final = 11_000
"""A minute's resolution for a week; more points than any chart has pixels. Prometheus' limit."""

MAX_ANNOTATIONS: Final = 10
"""How many warnings and infos are told; the rest is only counted. Prometheus' limit."""

MAX_LOOKBACK_MS: Final = 366 * 24 * 60 * 60 * 1000
"""Nobody means more, and times stay within 64 bits."""


class Query:
    """Answers a query at one time."""

    def __init__(self, queries: Queries, now_ms: Callable[[], int]) -> None:
        self._queries = queries
        self._now_ms = now_ms

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        parameters = Parameters.of(req)
        limit = limit_of(parameters)
        time_ms = moment_or(parameters, "time", self._now_ms())
        wishes = _wishes(parameters, req)
        queries = self._queries.confined(caller_of(req).matchers)
        try:
            with queries.instant(parameters.one("query") or "", time_ms, wishes) as timed:
                _answer(resp, parameters, timed, write_instant(timed.answer, limit), limit)
        except ParseError as error:
            raise invalid("query", str(error)) from error

    on_post = on_get


class QueryRange:
    """Answers a query at every step from start to end."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        parameters = Parameters.of(req)
        limit = limit_of(parameters)
        steps = steps_of(parameters)
        wishes = _wishes(parameters, req)
        queries = self._queries.confined(caller_of(req).matchers)
        try:
            with queries.range(parameters.one("query") or "", steps, wishes) as timed:
                _answer(resp, parameters, timed, write_range(timed.answer, limit), limit)
        except (ParseError, WrongType) as error:
            raise invalid("query", str(error)) from error

    on_post = on_get


def steps_of(parameters: Parameters) -> Steps:
    """Read start, end and step."""
    start, end = moment(parameters, "start"), moment(parameters, "end")
    if end < start:
        raise invalid("end", "end timestamp must not be before start time")
    step_s = required_duration(parameters.one("step") or "", "step")
    if step_s <= 0:
        raise invalid(
            "step", "zero or negative query resolution step widths are not accepted. Try a positive integer"
        )
    # A step below a millisecond counts as one, as all times are milliseconds.
    step = max(round(step_s * 1000), 1)
    if (end - start) // step > MAX_STEPS:
        raise ApiError(
            f"exceeded maximum resolution of {MAX_STEPS:,} points per timeseries. "
            "Try decreasing the query resolution (?step=XX)"
        )
    return Steps(start_ms=start, end_ms=end, step_ms=step)


def _wishes(parameters: Parameters, req: falcon.Request) -> Wishes:
    timeout_s = duration_of(parameters, "timeout")
    if timeout_s is not None and timeout_s < 0:
        raise invalid("timeout", "a query cannot end before it begins: it must not be negative")
    lookback = parameters.one("lookback_delta")
    try:
        lookback_ms = None if lookback is None else round(duration(lookback) * 1000)
    except ValueError as error:
        raise ApiError(f"error parsing lookback delta duration: {error}") from error
    if lookback_ms is not None and not 0 <= lookback_ms <= MAX_LOOKBACK_MS:
        raise ApiError("error parsing lookback delta duration: it must be from 0 to 366d")
    return Wishes(
        timeout_s=timeout_s,
        lookback_ms=lookback_ms,
        waited_s=req.env.get(WAITED, 0.0),
        caller=caller_of(req).name,
        request_id=request_id_of(req),
    )


def _answer(
    resp: falcon.Response, parameters: Parameters, timed: Timed, data: bytes, limit: int | None
) -> None:
    answer = timed.answer
    warnings = _some(answer.warnings, "warning")
    if limit is not None and series_count(answer) > limit:
        warnings = [*warnings, TRUNCATED]
    if parameters.one("stats"):
        data = b'%b,"stats":%b}' % (data[:-1], encoded(_stats(answer, timed)))
    resp.content_type = envelope.MEDIA_TYPE
    resp.data = envelope.written(data, warnings, _some(answer.infos, "info"))


def _some(texts: Sequence[str], kind: str) -> list[str]:
    left = len(texts) - MAX_ANNOTATIONS
    more = [f"{left} more {kind} annotations omitted"] if left > 0 else []
    return [*texts[:MAX_ANNOTATIONS], *more]


def _stats(answer: Answer, timed: Timed) -> dict[str, object]:
    """Prometheus' keys. Evaluation is one step here: preparing and sorting take no time of their own."""
    return {
        "timings": {
            "evalTotalTime": timed.seconds,
            "resultSortTime": 0,
            "queryPreparationTime": 0,
            "innerEvalTime": timed.seconds,
            "execQueueTime": timed.waited_s,
            "execTotalTime": timed.seconds + timed.waited_s,
        },
        "samples": {
            "totalQueryableSamples": answer.usage.samples,
            "peakSamples": answer.usage.peak_cells,
        },
    }
