"""What episodes come to: how often alerts fired, how long until they were resolved, which flap. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Final

from gateway.alerthistory.episode import Episode

FLAP_MS: Final = 600_000
"""An alert that fires again within ten minutes of its end had not really ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The episodes of one alert by its name. Times are in ms; None where no episode has ended."""

    name: str
    fired: int
    alerts: int
    """How many that differ in their labels."""
    firing: int
    flapped: int
    """Episodes that began within ten minutes of the end of the one before."""
    total_ms: int
    mean_ms: float | None
    median_ms: float | None
    longest_ms: int
    last_ms: int


def figures(episodes: Iterable[Episode], now_ms: int) -> list[Figures]:
    """Return what each name comes to, the one that fired most often first."""
    by_name: dict[str, list[Episode]] = defaultdict(list)
    for episode in episodes:
        by_name[episode.name].append(episode)
    found = [_figures(name, some, now_ms) for name, some in by_name.items()]
    return sorted(found, key=lambda one: (-one.fired, one.name))


def _figures(name: str, episodes: list[Episode], now_ms: int) -> Figures:
    lasted = [episode.lasted_ms(now_ms) for episode in episodes]
    ended = [episode.lasted_ms(now_ms) for episode in episodes if episode.resolved_ms is not None]
    return Figures(
        name=name,
        fired=len(episodes),
        alerts=len({episode.labels for episode in episodes}),
        firing=len(episodes) - len(ended),
        flapped=_flapped(episodes),
        total_ms=sum(lasted),
        mean_ms=sum(ended) / len(ended) if ended else None,
        median_ms=median(ended) if ended else None,
        longest_ms=max(lasted),
        last_ms=max(episode.starts_ms for episode in episodes),
    )


def _flapped(episodes: list[Episode]) -> int:
    ends: dict[object, int] = {}
    count = 0
    for episode in sorted(episodes, key=lambda one: one.starts_ms):
        end = ends.get(episode.labels)
        count += end is not None and episode.starts_ms - end <= FLAP_MS
        if episode.resolved_ms is not None:
            ends[episode.labels] = episode.resolved_ms
    return count
