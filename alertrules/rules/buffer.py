"""What the rules of a group made at one time, until it is written.

Owns which samples wait, which series had one at this time already, and who made them. Knows no rule.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from alertrules.errors import RuleFailed
from alertrules.rules.outcome import Recorded, Write
from timeseries.labels import Labels
from timeseries.stale import STALE

DUPLICATE_SAMPLE: Final = "duplicate sample for timestamp"


class Maker(Protocol):
    """Who made samples, and hears what became of them."""

    previous: Mapping[Labels, Recorded]
    """The series of the last time that was written."""

    def fail(self, reason: str) -> None:
        """Hear that samples were not written."""


class Buffer:
    """The samples of one evaluation of a group, all of one time."""

    def __init__(self, write: Write, at_ms: int) -> None:
        self._write = write
        self._at_ms = at_ms
        self._waiting: list[Recorded] = []
        self._makers: list[tuple[Maker, Mapping[Labels, Recorded]]] = []
        self._known: dict[Labels, Recorded] = {}
        self.names: set[str] = set()
        """The metrics of which samples wait."""

    def add(self, maker: Maker, samples: Sequence[Recorded], names: frozenset[str]) -> None:
        """Take the samples of a maker, and end those of its series that are gone.

        A series that has another value at this time already keeps it, and the maker hears of it.
        """
        made = {sample.labels: sample for sample in samples}
        if made and not self._known.keys().isdisjoint(made):
            made = self._without_known(maker, made)
        self._waiting += made.values()
        self._known.update(made)
        if maker.previous:
            self.end([labels for labels in maker.previous if labels not in made])
        if made or maker.previous:
            self._makers.append((maker, made))
            self.names |= names

    def end(self, gone: Sequence[Labels]) -> None:
        """End series, but for those that have a sample at this time."""
        for labels in gone:
            if labels not in self._known:
                marker = Recorded(labels=labels, time_ms=self._at_ms, value=STALE)
                self._known[labels] = marker
                self._waiting.append(marker)

    def flush(self, failed: Callable[[], None] = lambda: None) -> None:
        """Write what waits. Where that fails, those who made it hear of it; `failed` is called, too."""
        makers, waiting = self._makers, self._waiting
        self._makers, self._waiting, self.names = [], [], set()
        try:
            if waiting:
                self._write(waiting)
        except RuleFailed as error:
            for maker, _ in makers:
                maker.fail(str(error))
            failed()
            return
        for maker, made in makers:
            maker.previous = made

    def _without_known(self, maker: Maker, made: dict[Labels, Recorded]) -> dict[Labels, Recorded]:
        """Return what may be written; a series that was only ended goes on."""
        kept: dict[Labels, Recorded] = {}
        for labels, sample in made.items():
            before = self._known.get(labels)
            if before is None:
                kept[labels] = sample
            elif before.is_end:
                self._waiting = [one for one in self._waiting if one is not before]
                kept[labels] = sample
            elif before.value != sample.value:
                maker.fail(DUPLICATE_SAMPLE)
        return kept
