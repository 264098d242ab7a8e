"""Who asks: what the middleware left with the request."""

import falcon

from gateway.access.caller import ANYONE, Caller


def caller_of(req: falcon.Request) -> Caller:
    """Return who asks; anyone, where nobody has to say who they are."""
    caller: Caller = getattr(req.context, "caller", ANYONE)
    return caller
