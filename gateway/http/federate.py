"""`/federate`: the newest samples of chosen series, for a Prometheus that scrapes this gateway.

Owns the parameters and which format is answered. How a page looks is for gateway.http.exposition.
"""

from collections.abc import Callable, Mapping
from typing import Final

import falcon

from gateway.http.asked import selectors_of
from gateway.http.caller import caller_of
from gateway.http.exposition import OPENMETRICS, TEXT, openmetrics_page, text_page
from gateway.http.parameters import Parameters
from gateway.query.latest import NewestSamples
from timeseries.metadata import Metadata

_FORMATS: Final = ("text/plain", "application/openmetrics-text")
_ANY_NAME: Final = "escaping=allow-utf-8"


class Federate:
    """Answers as Prometheus does; types, help and units are what senders said of their metrics."""

    def __init__(
        self,
        newest: NewestSamples,
        *,
        metadata: Callable[[], Mapping[str, Metadata]],
        now_ms: Callable[[], int],
    ) -> None:
        self._newest = newest
        self._metadata = metadata
        self._now_ms = now_ms

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        within = caller_of(req).matchers
        samples = self._newest.find(selectors_of(Parameters.of(req)), self._now_ms(), within)
        openmetrics = req.client_prefers(_FORMATS) == "application/openmetrics-text"
        any_name = _ANY_NAME in req.accept.lower()
        write = openmetrics_page if openmetrics else text_page
        resp.data = write(samples, self._metadata(), any_name=any_name).encode()
        media = OPENMETRICS if openmetrics else TEXT
        resp.content_type = f"{media}; {_ANY_NAME}" if any_name else media
        resp.append_header("Vary", "Accept")

    on_head = on_get
