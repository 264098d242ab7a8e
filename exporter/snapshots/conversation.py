"""What is said to the gateway with a snapshot, and what its answers mean. Must not know what is in one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from delivery.errors import NotYet
from delivery.records import Batch
from delivery.retry import Answer, Verdict, verdict
from exporter.snapshots.encoding import CONTENT_ENCODING

ROUTE: Final = "/api/v1/agents/{}/processes"

_HEADERS: Final[Mapping[str, str]] = {
    "Content-Type": "application/json",
    "Content-Encoding": CONTENT_ENCODING,
}

_UNKNOWN: Final = 404


@dataclass(slots=True, kw_only=True)
class Telling:
    """A conversation of `delivery.sender`. Nothing is sent before the gateway knows the agent."""

    registered: Callable[[], bool]
    announce: Callable[[], None]
    """Has the agent registered anew."""
    _strangers: int = 0

    def request(self, body: bytes) -> tuple[bytes, Mapping[str, str]]:
        """Send a snapshot as it lies there; raises NotYet."""
        if not self.registered():
            raise NotYet
        return body, _HEADERS

    def judge(self, answer: Answer) -> Verdict:
        """A gateway that forgot the agent is told of it. Should that not help, it is asked now and then."""
        if answer.status != _UNKNOWN:
            self._strangers = 0
            return verdict(answer)
        self._strangers += 1
        if self._strangers > 1:
            return Verdict.MEND
        self.announce()
        return Verdict.WAIT

    def kept(self, answer: Answer) -> int | None:  # noqa: ARG002 - a snapshot is kept whole or not at all
        """Nothing of a refused snapshot."""
        return None

    def halves(self, body: bytes) -> Sequence[Batch]:  # noqa: ARG002 - it is small already
        """A snapshot can't be cut."""
        return ()
