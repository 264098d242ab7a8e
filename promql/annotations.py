"""Warnings and infos that an answer carries: what was done is allowed, but perhaps not what was meant."""

from typing import Final

from promql.language.ast import Span

WARNING: Final = "PromQL warning"
INFO: Final = "PromQL info"


class Annotations:
    """Collects them while a query is evaluated; each is told once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, Span | None], None] = {}

    def warn(self, text: str, span: Span | None = None) -> None:
        """Note a warning about a piece of the query."""
        self._found[WARNING, text, span] = None

    def info(self, text: str, span: Span | None = None) -> None:
        """Note an info about a piece of the query."""
        self._found[INFO, text, span] = None

    def warnings(self, query: str) -> list[str]:
        """Return the warnings as sentences with the place in the query's text."""
        return self._told(WARNING, query)

    def infos(self, query: str) -> list[str]:
        """Return the infos as sentences with the place in the query's text."""
        return self._told(INFO, query)

    def _told(self, kind: str, query: str) -> list[str]:
        return [
            f"{kind}: {text}" if span is None else f"{kind}: {text} ({line_and_column(query, span.start)})"
            for own, text, span in self._found
            if own == kind
        ]


def line_and_column(text: str, at: int) -> str:
    """Write a place in a text as people count: `1:1` is its beginning."""
    before = text[:at]
    return f"{before.count(chr(10)) + 1}:{at - before.rfind(chr(10))}"
