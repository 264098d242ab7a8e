"""The label pairs of all series, each once, by numbers from 0 upward. Knows no series.

One thread adds at a time; any number may read meanwhile. Everything here only grows: a number that a reader
has got stays what it is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from timeseries.columns import Bools, Ints
from timeseries.matcher import Matcher, MatchType

Numbers = NDArray[np.uint32]
Pair = tuple[str, str]

# What a pair costs beside its text: a string, a tuple, a number, and their places in a dict and a list.
PAIR_BYTES: Final = 230

_FIRST_ROOM: Final = 1024

# Dashboards write these for "all"; no need to try them on every value.
_ANYTHING: Final = ".*"
_SOMETHING: Final = ".+"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """What a matcher comes to: series with one of these pairs (None: any pair of the name) are in, or out.

    `chosen` has a place for each pair number; `name` is None for a name that no series has.
    """

    name: int | None
    chosen: Bools | None
    excluded: bool


class PairTable:
    """Pairs and names to numbers and back."""

    def __init__(self) -> None:
        self.pairs: list[Pair] = []
        self.names: list[str] = []
        self._numbers: dict[Pair, int] = {}
        self._name_numbers: dict[str, int] = {}
        self._name_of: Numbers = np.zeros(_FIRST_ROOM, np.uint32)

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.pairs)

    def find(self, pairs: Sequence[Pair]) -> list[int] | None:
        """Return the numbers of pairs, None when one of them is not there."""
        found = list(map(self._numbers.get, pairs))
        return None if None in found else cast("list[int]", found)

    def number(self, pair: Pair) -> int:
        """Return the number of a pair, a new one for a new pair."""
        found = self._numbers.get(pair)
        if found is not None:
            return found
        name, value = pair
        name_number = self._name_numbers.get(name)
        if name_number is None:
            name_number = len(self.names)
            self.names.append(name)
            self._name_numbers[name] = name_number
        self._add(name_number, [value])
        return len(self.pairs) - 1

    def extend(self, names: Sequence[str], name_of: Numbers, values: Sequence[str]) -> None:
        """Add new names, and then new pairs by the numbers of their names."""
        first = len(self.names)
        self.names += names
        self._name_numbers.update({name: first + at for at, name in enumerate(names)})
        self._add(name_of, values)

    def _add(self, name_of: Numbers | int, values: Sequence[str]) -> None:
        first = len(self.pairs)
        last = first + len(values)
        if last > len(self._name_of):
            grown = np.zeros(max(last, 2 * first), np.uint32)
            grown[:first] = self._name_of[:first]
            self._name_of = grown
        self._name_of[first:last] = name_of
        # Only here the pairs begin to exist: readers go by the length of the list.
        names = map(self.names.__getitem__, self._name_of[first:last].tolist())
        self.pairs += zip(names, values, strict=True)
        self._numbers.update(zip(self.pairs[first:], range(first, last), strict=True))

    @property
    def name_of(self) -> Numbers:
        """The number of each pair's name."""
        count = len(self.pairs)
        return self._name_of[:count]

    def name_number(self, name: str) -> int | None:
        """Return the number of a label name, None for one that is not there."""
        return self._name_numbers.get(name)

    def of_name(self, name: int) -> Ints:
        """Return the numbers of all pairs of a name."""
        return np.flatnonzero(self.name_of == name)

    def names_before(self, pair: int) -> int:
        """Count the names of the pairs below a number: names get theirs in the order of their first pairs."""
        return int(self._name_of[:pair].max()) + 1 if pair else 0

    def choices(self, matchers: Iterable[Matcher]) -> list[Choice]:
        """Turn matchers into choices among the pairs that there are now, those that take the fewest first."""
        found = [self._choice(matcher) for matcher in matchers]
        return sorted(found, key=lambda choice: (choice.excluded, choice.chosen is None))

    def _choice(self, matcher: Matcher) -> Choice:
        """Choose the values that a matcher treats otherwise than a missing label."""
        empty = matcher.matches_empty
        name = self._name_numbers.get(matcher.name)
        chosen = None
        if name is not None and not _takes_any_value(matcher):
            name_of = self.name_of
            chosen = np.zeros(len(name_of), np.bool_)
            if matcher.type in _BY_VALUE:
                number = self._numbers.get((matcher.name, matcher.value))
                if number is not None and number < len(chosen):
                    chosen[number] = True
            elif matcher.value != _ANYTHING:
                numbers = np.flatnonzero(name_of == name)
                chosen[numbers] = self._test(matcher.matches, numbers) != empty
        return Choice(name=name, chosen=chosen, excluded=empty)

    def _test(self, matches: Callable[[str], bool], numbers: Ints) -> Bools:
        pairs = self.pairs
        return np.fromiter((matches(pairs[at][1]) for at in numbers.tolist()), np.bool_, len(numbers))


_BY_VALUE: Final = (MatchType.EQUAL, MatchType.NOT_EQUAL)


def _takes_any_value(matcher: Matcher) -> bool:
    """Tell whether all values are treated alike, and otherwise than a missing label."""
    return matcher.value == ("" if matcher.type in _BY_VALUE else _SOMETHING)
