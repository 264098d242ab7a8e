"""One way out: a spool that many threads put batches into, and the thread that sends them.

Owns when a batch counts as kept: when its spool has it, with one sync for all that come meanwhile. Must not
know what is in a batch.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from delivery.records import Batch
from delivery.sender import IDLE_S, Sender
from delivery.spool import Spool
from runtime.logs import Log

_AFTER_DEFECT_S = 5.0


@dataclass(slots=True, kw_only=True, eq=False)
class Ticket:
    """Batches on their way into a spool."""

    batches: Sequence[Batch]
    done: bool = False
    error: OSError | None = None


class Queue:
    """Keeps what is put into it until the destination has it."""

    def __init__(self, spool: Spool, sender: Sender, *, now_ms: Callable[[], int], log: Log) -> None:
        self.spool = spool
        self.sender = sender
        self._now_ms = now_ms
        self._log = log
        self._waiting: deque[Ticket] = deque()
        self._leading = threading.Lock()
        self._work = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"forward {sender.name}", daemon=True)

    def offer(self, batches: Sequence[Batch]) -> Ticket:
        """Begin to keep batches: `settle` must follow."""
        ticket = Ticket(batches=batches)
        self._waiting.append(ticket)
        return ticket

    def settle(self, ticket: Ticket) -> None:
        """Return when the batches are kept; raises OSError when they may not be.

        Whoever gets the lock writes for all that wait.
        """
        with self._leading:
            if not ticket.done:
                self._write([self._waiting.popleft() for _ in range(len(self._waiting))])
        if ticket.error is not None:
            raise ticket.error
        self._work.set()

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Wish that sending ends; a request in work comes to its end first."""
        self._stop.set()
        self._work.set()

    def close(self, timeout_s: float) -> None:
        """Wait so long for the end and let go of the spool: what waits goes out after the next start."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if not self._thread.is_alive():
            self.sender.transport.close()
        self.spool.close()

    def _write(self, tickets: Sequence[Ticket]) -> None:
        try:
            self.spool.keep([each for ticket in tickets for each in ticket.batches], now_ms=self._now_ms())
        except OSError as error:
            for ticket in tickets:
                ticket.error = error
        finally:
            for ticket in tickets:
                ticket.done = True

    def _run(self) -> None:
        while not self._stop.is_set():
            self._work.clear()
            wait_s = self._step()
            if wait_s is None:
                self._work.wait(IDLE_S)
            elif wait_s > 0:
                self._stop.wait(wait_s)

    def _step(self) -> float | None:
        """Send one batch. Isolation boundary: a defect holds up this destination, and no other."""
        try:
            return self.sender.step()
        except Exception as error:
            self._log.error("forward.failed", destination=self.sender.name, exception=error)
            return _AFTER_DEFECT_S
