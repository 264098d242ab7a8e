"""What is said to a destination: each body in the version it came in, unless the destination knows only one.

Does no I/O.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from delivery.errors import Unsendable
from delivery.records import Batch
from delivery.remotewrite import HEADERS, RemoteWrite
from delivery.retry import Answer, Verdict, verdict
from gateway.forward.forms import V1, V2, as_v1, as_v2
from remotewrite.compression import compress, decompress
from remotewrite.encode.halving import halves_of_v1, halves_of_v2
from remotewrite.errors import RemoteWriteError
from runtime.logs import Log

_UNSUPPORTED = 415


class ForwardedWrite(RemoteWrite):
    """What is said to one destination. `version` is 1 once it is known to know no other."""

    def __init__(self, *, name: str, log: Log) -> None:
        super().__init__(name=name, log=log)
        self._said: Literal[1, 2] = 2
        self._only_v2 = False

    def request(self, body: bytes) -> tuple[bytes, Mapping[str, str]]:
        """Make a request of a body with its form; raises Unsendable."""
        form, request = body[:1], body[1:]
        try:
            if form == V2 and self.version == 1:
                form, request = V1, as_v1(request)
            elif form == V1 and self._only_v2:
                form, request = V2, as_v2(request)
        except RemoteWriteError as error:
            raise Unsendable(str(error)) from None
        self._said = 1 if form == V1 else 2
        return request, HEADERS[self._said]

    def judge(self, answer: Answer) -> Verdict:
        """Say what an answer means; one to 1.0 says nothing of 2.0."""
        if self._said == 2:
            return super().judge(answer)
        if answer.status == _UNSUPPORTED and self.version == 2 and not self._only_v2:
            self._only_v2 = True
            return Verdict.ANEW
        return verdict(answer)

    def halves(self, body: bytes) -> Sequence[Batch]:
        """Return two batches of half the series each; none when there is only one series."""
        form, request = body[:1], body[1:]
        halve = halves_of_v1 if form == V1 else halves_of_v2
        try:
            halves = halve(decompress(request))
        except RemoteWriteError:
            return []
        return [Batch(body=form + compress(each), samples=samples, oldest_ms=0) for each, samples in halves]
