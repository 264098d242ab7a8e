"""`/api/v1/write`: remote write over HTTP.

Owns the headers and bodies of its answers. What is done with a request is for gateway.ingest.
"""

import falcon

from gateway.access.caller import EVERY_AGENT
from gateway.http.caller import caller_of
from gateway.http.errors import answer
from gateway.ingest.admission import EVERYTHING, Admission
from gateway.ingest.media import V2
from gateway.ingest.receiver import Receiver
from gateway.metrics import Metrics

WRITTEN = "X-Prometheus-Remote-Write-{}-Written"


class Write:
    """Takes samples, histograms, exemplars and metadata."""

    def __init__(self, receiver: Receiver, metrics: Metrics) -> None:
        self._receiver = receiver
        self._metrics = metrics

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        caller = caller_of(req)
        everything = EVERY_AGENT in caller.agents
        outcome = self._receiver.receive(
            admission=EVERYTHING if everything else Admission(caller.agents, caller.may_act_for),
            content_type=req.content_type or "",
            encoding=req.get_header("Content-Encoding", default=""),
            read=req.bounded_stream.read,
        )
        self._metrics.received(outcome)
        if outcome.version == V2.name:
            resp.set_header(WRITTEN.format("Samples"), str(outcome.kept.samples))
            resp.set_header(WRITTEN.format("Histograms"), str(outcome.kept.histograms))
            resp.set_header(WRITTEN.format("Exemplars"), str(outcome.kept.exemplars))
        if outcome.retry_after_s is not None:
            resp.set_header("Retry-After", str(outcome.retry_after_s))
        if outcome.sentence:
            answer(resp, outcome.status, outcome.sentence)
        else:
            resp.status = outcome.status
