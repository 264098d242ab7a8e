"""Which agent an alert is about, by the alert's labels. Knows no registry but what it is told."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from alertrules.alert import NOTHING
from gateway.registry.model import Agent
from timeseries.labels import Labels

NAMED_BY: Final = ("instance", "agent", "host", "hostname", "node", "nodename")
"""Labels that may name a host, the surest first."""


@dataclass(frozen=True, slots=True)
class Host:
    """An agent, by its id and its name, and the labels of its series: who sees these, sees its processes."""

    agent_id: str
    name: str
    labels: Labels = NOTHING


class Hosts:
    """Agents by all that labels may call them."""

    def __init__(self, agents: Iterable[Agent]) -> None:
        self._known: dict[str, Host] = {}
        named = list(agents)
        for agent in named:
            for other in (agent.facts.system.hostname, urlsplit(agent.facts.metrics_url).netloc):
                self._known[other] = _host(agent)
        # An agent's own name counts more than what another is also called.
        self._known |= {agent.name: _host(agent) for agent in named}
        self._known.pop("", None)

    def find(self, labels: Labels) -> Host | None:
        """Return the agent that labels name, by its name, its host's, or where it is scraped; or None.

        A port behind a name does not count.
        """
        for label in NAMED_BY:
            value = labels.get(label)
            for name in filter(None, (value, value.rpartition(":")[0])):
                if name in self._known:
                    return self._known[name]
        return None


def _host(agent: Agent) -> Host:
    return Host(agent.id, agent.name, agent.series_labels)
