"""`/api/v1/agents/{id}/processes`: snapshots come in, and questions about them are answered.

Owns parameters, headers and how answers look. What they come to is for gateway.history.
"""

from collections.abc import Callable
from typing import Final

import falcon

from gateway.history.archive import Archive
from gateway.history.errors import InvalidSnapshot, SnapshotTooLarge
from gateway.history.questions import ORDERS, Chosen, History, Point, busiest, changes, history
from gateway.history.reading import ENCODINGS, MAX_BODY_BYTES
from gateway.history.receiving import SnapshotReceiver
from gateway.history.shown import changed, row, told
from gateway.history.snapshot import MEASURES
from gateway.http import envelope
from gateway.http.asked import duration_of, invalid, limit_of, moment, moment_or, near
from gateway.http.caller import caller_of
from gateway.http.disk import RETRY_AFTER_S, reading
from gateway.http.errors import ApiError, capital
from gateway.http.known import Find, required
from gateway.http.parameters import Parameters, time_ms
from gateway.storage.errors import StorageUnavailable

HOUR_MS: Final = 3_600_000
"""The time that a question is about, unless it says more."""

MAX_TIMES: Final = 50_000
"""A week of snapshots every 15 s, and some more."""

MAX_POINTS: Final = 11_000
"""Of one history, when a step is given: as many as a query may have."""

KEPT, REPEATED, REFUSED, UNKNOWN, FAILED = "kept", "repeated", "refused", "unknown_agent", "failed"
OUTCOMES: Final = (KEPT, REPEATED, REFUSED, UNKNOWN, FAILED)
"""What becomes of a snapshot."""

Clock = Callable[[], int]


