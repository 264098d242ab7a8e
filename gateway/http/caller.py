"""Who sent a request, as the doorkeeper found out, and what the audit is to say of it."""

from typing import cast

import falcon

from gateway.access.audit import Actor
from gateway.access.caller import ANYONE, Caller


def caller_of(req: falcon.Request) -> Caller:
    """Return who sent it; anyone, where no doorkeeper stands."""
    return cast("Caller", getattr(req.context, "caller", ANYONE))


def actor_of(req: falcon.Request) -> Actor:
    """Return who sent it, and from where, for the audit."""
    return Actor(name=caller_of(req).name, address=address_of(req))


def address_of(req: falcon.Request) -> str:
    """Return the address of the connection: a header that names another one could be anybody's."""
    return req.remote_addr or ""


def audited(req: falcon.Request) -> None:
    """Say that the resource wrote its own entry."""
    req.context.audited = True
