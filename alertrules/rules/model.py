"""Rules and groups as they stand in a rule file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from promql.language.ast import Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRule:
    """A query whose result becomes series called `name`."""

    name: str
    expr: Expr
    text: str
    """The query as the printer writes it."""
    labels: Mapping[str, str] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """A query each of whose results is an alert called `name`. Labels and annotations are templates."""

    name: str
    expr: Expr
    text: str
    for_ms: int = 0
    keep_firing_ms: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    line: int = 0


Rule = RecordingRule | AlertRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules that are evaluated one after the other, at one time. Their labels hold those of the group."""

    name: str
    file: str = ""
    interval_ms: int | None = None
    """None: the gateway's evaluation interval."""
    query_offset_ms: int | None = None
    limit: int = 0
    rules: tuple[Rule, ...] = ()
    line: int = 0

    @property
    def key(self) -> str:
        """What it is called among all groups."""
        return f"{self.file};{self.name}"
