"""Who asks, and what they may: a value that goes along with a request."""

from dataclasses import dataclass
from enum import Enum, auto
from fnmatch import fnmatchcase
from typing import Final

from timeseries.labels import Labels
from timeseries.matcher import Matcher


class Right(Enum):
    """What a route may ask for. Each is by itself: to write is not to read."""

    READ = auto()
    """Queries, series, agents, processes, alerts."""
    INGEST = auto()
    """Samples, registration, heartbeats and process snapshots: what agents do."""
    EDIT = auto()
    """Labels and groups of agents, rules, silences."""
    ADMIN = auto()
    """Deleting, accounts, tokens, settings, the audit."""


EVERY_AGENT: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Someone who asks. `name` is for the audit; it holds no secret."""

    name: str
    rights: frozenset[Right]
    matchers: tuple[Matcher, ...] = ()
    """What they read must match all of these; nothing else is there for them."""
    agents: tuple[str, ...] = (EVERY_AGENT,)
    """The names of agents that they may act for, with * and ?."""

    def may_act_for(self, agent: str) -> bool:
        """Whether they may write, register and report as the agent with this name."""
        return any(fnmatchcase(agent, pattern) for pattern in self.agents)

    def sees(self, labels: Labels) -> bool:
        """Whether something with these labels is there for them."""
        return all(matcher.accepts(labels) for matcher in self.matchers)


ANYONE: Final = Caller(name="anonymous", rights=frozenset(Right))
"""Everyone, where no token and no user is set up: on loopback, or because --allow-anonymous says so."""

NOBODY: Final = Caller(name="nobody", rights=frozenset(), agents=())
"""Who has not said who they are, where that is asked for."""
