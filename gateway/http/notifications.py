"""`/api/v1/notifications`: what receivers were told, and what became of it."""

from collections.abc import Callable, Sequence
from typing import Final

import falcon

from gateway.alerting.kept import Delivery
from gateway.http import envelope
from gateway.http.asked import limit_of
from gateway.http.parameters import Parameters

LISTED: Final = 100
MAX_LISTED: Final = 1000
"""Listed when nothing else is asked for, and at most."""


class Notifications:
    """The delivery log, the newest entries first."""

    def __init__(self, deliveries: Callable[[str | None, int], Sequence[Delivery]]) -> None:
        self._deliveries = deliveries

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        parameters = Parameters.of(req)
        limit = min(limit_of(parameters) or LISTED, MAX_LISTED)
        found = self._deliveries(parameters.one("receiver"), limit)
        resp.content_type = envelope.MEDIA_TYPE
        resp.data = envelope.success([_shown(one) for one in found])


def _shown(one: Delivery) -> dict[str, object]:
    return {
        "time": one.time_ms / 1000,
        "receiver": one.receiver,
        "integration": one.integration,
        "outcome": one.outcome,
        "reason": one.reason,
        "group": one.group_key,
        "alerts": one.alerts,
        "firing": one.firing,
        "attempts": one.attempts,
        "seconds": one.seconds,
        "error": one.error,
    }
