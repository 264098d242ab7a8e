"""Agents as routes below `/api/v1/agents` find them, and only those that the caller may see.

Owns the port to whoever keeps the list of agents.
"""

from collections.abc import Callable
from dataclasses import dataclass

import falcon

from gateway.http.caller import caller_of
from gateway.registry.errors import UnknownAgent
from gateway.registry.registry import Registry
from timeseries.labels import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An agent: its id, its name, and the labels that all its series have."""

    agent_id: str
    name: str
    labels: Labels


Seen = Callable[[Labels], bool]
"""Whether an agent with these labels is there for whoever asks."""

Find = Callable[[str, Seen], Known | None]
"""Finds an agent by its id or its name, among those that are seen."""


def known(registry: Registry, text: str, seen: Seen) -> Known | None:
    """Find an agent in the registry."""
    try:
        agent = registry.find(text, lambda agent: seen(agent.series_labels))
    except UnknownAgent:
        return None
    return Known(agent_id=agent.id, name=agent.name, labels=agent.series_labels)


def visible(req: falcon.Request, find: Find, text: str) -> Known | None:
    """Return an agent by its id or name, None if there is none for the caller."""
    return find(text, caller_of(req).sees)


def required(req: falcon.Request, find: Find, path: dict[str, str]) -> Known:
    """Return the agent that a path is about; raises 404."""
    agent = visible(req, find, path["id"])
    if agent is None:
        raise falcon.HTTPNotFound(description="There is no agent with this id or name")
    return agent
