"""`/api/v1/agents`: the list of agents, what they say of themselves, what people add, what happened.

Owns bodies and parameters, and who may see and say what. What follows from it is for gateway.registry.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Final

import falcon

from gateway.access.caller import Caller
from gateway.http import envelope
from gateway.http.caller import caller_of
from gateway.http.errors import capital
from gateway.http.parameters import Parameters, bad
from gateway.registry import messages
from gateway.registry.discovery import is_loopback, targets
from gateway.registry.errors import BadMessage, RegistryError, UnknownAgent
from gateway.registry.model import Agent, Event, Status
from gateway.registry.registry import Registry
from gateway.storage.errors import StorageUnavailable

MAX_LISTED: Final = 100_000
"""Of agents: more than there may be by far."""

EVENTS: Final = 100
MAX_EVENTS: Final = 5000
"""Listed when nothing else is asked for, and at most."""

RETRY_AFTER_S: Final = 5
"""A full disk is seldom mended sooner."""

_SORTS: Final[dict[str, Callable[[Agent], Any]]] = {
    "name": lambda agent: agent.name,
    "status": lambda agent: (list(Status).index(agent.life.status), agent.name),
    "last_heartbeat": lambda agent: agent.life.seen_ms,
    "cpu": lambda agent: agent.life.vitals.cpu_percent if agent.life.vitals else 0.0,
    "memory": lambda agent: agent.life.vitals.memory_bytes if agent.life.vitals else 0,
}

_TELL_OF_OTHERS: Final = frozenset(("name_conflict", "replaced"))
"""Kinds of events whose detail has the id of another agent."""

Counted = Callable[[str, str], None]
"""Told of a registration or heartbeat: which, and what became of it."""


class Agents:
    """All agents that the caller may see, those first that are asked for."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        parameters = Parameters.of(req)
        found = _chosen(_visible(self._registry, caller_of(req)), parameters)
        _answer(resp, [_shown(self._registry, agent, caller_of(req)) for agent in found])


class Register:
    """Takes agents in, or what is new about them."""

    def __init__(self, registry: Registry, now_ms: Callable[[], int], counted: Counted) -> None:
        self._registry = registry
        self._now_ms = now_ms
        self._counted = counted

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        with _counting(self._counted, "registration"):
            facts = messages.registration(_body(req))
            caller = caller_of(req)
            _may_act(caller, facts.name)
            known = self._registry.by_id(facts.agent_id)
            if known is not None:
                _may_act(caller, known.name)
            agent = self._registry.register(
                facts, is_local=is_loopback(req.remote_addr), now_ms=self._now_ms()
            )
        interval_s = self._registry.interval_s(agent)
        _answer(resp, {"agent_id": agent.id, "heartbeat_interval_s": interval_s})


