"""`/api/v1/targets` and `alertmanagers`: what clients of Prometheus ask any server for.

The gateway scrapes nothing: each answer has Prometheus' shape, and nothing in it.
"""

import falcon

from gateway.http import envelope


class Targets:
    """No targets."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        _give(resp, {"activeTargets": [], "droppedTargets": [], "droppedTargetCounts": {}})


class TargetsMetadata:
    """No metadata of targets: that of what was received is at `/api/v1/metadata`."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        _give(resp, [])


class Alertmanagers:
    """No Alertmanagers."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        _give(resp, {"activeAlertmanagers": [], "droppedAlertmanagers": []})


def _give(resp: falcon.Response, data: object) -> None:
    resp.content_type = envelope.MEDIA_TYPE
    resp.data = envelope.success(data)
