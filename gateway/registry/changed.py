"""What is new about an agent that registers again, in words."""

from dataclasses import fields
from typing import Final

from gateway.registry.model import Facts, System
from timeseries.text import EXCERPT_LENGTH

# These are told by events of their own, or change with every start.
_ELSEWHERE: Final = frozenset({"agent_id", "name", "pid", "started_at", "system", "boot_time"})


def differences(before: Facts, now: Facts) -> str:
    """Return what differs: short texts with both values, the names of the rest."""
    return "; ".join((*_of(before, now), *_of(before.system, now.system)))


def _of(before: Facts | System, now: Facts | System) -> list[str]:
    found = []
    for each in fields(before):
        old, new = getattr(before, each.name), getattr(now, each.name)
        if each.name in _ELSEWHERE or old == new:
            continue
        told = f"{each.name}: {old} → {new}"
        plain = isinstance(new, str | int | float) and len(told) <= EXCERPT_LENGTH
        found.append(told if plain else each.name)
    return found
