"""What is told of the way to an Alertmanager: what waits, what was sent and dropped."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertmanagerReadings:
    """What is told of one Alertmanager."""

    url: str
    waiting: int
    sent: int
    refused: int
    failures: int
    left_out: int
    dropped: Mapping[str, int]
    trouble: str = ""
