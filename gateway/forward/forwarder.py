"""All destinations together: a request counts as kept when each has it in its queue.

Nobody who hands something in waits for a network.
"""

import threading
from collections.abc import Sequence
from typing import Final

from delivery.readings import Readings
from gateway.forward.destination import Destination
from gateway.ingest.errors import Unavailable
from gateway.ingest.taken import Taken

# A full disk is seldom mended sooner; senders keep what they have meanwhile.
_RETRY_AFTER_S: Final = 5


class Forwarder:
    """Takes requests of many threads for all destinations."""

    def __init__(self, destinations: Sequence[Destination]) -> None:
        self.destinations = destinations

    def take(self, taken: Taken) -> None:
        """Return when what was taken is kept for every destination; raises Unavailable.

        Then some of them may have it: the sender sends it again, which does no harm.
        """
        offered = [
            (destination, queue, ticket)
            for destination in self.destinations
            for queue, ticket in destination.offer(taken)
        ]
        failed = ""
        for destination, queue, ticket in offered:
            try:
                queue.settle(ticket)
            except OSError as error:
                failed = f"nothing can be kept for {destination.name}: {error}"
        if failed:
            raise Unavailable(failed, retry_after_s=_RETRY_AFTER_S)

    def start(self) -> None:
        """Begin to send."""
        for destination in self.destinations:
            destination.start()

    def stop(self, timeout_s: float) -> None:
        """End, within about so long; what waits goes out after the next start."""
        for destination in self.destinations:
            destination.stop()
        # One after another would wait for each in turn.
        closing = [
            threading.Thread(target=destination.close, args=[timeout_s]) for destination in self.destinations
        ]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()

    def readings(self) -> list[Readings]:
        """Return how each destination is."""
        return [destination.readings() for destination in self.destinations]
