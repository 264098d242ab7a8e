"""`/-/reload`: takes the settings anew, as Prometheus does."""

from collections.abc import Callable, Sequence

import falcon

from gateway.http import envelope
from gateway.http.errors import answer


class Reload:
    """Answers when the new settings are in use, or with all that is wrong with them."""

    def __init__(self, reload: Callable[[], Sequence[str]]) -> None:
        self._reload = reload

    def on_post(self, _req: falcon.Request, resp: falcon.Response) -> None:
        if problems := self._reload():
            answer(resp, 400, "\n".join(problems))
            return
        resp.content_type = envelope.MEDIA_TYPE
        resp.data = envelope.success({})

    on_put = on_post