class Processes:
    """The table at a time; and where agents send it."""

    def __init__(
        self,
        archive: Archive,
        receiver: SnapshotReceiver,
        find: Find,
        received: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._archive = archive
        self._receiver = receiver
        self._find = find
        self._received = received

    def on_get(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        agent = required(req, self._find, path)
        parameters = Parameters.of(req)
        order, limit = _order(parameters), limit_of(parameters)
        at_ms = near(moment_or(parameters, "at", self._receiver.now_ms()))
        with reading():
            found = self._archive.at(agent.agent_id, at_ms)
            end_ms = at_ms if found is None else found.time_ms
            earlier = None if found is None else self._archive.at(agent.agent_id, end_ms - 1)
            later = self._archive.next_after(agent.agent_id, end_ms)
        data: dict[str, object] = {
            "agent": agent.name,
            "time": None,
            "previous": None if earlier is None else earlier.time_ms / 1000,
            "next": None if later is None else later / 1000,
        }
        if found is not None:
            data |= told(found) | {"processes": [row(one) for one in busiest(found.processes, order)[:limit]]}
        _answer(resp, data)

    def on_post(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        outcome = FAILED
        try:
            outcome = KEPT if self._take(req, path["id"]) else REPEATED
        except falcon.HTTPNotFound:
            outcome = UNKNOWN
            raise
        except falcon.HTTPServiceUnavailable:
            raise
        except falcon.HTTPError:
            outcome = REFUSED
            raise
        finally:
            self._received(outcome)
        _answer(resp, {})

    def _take(self, req: falcon.Request, agent_id: str) -> bool:
        # Only an id will do here: a name may be another's tomorrow.
        agent = self._find(agent_id, lambda _: True)
        if agent is None or agent.agent_id != agent_id:
            raise falcon.HTTPNotFound(description="There is no agent with this id: it has to register first")
        caller = caller_of(req)
        if not caller.may_act_for(agent.name):
            raise falcon.HTTPForbidden(
                description=f"{capital(caller.name)} may not speak for an agent named {agent.name}"
            )
        encoding = req.get_header("Content-Encoding", default="identity").strip().lower()
        if encoding not in ENCODINGS:
            raise falcon.HTTPUnsupportedMediaType(
                description=f"The Content-Encoding must be one of {', '.join(ENCODINGS)}"
            )
        try:
            return self._receiver.receive(agent_id, req.bounded_stream.read(MAX_BODY_BYTES + 1), encoding)
        except SnapshotTooLarge as error:
            raise falcon.HTTPContentTooLarge(description=f"The snapshot was refused: {error}") from error
        except InvalidSnapshot as error:
            raise falcon.HTTPBadRequest(description=f"The snapshot was refused: {error}") from error
        except StorageUnavailable as error:
            raise falcon.HTTPServiceUnavailable(
                description=f"Nothing can be kept: {error}", retry_after=RETRY_AFTER_S
            ) from error


class _OverTime:
    """A question about the processes of an agent between two times."""

    def __init__(self, archive: Archive, find: Find, now_ms: Clock) -> None:
        self._archive = archive
        self._find = find
        self._now_ms = now_ms


class ProcessTimes(_OverTime):
    """Which snapshots there are."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        agent = required(req, self._find, path)
        parameters = Parameters.of(req)
        start_ms, end_ms = _span(parameters, self._now_ms())
        limit = min(limit_of(parameters) or MAX_TIMES, MAX_TIMES)
        times: set[int] = set()
        with reading():
            for chunk in self._archive.chunks(agent.agent_id, start_ms, end_ms):
                times.update(chunk.times[(chunk.times >= start_ms) & (chunk.times <= end_ms)].tolist())
                if len(times) > limit:
                    break
        found = sorted(times)
        _answer(
            resp,
            {
                "agent": agent.name,
                "times": [time_ms / 1000 for time_ms in found[:limit]],
                "truncated": len(found) > limit,
            },
        )


class ProcessHistory(_OverTime):
    """One process over time, or all of a name."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        agent = required(req, self._find, path)
        parameters = Parameters.of(req)
        chosen = _chosen(parameters)
        start_ms, end_ms = _span(parameters, self._now_ms())
        step_ms = _step(parameters, end_ms - start_ms)
        with reading():
            chunks = self._archive.chunks(agent.agent_id, start_ms, end_ms)
            found = history(chunks, chosen, start_ms, end_ms, step_ms)
        _answer(resp, {"agent": agent.name, **_drawn(found)})


class ProcessChanges(_OverTime):
    """What is different at the end of a time from its beginning."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        agent = required(req, self._find, path)
        parameters = Parameters.of(req)
        order, limit = _order(parameters), limit_of(parameters)
        start_ms, end_ms = _span(parameters, self._now_ms())
        with reading():
            before = self._archive.at(agent.agent_id, start_ms)
            after = self._archive.at(agent.agent_id, end_ms)
        data: dict[str, object] = {
            "agent": agent.name,
            "from": None if before is None else told(before),
            "to": None if after is None else told(after),
        }
        if before is not None and after is not None:
            data |= changed(changes(before, after, order), before.time_ms, limit)
        _answer(resp, data)


# --- what was asked ---


def _span(parameters: Parameters, now_ms: int) -> tuple[int, int]:
    end_ms = near(moment_or(parameters, "to", now_ms))
    start_ms = near(moment_or(parameters, "from", end_ms - HOUR_MS))
    if start_ms > end_ms:
        raise invalid("to", "it must not be before from")
    return start_ms, end_ms


def _order(parameters: Parameters) -> str:
    order = parameters.one("sort") or "cpu"
    if order not in ORDERS:
        raise invalid("sort", f"must be one of {', '.join(ORDERS)}")
    return order


def _chosen(parameters: Parameters) -> Chosen:
    pid, name = parameters.one("pid"), parameters.one("name")
    if (pid is None) == (name is None):
        raise ApiError("give either pid and start, as a table of processes has them, or name")
    if name is not None:
        return Chosen(name=name)
    if not (pid and pid.isascii() and pid.isdigit() and len(pid) <= 15):
        raise invalid("pid", "it must be a whole number")
    start = parameters.one("start")
    if start is None or time_ms(start) is None:
        raise invalid("start", "it must say when the process started, as a table of processes has it")
    return Chosen(pid=int(pid), start_ms=near(moment(parameters, "start")))


def _step(parameters: Parameters, span_ms: int) -> int:
    step_s = duration_of(parameters, "step")
    if step_s is None:
        return 0
    if step_s <= 0:
        raise invalid("step", "it must be more than 0")
    step_ms = max(round(step_s * 1000), 1)
    if span_ms // step_ms > MAX_POINTS:
        raise ApiError(f"more than {MAX_POINTS:,} points. Try a larger step")
    return step_ms


# --- what is shown of a history ---


def _drawn(found: History) -> dict[str, object]:
    return {
        "step": found.step_ms / 1000,
        "points": [_point(point) for point in found.points],
        "processes": [
            {
                "pid": life.identity.pid,
                "start": life.identity.start_ms / 1000,
                **life.identity.program._asdict(),
                "first": life.first_ms / 1000,
                "last": life.last_ms / 1000,
            }
            for life in found.lives
        ],
    }


def _point(point: Point) -> dict[str, object]:
    return {
        "time": point.time_ms / 1000,
        "snapshots": point.snapshots,
        "processes": point.processes,
        "cpu": _rounded(point.cpu, MEASURES["cpu"]),
        "cpu_max": _rounded(point.cpu_max, MEASURES["cpu"]),
        "rss": _rounded(point.rss),
        "rss_max": _rounded(point.rss_max),
        "read": _rounded(point.read),
        "write": _rounded(point.write),
    }


def _rounded(value: float | None, scale: int = 1) -> float | None:
    if value is None:
        return None
    return round(value) if scale == 1 else round(value / scale, 2)


def _answer(resp: falcon.Response, data: object) -> None:
    resp.content_type = envelope.MEDIA_TYPE
    resp.data = envelope.success(data)
