"""The overview, as all who may see the same share it. Knows no HTTP and no clock.

It is made anew when something is new, and no sooner than that costs little: many who look every second come
to no more work than one.
"""

import hashlib
import json
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import is_
from typing import Any, Final

from alertrules.rules.outcome import Active, State
from gateway.access.caller import Caller
from gateway.overview.figures import COURSES, VALUES, Asking, Courses
from gateway.query.service import Queries, Wishes
from gateway.registry.model import Agent, Status
from promql.values import Steps
from timeseries.matcher import Matcher

FRESH_MS: Final = 500
"""So long nothing is newer: with a look a second what an agent sent is seen within two."""

SHARE: Final = 4
"""What took long is kept so many times as long: looking takes a fifth of one core at most."""

STALE_MS: Final = 15_000
"""Then it is made anew even if nothing came: what is not heard of any more has to go."""

KEPT: Final = 32
"""Overviews that are kept: of so many scopes of tokens, and ranges."""

NO_SEVERITY: Final = "none"
EVERYWHERE: Final = ""
"""Stands for all hosts among names of hosts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is wanted: courses of so many points over so long; without points there are none."""

    range_ms: int
    points: int

    def steps(self, now_ms: int) -> Steps | None:
        """Return the steps of courses: whole ones, so that they stay as they are until the next."""
        if not self.points:
            return None
        step_ms = -(-self.range_ms // self.points // 1000) * 1000
        end_ms = now_ms // step_ms * step_ms
        return Steps(start_ms=end_ms - (self.points - 1) * step_ms, end_ms=end_ms, step_ms=step_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where it comes from; `version` is another one when samples came."""

    queries: Queries
    version: Callable[[], int]
    agents: Callable[[], Sequence[Agent]]
    alerts: Callable[[], Iterable[Active]]
    stopwatch: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """An overview as JSON, and a tag that only the same one has."""

    data: bytes
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for what, and when."""

    caller: Caller
    look: Look
    now_ms: int
    wishes: Wishes

    @property
    def steps(self) -> Steps | None:
        """The steps of courses."""
        return self.look.steps(self.now_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What an overview is made of, besides samples."""

    version: int
    steps: Steps | None
    agents: Sequence[Agent]
    alerts: Mapping[str, Any]

    def is_as(self, other: "_Seen") -> bool:
        """Tell whether it comes to the same. Agents are compared by what they are, not by their values:
        what is new about one makes another object of it.
        """
        return (
            (self.version, self.steps, self.alerts) == (other.version, other.steps, other.alerts)
            and len(self.agents) == len(other.agents)
            and all(map(is_, self.agents, other.agents))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """An overview, what it was made of and when, and how long it is good."""

    board: Board
    seen: _Seen
    made_ms: int
    until_ms: int
    courses: Courses
    problems: Sequence[str]
    """Why courses are missing."""


@dataclass(slots=True)
class _Place:
    """Where the newest overview of its kind is; one thread at a time makes another."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    made: _Made | None = None


class Boards:
    """Makes overviews, and keeps them while nothing is new."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._lock = threading.Lock()
        self._places: OrderedDict[tuple[tuple[Matcher, ...], Look], _Place] = OrderedDict()

    def look(self, asked: Asked) -> Board:
        """Return an overview of what the caller may see."""
        place = self._place(asked)
        before = place.made
        if before is not None and before.made_ms <= asked.now_ms < before.until_ms:
            return before.board
        # Who comes while it is being made gets the one before, if there is one.
        if not place.lock.acquire(blocking=before is None) and before is not None:
            return before.board
        try:
            made = place.made = self._made(asked, place.made)
            return made.board
        finally:
            place.lock.release()

    def _place(self, asked: Asked) -> _Place:
        with self._lock:
            key = (asked.caller.matchers, asked.look)
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            while len(self._places) > KEPT:
                self._places.popitem(last=False)
            return place

    def _made(self, asked: Asked, before: _Made | None) -> _Made:
        now_ms = asked.now_ms
        seen = self._seen(asked)
        if before is not None and 0 <= now_ms - before.made_ms < STALE_MS and seen.is_as(before.seen):
            return replace(before, until_ms=now_ms + FRESH_MS)
        started = self._sources.stopwatch()
        made = self._anew(asked, seen, before)
        took_ms = int((self._sources.stopwatch() - started) * 1000)
        return replace(made, until_ms=now_ms + max(FRESH_MS, took_ms * (SHARE + 1)))

    def _seen(self, asked: Asked) -> _Seen:
        # The version first: what comes while the rest is looked at is new the next time.
        sources, sees = self._sources, asked.caller.sees
        return _Seen(
            version=sources.version(),
            steps=asked.steps,
            agents=[agent for agent in sources.agents() if sees(agent.series_labels)],
            alerts=_counted(alert for alert in sources.alerts() if sees(alert.labels)),
        )

    def _anew(self, asked: Asked, seen: _Seen, before: _Made | None) -> _Made:
        now_ms, steps = asked.now_ms, seen.steps
        asking = Asking(self._sources.queries.confined(asked.caller.matchers), asked.wishes)
        now = Steps(start_ms=now_ms, end_ms=now_ms, step_ms=1)
        values, missing = asking.courses(VALUES, now)
        courses: Courses = {}
        problems: Sequence[str] = ()
        if before is not None and before.seen.steps == steps and not before.problems:
            courses = before.courses
        elif steps is not None:
            courses, problems = asking.courses(COURSES, steps)
        totals: dict[str, Any] = {status.value: 0 for status in Status}
        totals |= Counter(agent.life.status.value for agent in seen.agents)
        totals |= {"agents": len(seen.agents), "alerts": seen.alerts[EVERYWHERE]}
        told = {
            "time": now_ms / 1000,
            "agents": [_shown(agent, values, courses, seen) for agent in seen.agents],
            "series": None if steps is None else _window(steps),
            "totals": totals,
            "problems": [*missing, *problems],
        }
        data = json.dumps(told, separators=(",", ":")).encode()
        tag = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        return _Made(
            board=Board(data=data, tag=tag),
            seen=seen,
            made_ms=now_ms,
            until_ms=now_ms,
            courses=courses,
            problems=problems,
        )


def _counted(alerts: Iterable[Active]) -> dict[str, Any]:
    """Return how many alerts each host has, by its name; `EVERYWHERE` has those of all."""
    found: dict[str, Any] = {EVERYWHERE: {"firing": Counter(), "pending": 0}}
    for alert in alerts:
        for host in _places(alert):
            counts = found.setdefault(host, {"firing": Counter(), "pending": 0})
            if alert.state is State.FIRING:
                counts["firing"][alert.labels.get("severity") or NO_SEVERITY] += 1
            elif alert.state is State.PENDING:
                counts["pending"] += 1
    return found


def _places(alert: Active) -> Iterator[str]:
    yield EVERYWHERE
    host = alert.labels.get("instance")
    if host:
        yield host


_QUIET: Final[Mapping[str, object]] = {"firing": {}, "pending": 0}


def _shown(agent: Agent, values: Courses, courses: Courses, seen: _Seen) -> dict[str, object]:
    system, life, name = agent.facts.system, agent.life, agent.name
    shown: dict[str, object] = {
        "id": agent.id,
        "name": name,
        "status": life.status.value,
        "status_since": life.since_ms / 1000,
        "reasons": life.reasons,
        "last_heartbeat": life.seen_ms / 1000,
        "labels": dict(agent.labels),
        "groups": agent.edits.groups,
        "os": system.os,
        "kernel": system.kernel,
        "arch": system.arch,
        "cpu_cores": system.cpu_cores,
        "memory_bytes": system.memory_bytes,
        "boot_time": system.boot_time,
        "version": agent.facts.version,
        "values": {figure: hosts[name][0] if name in hosts else None for figure, hosts in values.items()},
        "alerts": seen.alerts.get(name, _QUIET),
    }
    if seen.steps is not None:
        nothing = [None] * len(seen.steps)
        shown["series"] = {figure: hosts.get(name, nothing) for figure, hosts in courses.items()}
    return shown


def _window(steps: Steps) -> dict[str, float]:
    return {"start": steps.start_ms / 1000, "end": steps.end_ms / 1000, "step": steps.step_ms / 1000}
