"""What the ruler tells others: alerts that are to be sent."""

from collections.abc import Sequence
from typing import Protocol

from alertrules.alert import Alert


class Notifier(Protocol):
    """Whoever sends alerts on. Called from several threads; must not wait for the network."""

    def send(self, alerts: Sequence[Alert], now_ms: int) -> None:
        """Take alerts, firing and resolved ones, each time that they are due."""


class Nobody:
    """Sends nothing."""

    def send(self, alerts: Sequence[Alert], now_ms: int) -> None:
        """Let them go."""
