"""`/-/healthy` and `/-/ready`: for whoever watches or balances the gateway."""

from collections.abc import Callable

import falcon


class Health:
    """Answers as long as the process serves requests at all."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "Fleetgauge is healthy.\n"

    on_head = on_get


class Ready:
    """Answers whether the gateway can do its work now."""

    def __init__(self, hindrance: Callable[[], str]) -> None:
        """`hindrance` says why it cannot; nothing when it can."""
        self._hindrance = hindrance

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        if hindrance := self._hindrance():
            raise falcon.HTTPServiceUnavailable(description=hindrance)
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "Fleetgauge is ready.\n"

    on_head = on_get