class Heartbeat:
    """Takes signs of life. Only an id will do here: a name may be another's tomorrow."""

    def __init__(self, registry: Registry, now_ms: Callable[[], int], counted: Counted) -> None:
        self._registry = registry
        self._now_ms = now_ms
        self._counted = counted

    def on_post(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        with _counting(self._counted, "heartbeat"):
            known = self._registry.by_id(path["id"])
            if known is None:
                raise UnknownAgent("There is no agent with this id: it has to register first")
            _may_act(caller_of(req), known.name)
            vitals = messages.heartbeat(_body(req))
            agent = self._registry.heartbeat(known.id, vitals, now_ms=self._now_ms())
        _answer(resp, {"heartbeat_interval_s": self._registry.interval_s(agent)})


class OneAgent:
    """One agent, by its id or its name."""

    def __init__(self, registry: Registry, now_ms: Callable[[], int], forget: Callable[[str], None]) -> None:
        """`forget` drops what is kept of an agent elsewhere: its id may be another's tomorrow."""
        self._registry = registry
        self._now_ms = now_ms
        self._forget = forget

    def on_get(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        _answer(resp, _shown(self._registry, _found(self._registry, req, path), caller_of(req)))

    def on_patch(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        agent = _found(self._registry, req, path)
        body = _body(req)
        with _durably():
            changed = self._registry.edit(
                agent.id, lambda before: messages.edited(body, before), now_ms=self._now_ms()
            )
        _answer(resp, _shown(self._registry, changed, caller_of(req)))

    def on_delete(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        agent = _found(self._registry, req, path)
        with _durably():
            self._forget(agent.id)
            self._registry.remove(agent.id)
        resp.status = falcon.HTTP_204


class AgentEvents:
    """What happened to one agent, the newest first."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def on_get(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        agent = _found(self._registry, req, path)
        _answer(resp, _events(self._registry, req, lambda _: True, agent.id))


class AllEvents:
    """What happened to all agents that the caller may see, the newest first."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        seen = {agent.id for agent in _visible(self._registry, caller_of(req))}
        _answer(resp, _events(self._registry, req, seen.__contains__, None))


class Discovery:
    """Agents as targets, in the form of Prometheus' http_sd_configs: a list, without our envelope."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        agents = _chosen(_visible(self._registry, caller_of(req)), Parameters.of(req))
        found = targets(agents, asker_is_local=is_loopback(req.remote_addr))
        resp.content_type = envelope.MEDIA_TYPE
        resp.data = json.dumps([{"targets": [one.address], "labels": one.labels} for one in found]).encode()


# --- who may ---


def may_see(caller: Caller, agent: Agent) -> bool:
    """Whether the series about an agent are among those that the caller may read."""
    return not caller.matchers or caller.sees(agent.series_labels)


def _visible(registry: Registry, caller: Caller) -> list[Agent]:
    return [agent for agent in registry.agents() if may_see(caller, agent)]


def _found(registry: Registry, req: falcon.Request, path: dict[str, str]) -> Agent:
    caller = caller_of(req)
    return registry.find(path["id"], lambda agent: may_see(caller, agent))


def _may_act(caller: Caller, name: str) -> None:
    if not caller.may_act_for(name):
        raise falcon.HTTPForbidden(
            description=f"{capital(caller.name)} may not speak for an agent named {name}"
        )


# --- what was asked ---


def _body(req: falcon.Request) -> bytes:
    body: bytes = req.bounded_stream.read(messages.MAX_BODY_BYTES + 1)
    if len(body) > messages.MAX_BODY_BYTES:
        raise falcon.HTTPContentTooLarge(
            description=f"The body is larger than {messages.MAX_BODY_BYTES >> 10} KiB"
        )
    return body


def _chosen(agents: list[Agent], parameters: Parameters) -> list[Agent]:
    """Return those that fit all parameters, in the order that is asked for."""
    statuses = parameters.all("status")
    if unknown := set(statuses) - set(Status):
        raise bad(f'Parameter "status" must be one of {", ".join(Status)}, got "{min(unknown)}"')
    labels = [_label(text) for text in parameters.all("label")]
    groups = set(parameters.all("group"))
    text = (parameters.one("q") or "").lower()
    found = [
        agent
        for agent in agents
        if (not statuses or agent.life.status in statuses)
        and (not labels or all(agent.labels.get(name) == value for name, value in labels))
        and groups.issubset(agent.edits.groups)
        and (not text or text in _searched(agent))
    ]
    order = parameters.one("sort") or "name"
    key = _SORTS.get(order.removeprefix("-"))
    if key is None:
        raise bad(f'Parameter "sort" must be one of {", ".join(_SORTS)}, with a - before it for the reverse')
    found.sort(key=lambda agent: (agent.name, agent.id))
    found.sort(key=key, reverse=order.startswith("-"))
    return found[: parameters.positive("limit", MAX_LISTED, MAX_LISTED)]


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise bad(f'Parameter "label" must be NAME=VALUE, got "{text}"')
    return name, value


def _searched(agent: Agent) -> str:
    values = (value for pair in agent.labels for value in pair)
    words = (agent.name, agent.id, agent.facts.system.hostname, *values, *agent.edits.groups)
    return "\n".join(words).lower()


def _events(
    registry: Registry, req: falcon.Request, wanted: Callable[[str], bool], agent_id: str | None
) -> list[object]:
    parameters = Parameters.of(req)
    before = parameters.one("before")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) <= 18):
        raise bad(f'Parameter "before" must be the id of an event, got "{before}"')
    found = registry.events(
        wanted,
        agent_id=agent_id,
        before=None if before is None else int(before),
        limit=parameters.positive("limit", EVENTS, MAX_EVENTS),
    )
    return [_shown_event(event, caller_of(req)) for event in found]


@contextmanager
def _counting(counted: Counted, what: str) -> Iterator[None]:
    """Count what became of something that an agent says."""
    try:
        with _durably():
            yield
    except UnknownAgent:
        counted(what, "unknown")
        raise
    except BadMessage:
        counted(what, "malformed")
        raise
    except (RegistryError, falcon.HTTPError):
        counted(what, "refused")
        raise
    counted(what, "taken")


@contextmanager
def _durably() -> Iterator[None]:
    try:
        yield
    except StorageUnavailable as error:
        raise falcon.HTTPServiceUnavailable(
            description=f"It can't be kept: {error}", retry_after=RETRY_AFTER_S
        ) from error


# --- what is shown ---


def _answer(resp: falcon.Response, data: object) -> None:
    resp.content_type = envelope.MEDIA_TYPE
    resp.data = envelope.success(data)


def _shown(registry: Registry, agent: Agent, caller: Caller) -> dict[str, object]:
    """Return an agent as it is shown to someone; times are in seconds since 1970."""
    facts, life, vitals = agent.facts, agent.life, agent.life.vitals
    return {
        "id": agent.id,
        "name": agent.name,
        "status": life.status.value,
        "status_since": life.since_ms / 1000,
        "reasons": life.reasons,
        "last_heartbeat": life.seen_ms / 1000,
        "labels": dict(agent.labels),
        "own_labels": dict(facts.labels),
        "added_labels": dict(agent.edits.labels),
        "groups": agent.edits.groups,
        "same_name": [each.id for each in registry.namesakes(agent) if may_see(caller, each)],
        "skew_s": None if life.skew_s is None else round(life.skew_s, 3),
        "first_seen": agent.first_ms / 1000,
        "version": facts.version,
        "pid": facts.pid,
        "started_at": facts.started_at,
        "system": asdict(facts.system),
        "metrics_url": facts.metrics_url,
        "heartbeat_interval_s": registry.interval_s(agent),
        "collectors": facts.collectors,
        "cpu_percent": vitals.cpu_percent if vitals else None,
        "memory_bytes": vitals.memory_bytes if vitals else None,
        "spool": {"bytes": vitals.spool_bytes, "oldest_s": vitals.spool_oldest_s} if vitals else None,
        "failing_collectors": vitals.failing_collectors if vitals else (),
        "last_error": vitals.last_error if vitals else "",
    }


def _shown_event(event: Event, caller: Caller) -> dict[str, object]:
    hidden = bool(caller.matchers) and event.kind in _TELL_OF_OTHERS
    return {
        "id": event.id,
        "agent_id": event.agent_id,
        "name": event.name,
        "time": event.time_ms / 1000,
        "kind": event.kind,
        "status": event.status.value,
        "detail": "" if hidden else event.detail,
    }
