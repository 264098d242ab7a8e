"""Remote write as a conversation: 2.0, and 1.0 for receivers that know no other. Does no I/O.

Bodies are requests of 2.0, compressed as they go over the wire.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from delivery.errors import Unsendable
from delivery.records import Batch
from delivery.retry import Answer, Verdict, verdict
from remotewrite.compression import compress, decompress
from remotewrite.encode.downgrade import v1_from_v2
from remotewrite.encode.halving import halves_of_v2
from remotewrite.errors import RemoteWriteError
from runtime.logs import Log

HEADERS: Final = {
    2: {
        "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "2.0.0",
    },
    1: {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    },
}

_WRITTEN: Final = "x-prometheus-remote-write-{}-written"


class RemoteWrite:
    """What is said to one receiver. That it knows only 1.0 is remembered until the program ends."""

    def __init__(self, *, name: str = "", log: Log | None = None) -> None:
        self.version: Literal[1, 2] = 2
        self._name = name
        self._log = log or Log("sending")

    def request(self, body: bytes) -> tuple[bytes, Mapping[str, str]]:
        """Make a request of a 2.0 body; raises Unsendable."""
        if self.version == 1:
            try:
                body = compress(v1_from_v2(decompress(body)))
            except RemoteWriteError as error:
                raise Unsendable(str(error)) from None
        return body, HEADERS[self.version]

    def judge(self, answer: Answer) -> Verdict:
        """Say what an answer means.

        What acknowledges 2.0 without saying what it wrote has not read it: receivers of 1.0 pass over its
        fields.
        """
        judged = verdict(answer)
        unread = judged is Verdict.TAKEN and self.kept(answer) is None
        if self.version == 2 and (unread or answer.status == 415):
            self.version = 1
            self._log.info("sending.fell_back", receiver=self._name, version="1.0", status=answer.status)
            return Verdict.ANEW
        return judged

    def kept(self, answer: Answer) -> int | None:
        """Return how many samples and histograms the receiver says it kept; None when it does not say."""
        said = [answer.headers.get(_WRITTEN.format(kind)) for kind in ("samples", "histograms")]
        counts = [int(text) for text in said if text is not None and text.isascii() and text.isdigit()]
        return sum(counts) if counts else None

    def halves(self, body: bytes) -> Sequence[Batch]:
        """Return two batches of half the series each; none when there is only one series."""
        try:
            halves = halves_of_v2(decompress(body))
        except RemoteWriteError:
            return []
        return [Batch(body=compress(each), samples=samples, oldest_ms=0) for each, samples in halves]
