"""`/api/v1/targets`, `rules`, `alerts` and `alertmanagers`: what clients of Prometheus ask any server for.

The gateway scrapes nothing and has no rules: each answer has Prometheus' shape, and nothing in it.
"""

import falcon

from gateway.http import envelope
from gateway.http.asked import invalid
from gateway.http.parameters import Parameters

_RULE_TYPES = ("alert", "record")


class Targets:
    """No targets."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        _give(resp, {"activeTargets": [], "droppedTargets": [], "droppedTargetCounts": {}})


class TargetsMetadata:
    """No metadata of targets: that of what was received is at `/api/v1/metadata`."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        _give(resp, [])


class Rules:
    """No rules."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        kind = (Parameters.of(req).one("type") or "").lower()
        if kind and kind not in _RULE_TYPES:
            raise invalid("type", f'not supported value "{kind}"')
        _give(resp, {"groups": []})


class Alerts:
    """No alerts."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        _give(resp, {"alerts": []})


class Alertmanagers:
    """No Alertmanagers."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        _give(resp, {"activeAlertmanagers": [], "droppedAlertmanagers": []})


def _give(resp: falcon.Response, data: object) -> None:
    resp.content_type = envelope.MEDIA_TYPE
    resp.data = envelope.success(data)
