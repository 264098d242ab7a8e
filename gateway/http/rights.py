"""The table of rights: what each route asks of whoever calls it. What is not in it answers to nobody.

A route answers to callers who are confined to some series only if its row says that it keeps to that: whoever
adds a route to `confinable` has made it look at `caller_of(req).matchers` or `sees`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.access.caller import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a method of a route asks for."""

    right: Right | None
    """None: nothing but to be known."""
    known: bool = True
    """Whether it must be known who calls."""
    confinable: bool = False
    """Whether it shows those who are confined to some series no others."""
    audited: bool = False
    """Whether each call is a change that the audit keeps."""


PUBLIC: Final = Demand(right=None, known=False, confinable=True)
KNOWN: Final = Demand(right=None, confinable=True)
READ: Final = Demand(right=Right.READ)
CONFINED: Final = Demand(right=Right.READ, confinable=True)
INGEST: Final = Demand(right=Right.INGEST)
EDIT: Final = Demand(right=Right.EDIT, audited=True)
TELL: Final = Demand(right=Right.EDIT)
"""For a Prometheus that tells its alerts, again and again: no change that the audit should keep."""
TRY: Final = Demand(right=Right.EDIT)
"""For an editor's text, checked while someone types: no change that the audit should keep."""
ADMIN: Final = Demand(right=Right.ADMIN, audited=True)
SECRET: Final = Demand(right=Right.ADMIN)
"""To look at what only admins may see: no change."""

RIGHTS: Final[Mapping[str, Mapping[str, Demand]]] = {
    "/-/healthy": {"GET": PUBLIC},
    "/-/ready": {"GET": PUBLIC},
    "/-/reload": {"POST": ADMIN, "PUT": ADMIN},
    "/openapi.json": {"GET": KNOWN},
    "/docs": {"GET": KNOWN},
    "/metrics": {"GET": READ},
    # Pages. What they show they ask for as whoever looks at them.
    "/": {"GET": PUBLIC},
    "/agents/{name}": {"GET": PUBLIC},
    "/compare": {"GET": PUBLIC},
    "/alerts": {"GET": PUBLIC},
    "/explore": {"GET": PUBLIC},
    "/status": {"GET": PUBLIC},
    "/login": {"GET": PUBLIC},
    "/assets/{file}": {"GET": PUBLIC},
    # Access.
    "/api/v1/login": {"POST": PUBLIC},
    "/api/v1/logout": {"POST": PUBLIC},
    "/api/v1/whoami": {"GET": KNOWN},
    "/api/v1/tokens": {"GET": SECRET, "POST": ADMIN},
    "/api/v1/tokens/{token_id}": {"DELETE": ADMIN},
    "/api/v1/users": {"GET": SECRET, "POST": ADMIN},
    "/api/v1/users/{name}": {"DELETE": ADMIN},
    "/api/v1/users/{name}/password": {"POST": ADMIN},
    "/api/v1/audit": {"GET": SECRET},
    # Alerts.
    "/api/v1/alerts/history": {"GET": CONFINED},
    "/api/v1/alerts/history/{number}": {"GET": CONFINED},
    "/api/v1/alerts/statistics": {"GET": CONFINED},
    "/api/v1/notifications": {"GET": READ},
    "/api/v1/notifications/test": {"POST": EDIT},
    "/api/v2/status": {"GET": READ},
    "/api/v2/receivers": {"GET": READ},
    "/api/v2/alerts": {"GET": CONFINED, "POST": TELL},
    "/api/v2/alerts/groups": {"GET": CONFINED},
    "/api/v2/silences": {"GET": READ, "POST": EDIT},
    "/api/v2/silence/{id}": {"GET": READ, "DELETE": EDIT},
    # Agents.
    "/api/v1/agents": {"GET": CONFINED},
    "/api/v1/agents/register": {"POST": INGEST},
    "/api/v1/agents/events": {"GET": CONFINED},
    "/api/v1/agents/{id}": {"GET": CONFINED, "PATCH": EDIT, "DELETE": EDIT},
    "/api/v1/agents/{id}/heartbeat": {"POST": INGEST},
    "/api/v1/agents/{id}/events": {"GET": CONFINED},
    "/api/v1/agents/{id}/processes": {"GET": CONFINED, "POST": INGEST},
    "/api/v1/agents/{id}/processes/times": {"GET": CONFINED},
    "/api/v1/agents/{id}/processes/history": {"GET": CONFINED},
    "/api/v1/agents/{id}/processes/changes": {"GET": CONFINED},
    "/api/v1/agents/{id}/stats": {"GET": CONFINED},
    "/api/v1/agents/compare": {"GET": CONFINED},
    "/api/v1/sd/agents": {"GET": CONFINED},
    "/api/v1/overview": {"GET": CONFINED},
    # Samples in and out.
    "/api/v1/write": {"POST": INGEST},
    "/api/v1/push": {"POST": INGEST},
    "/api/v1/read": {"POST": CONFINED},
    "/federate": {"GET": CONFINED},
    # Prometheus' API.
    "/api/v1/query": {"GET": CONFINED, "POST": CONFINED},
    "/api/v1/query_range": {"GET": CONFINED, "POST": CONFINED},
    "/api/v1/query_exemplars": {"GET": CONFINED, "POST": CONFINED},
    "/api/v1/series": {"GET": CONFINED, "POST": CONFINED},
    "/api/v1/labels": {"GET": CONFINED, "POST": CONFINED},
    "/api/v1/label/{name}/values": {"GET": CONFINED},
    "/api/v1/metadata": {"GET": CONFINED},
    "/api/v1/format_query": {"GET": CONFINED, "POST": CONFINED},
    "/api/v1/parse_query": {"GET": CONFINED, "POST": CONFINED},
    "/api/v1/targets": {"GET": READ},
    "/api/v1/targets/metadata": {"GET": READ},
    # Rules and alerts may tell of all series: who is confined to some sees none.
    "/api/v1/rules": {"GET": READ},
    "/api/v1/rules/backtest": {"POST": CONFINED},
    "/api/v1/alerts": {"GET": READ},
    "/api/v1/rules/managed": {"GET": READ},
    "/api/v1/rules/managed/{name}": {"GET": READ, "PUT": EDIT, "POST": EDIT, "DELETE": EDIT},
    "/api/v1/rules/check": {"POST": TRY},
    "/api/v1/alertmanagers": {"GET": READ},
    "/api/v1/status/buildinfo": {"GET": CONFINED},
    "/api/v1/status/runtimeinfo": {"GET": READ},
    "/api/v1/status/tsdb": {"GET": READ},
    "/api/v1/status/config": {"GET": SECRET},
    "/api/v1/status/flags": {"GET": SECRET},
    "/api/v1/admin/tsdb/delete_series": {"POST": ADMIN, "PUT": ADMIN},
    "/api/v1/admin/tsdb/clean_tombstones": {"POST": ADMIN, "PUT": ADMIN},
}


def demand_of(template: str, method: str, rights: Mapping[str, Mapping[str, Demand]]) -> Demand | None:
    """Return what a method of a route asks for: HEAD as GET does, OPTIONS nothing; None is a no."""
    if method == "OPTIONS":
        return PUBLIC
    return rights.get(template, {}).get("GET" if method == "HEAD" else method)
