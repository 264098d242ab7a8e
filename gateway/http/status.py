"""`/api/v1/status/*`: what the gateway says about itself to clients of Prometheus."""

import falcon

from gateway.http import envelope


class BuildInfo:
    """Which version runs. Clients expect all of these keys; what does not exist here is empty."""

    def __init__(self, version: str) -> None:
        self._data = envelope.success(
            {
                "version": version,
                "revision": "",
                "branch": "",
                "buildUser": "",
                "buildDate": "",
                "goVersion": "",
            }
        )

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = envelope.MEDIA_TYPE
        resp.data = self._data

    on_head = on_get
