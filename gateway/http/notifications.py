"""`/api/v1/notifications`: what receivers were told, and what became of it; a test of one of them."""

from collections.abc import Callable, Sequence
from typing import Final

import falcon

from gateway.alerting.kept import Delivery
from gateway.alerting.trial import TEST_SECONDS, TrialRuns, Trials, Tried, UnknownReceiver
from gateway.http import envelope
from gateway.http.asked import limit_of
from gateway.http.document import document_of, member
from gateway.http.parameters import Parameters, bad

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


class TestNotification:
    """Sends a test message through each way of a receiver."""

    def __init__(self, trials: Trials) -> None:
        self._trials = trials

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        found = document_of(req, ("receiver",))
        if "receiver" not in found:
            raise bad('Say which "receiver"')
        receiver = member(found, "receiver", str, "")
        try:
            tried = self._trials.run(receiver)
        except UnknownReceiver as error:
            raise falcon.HTTPNotFound(description=str(error)) from error
        except TrialRuns as error:
            raise falcon.HTTPServiceUnavailable(
                description=str(error), retry_after=round(TEST_SECONDS)
            ) from error
        resp.content_type = envelope.MEDIA_TYPE
        resp.data = envelope.success([_shown_trial(one) for one in tried])


def _shown_trial(one: Tried) -> dict[str, object]:
    return {
        "integration": one.integration,
        "ok": not one.error,
        "error": one.error,
        "seconds": round(one.seconds, 3),
    }


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
