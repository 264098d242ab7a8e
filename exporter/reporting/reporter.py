"""Tells the gateway that the agent is there and alive. Must not know what the agent collects and sends.

Whatever the gateway does, it is told again later; nothing here ever stops anything else.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from delivery.errors import NoAnswer
from delivery.retry import Answer, Backoff, retry_after_s
from delivery.sender import Clock
from delivery.transport import Transport
from exporter.reporting.messages import (
    MAX_INTERVAL_S,
    MAX_TEXT,
    MIN_INTERVAL_S,
    Facts,
    Vitals,
    heartbeat,
    interval_in,
    registration,
    understood,
)
from runtime.logs import Log

REGISTER: Final = "/api/v1/agents/register"
HEARTBEAT: Final = "/api/v1/agents/{}/heartbeat"

# Of one request, and of the last word: a stop that comes during a request still ends within 5 s.
REQUEST_S: Final = 3.0
GOODBYE_S: Final = 1.5

# What only people can mend, such as a token or an address, is tried again now and then.
REFUSED_WAIT_S: Final = 60.0

# Some other receiver of remote write, which keeps no list of agents. It may become a gateway one day.
NO_GATEWAY_WAIT_S: Final = 300.0

_UNKNOWN: Final = 404
_NO_ROUTE: Final = frozenset({404, 405, 501})
_NOT_NOW: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """How far it got. `registrations` and `heartbeats` are counts; `last_error` is empty when all is well."""

    registered: bool = False
    registrations: int = 0
    heartbeats: int = 0
    failures: int = 0
    last_heartbeat_s: float | None = None
    interval_s: float
    last_error: str = ""


@dataclass(slots=True, kw_only=True)
class Reporter:
    """Registers the agent, then sends heartbeats. For one thread; `reported` and `announce` are for all."""

    agent_id: str
    connect: Callable[[str], Transport]
    """Makes a transport for a path of the gateway."""
    facts: Callable[[], Facts]
    vitals: Callable[[], Vitals]
    clock: Clock
    backoff: Backoff
    interval_s: float
    user_agent: str
    log: Log = field(default_factory=lambda: Log("reporting"))
    reported: Reported = field(init=False)
    _heartbeats: Transport = field(init=False)
    _pid: int = 0
    _trouble: str = ""
    _anew: bool = False
    _proven: bool = False
    """Whether a heartbeat got through since the last registration."""

    def __post_init__(self) -> None:
        self.interval_s = min(max(self.interval_s, MIN_INTERVAL_S), MAX_INTERVAL_S)
        self.reported = Reported(interval_s=self.interval_s)
        self._heartbeats = self.connect(HEARTBEAT.format(self.agent_id))

    def run(self, stopped: Callable[[], bool], sleep: Callable[[float], None]) -> None:
        """Report until told to stop, then say goodbye. `sleep` may return early."""
        while not stopped():
            wait_s = self.step()
            if wait_s > 0:
                sleep(wait_s)
        self.goodbye(GOODBYE_S)

    def announce(self) -> None:
        """Register anew at the next occasion: the facts have changed, or the gateway does not know us."""
        self._anew = True

    def step(self) -> float:
        """Say what is to be said now; return how long to wait before the next."""
        if self._anew:
            self._anew = False
            self.reported = replace(self.reported, registered=False)
        return self._heartbeat() if self.reported.registered else self._register()

    def goodbye(self, seconds: float) -> bool:
        """Say that the agent stops; say whether the gateway heard it."""
        if not self.reported.registered:
            return False
        body = self._vital_signs(stopping=True)
        answer = self._ask(self._heartbeats, body, timeout_s=seconds)
        self._heartbeats.close()
        return answer is not None and _good(answer)

    def _register(self) -> float:
        facts = self.facts()
        self._pid = facts.pid
        transport = self.connect(REGISTER)
        body = registration(facts, agent_id=self.agent_id, interval_s=self.interval_s)
        try:
            answer = self._ask(transport, body, timeout_s=REQUEST_S)
        finally:
            transport.close()
        if answer is None:
            return self.backoff.next_s()
        said = understood(answer)
        if not _good(answer):
            return self._refused(answer, registering=True)
        if said.get("agent_id") != self.agent_id:
            # A page of some proxy, say, which answers everything.
            self._failed("garbage", "what answers is no gateway: it does not repeat the agent's id")
            return REFUSED_WAIT_S
        interval_s = interval_in(said, self.interval_s)
        count = self.reported.registrations + 1
        self.reported = replace(
            self.reported, registered=True, registrations=count, interval_s=interval_s, last_error=""
        )
        self._proven = False
        self._recovered()
        self.log.info("reporting.registered", agent_id=self.agent_id, interval_s=interval_s)
        return 0.0

    def _heartbeat(self) -> float:
        begun_s = self.clock.rising_s()
        answer = self._ask(self._heartbeats, self._vital_signs(), timeout_s=REQUEST_S)
        if answer is None:
            return min(self.backoff.next_s(), self.reported.interval_s)
        if answer.status == _UNKNOWN:
            self.reported = replace(self.reported, registered=False)
            self.log.info("reporting.forgotten", agent_id=self.agent_id)
            # A gateway that forgets us at once is not asked at once.
            return 0.0 if self._proven else self.reported.interval_s
        if not _good(answer):
            return self._refused(answer, registering=False)
        self._proven = True
        self._recovered()
        self.reported = replace(
            self.reported,
            heartbeats=self.reported.heartbeats + 1,
            last_heartbeat_s=self.clock.now_s(),
            interval_s=interval_in(understood(answer), self.reported.interval_s),
            last_error="",
        )
        # Heartbeats keep their beat, however long one took.
        return max(self.reported.interval_s - (self.clock.rising_s() - begun_s), 0.0)

    def _vital_signs(self, *, stopping: bool = False) -> bytes:
        return heartbeat(self.vitals(), pid=self._pid, now_s=self.clock.now_s(), stopping=stopping)

    def _ask(self, transport: Transport, body: bytes, *, timeout_s: float) -> Answer | None:
        headers = {"Content-Type": "application/json", "User-Agent": self.user_agent}
        try:
            return transport.post(body, headers, timeout_s=timeout_s)
        except NoAnswer as error:
            self._failed("no answer", str(error))
            return None

    def _refused(self, answer: Answer, *, registering: bool) -> float:
        """Note an answer that is none of the good ones; return how long to wait."""
        status = answer.status
        said = f"{status}: {answer.excerpt.decode(errors='replace').strip()}"
        asked_s = min(retry_after_s(answer, now_s=self.clock.now_s()), MAX_INTERVAL_S)
        if (status >= 500 and status not in _NO_ROUTE) or status in _NOT_NOW:
            self._failed("not now", said)
            return asked_s or self.backoff.next_s()
        if registering and status in _NO_ROUTE:
            self._failed("no gateway", f"the address has no list of agents, {said}")
            return asked_s or NO_GATEWAY_WAIT_S
        if 300 <= status < 400:
            said = f"{status}: the gateway is elsewhere: {answer.headers.get('location', '')}"
        self._failed("not allowed" if status in (401, 403, 407) else "refused", said)
        return asked_s or REFUSED_WAIT_S

    def _failed(self, kind: str, reason: str) -> None:
        """Note a failure. It is logged when it is another kind than the last."""
        reason = reason[:MAX_TEXT]
        self.reported = replace(self.reported, failures=self.reported.failures + 1, last_error=reason)
        if self._trouble != kind:
            self._trouble = kind
            self.log.warning("reporting.failed", kind=kind, reason=reason)

    def _recovered(self) -> None:
        self.backoff.reset()
        if self._trouble:
            self._trouble = ""
            self.log.info("reporting.recovered", failures=self.reported.failures)


def _good(answer: Answer) -> bool:
    return 200 <= answer.status < 300
