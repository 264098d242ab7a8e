"""What can go wrong with a query."""

from promql.language.ast import Span


class QueryError(Exception):
    """A query that can't be answered."""


class ParseError(QueryError):
    """A text that is no query, and where it stops being one."""

    def __init__(self, reason: str, span: Span, position: str) -> None:
        super().__init__(f"{position}: parse error: {reason}")
        self.reason = reason
        self.span = span


class EvaluationError(QueryError):
    """A query whose data does not allow an answer, such as a many-to-many match."""


class QueryTooLarge(QueryError):
    """A query that would load or make more than it may."""


class QueryTimeout(QueryError):
    """A query that took longer than it may."""
