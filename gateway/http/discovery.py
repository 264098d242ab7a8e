"""`/api/v1/targets` and `alertmanagers`: what clients of Prometheus ask any server for.

The gateway scrapes nothing: answers about targets have Prometheus' shape, and nothing in them.
"""

from collections.abc import Sequence
from typing import Protocol

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


class Places(Protocol):
    """Where alerts are sent to."""

    def active(self) -> Sequence[str]:
        """Return the addresses in use."""

    def dropped(self) -> Sequence[str]:
        """Return those that can't be used."""


class Alertmanagers:
    """The Alertmanagers that alerts are sent to."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        kinds = {"activeAlertmanagers": self._places.active(), "droppedAlertmanagers": self._places.dropped()}
        _give(resp, {kind: [{"url": url} for url in urls] for kind, urls in kinds.items()})


def _give(resp: falcon.Response, data: object) -> None:
    resp.content_type = envelope.MEDIA_TYPE
    resp.data = envelope.success(data)
