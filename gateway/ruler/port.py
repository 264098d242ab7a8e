"""What the ruler tells others: alerts that are to be sent, and what happened to alerts."""

from collections.abc import Sequence
from typing import Protocol

from alertrules.alert import Alert
from alertrules.rules.outcome import Transition


class Notifier(Protocol):
    """Whoever sends alerts on. Called from several threads; must not wait for the network."""

    def send(self, alerts: Sequence[Alert], now_ms: int) -> None:
        """Take alerts, firing and resolved ones, each time that they are due."""


class Listener(Protocol):
    """Whoever remembers what happened to alerts. Called from several threads."""

    def happened(self, transition: Transition) -> None:
        """Hear that an alert came into another state."""


class Nobody:
    """Sends nothing and remembers nothing."""

    def send(self, alerts: Sequence[Alert], now_ms: int) -> None:
        """Let them go."""

    def happened(self, transition: Transition) -> None:
        """Let it go."""
