"""Agents as targets for a Prometheus' http_sd_configs: which can be scraped, and their labels. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from gateway.registry.model import Agent, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where an agent is scraped, and what is told of it."""

    address: str
    labels: Mapping[str, str]


def targets(agents: Iterable[Agent], *, asker_is_local: bool) -> list[Target]:
    """Return the agents that can be scraped, in the order of their names.

    Those that stopped are left out. An agent that listens on loopback can only be scraped on its own machine:
    it is shown when both it and the asker are on the gateway's.
    """
    found = []
    for agent in sorted(agents, key=lambda agent: (agent.name, agent.id)):
        if agent.life.status is not Status.STOPPED:
            target = _target(agent, loopback=asker_is_local and agent.is_local)
            if target is not None:
                found.append(target)
    return found


def is_loopback(host: str) -> bool:
    """Tell whether only the machine itself reaches a host."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _target(agent: Agent, *, loopback: bool) -> Target | None:
    try:
        url = urlsplit(agent.facts.metrics_url)
        port = url.port
    except ValueError:
        return None
    if url.scheme not in ("http", "https") or not url.hostname:
        return None
    if is_loopback(url.hostname) and not loopback:
        return None
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    # Prometheus adds the usual port itself.
    address = host if port is None else f"{host}:{port}"
    labels = dict(agent.labels)
    labels.pop("job", None)
    said = {
        "agent_id": agent.id,
        "name": agent.name,
        "status": agent.life.status.value,
        "version": agent.facts.version,
        "hostname": agent.facts.system.hostname,
        # With commas around each, so that a regular expression finds one.
        "groups": f",{','.join(agent.edits.groups)}," if agent.edits.groups else "",
    }
    meta = {f"__meta_fleetgauge_{name}": value for name, value in said.items()}
    where = {"__scheme__": url.scheme, "__metrics_path__": url.path or "/metrics"}
    return Target(address=address, labels={**labels, "instance": agent.name, **where, **meta})
