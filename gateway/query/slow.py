"""The log of slow queries: what was asked, by whom, and what it took."""

from collections.abc import Callable
from typing import Final

from gateway.query.service import Ran
from runtime.logs import Log

MAX_TEXT: Final = 2000
"""Characters of a query in a log line: more than people write, less than generated ones may have."""


class SlowQueries:
    """Writes a line for each query that took long. How long that is may change while the gateway runs."""

    def __init__(self, log: Log, *, threshold_s: Callable[[], float]) -> None:
        self._log = log
        self._threshold_s = threshold_s

    def ran(self, query: Ran) -> None:
        """Look at a query that was answered or refused; a threshold of 0 means none is slow."""
        threshold_s, asked = self._threshold_s(), query.question
        if threshold_s <= 0 or query.seconds < threshold_s:
            return
        text = asked.text if len(asked.text) <= MAX_TEXT else asked.text[: MAX_TEXT - 1] + "…"
        self._log.warning(
            "query.slow",
            kind=query.kind,
            query=text,
            start=asked.steps.start_ms / 1000,
            end=asked.steps.end_ms / 1000,
            step=asked.steps.step_ms / 1000,
            seconds=round(query.seconds, 3),
            waited=round(query.waited_s, 3),
            outcome=query.outcome,
            samples=query.samples,
            series=query.series,
            caller=asked.caller,
            request_id=asked.request_id,
        )
