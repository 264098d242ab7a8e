"""`/-/healthy` and `/-/ready`: for whoever watches or balances the gateway."""

import falcon


class Health:
    """Answers as long as the process serves requests at all."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "Fleetgauge is healthy.\n"

    on_head = on_get


class Ready:
    """Answers once requests can be served, which is as soon as the gateway listens."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "Fleetgauge is ready.\n"

    on_head = on_get
