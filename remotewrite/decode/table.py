"""What a receiver remembers of the series it has seen, so that it need not parse their labels again.

A series' labels arrive as the same bytes time after time: those bytes are the key to its reference.
Keys are many to one: labels in another order are another key of the same series.
"""

from collections.abc import Callable
from itertools import count
from typing import Final

from remotewrite.decode.repeats import Plain, Repeats
from timeseries.labels import Labels

# 1.5 million keys of the usual size, more than one gateway is made for. In bytes: senders choose the sizes.
DEFAULT_CAPACITY: Final = 512 * 1024 * 1024

# What an entry costs beside the bytes of its key.
ENTRY_BYTES: Final = 110


class Numbers(dict[bytes, int]):
    """Numbers by key; `size` is about how many bytes they take (threads may lose count of a few)."""

    size: int = 0

    def learn(self, key: bytes, number: int) -> int:
        """Return the number of a key, this one if it is new."""
        if key not in self:
            self.size += ENTRY_BYTES + len(key)
        return self.setdefault(key, number)


class KnownV1:
    """What is known of 1.0: a key is the bytes of a series' labels."""

    def __init__(self) -> None:
        self.refs = Numbers()
        self.metadata: dict[bytes, int] = {}
        self.repeats = Repeats()


class KnownV2:
    """What is known of 2.0: symbols have numbers for good, and a key is the numbers of a series' symbols."""

    def __init__(self) -> None:
        # The empty symbol is 0, so that metadata of nothing but empty symbols is 0 too.
        self.symbols = Numbers({b"": 0})
        self.refs = Numbers()
        self.repeats = Repeats()
        # Key of a series → the metadata last reported for it, as one number.
        self.metadata: dict[bytes, int] = {}
        self._numbers = count(1)

    def number(self, symbol: bytes) -> int:
        """Return a symbol's number, a new one for a new symbol."""
        known = self.symbols.get(symbol)
        # A number taken for a known symbol would be lost: keys have four bytes for one.
        return self.symbols.learn(symbol, next(self._numbers)) if known is None else known


class Learnt:
    """What one request taught. It must become known only when the request was kept: see `keep`."""

    def __init__(self, known: KnownV1 | KnownV2 | None = None) -> None:
        self._known = KnownV1() if known is None else known
        self.refs: dict[bytes, int] = {}
        self.metadata: dict[bytes, int] = {}
        # The request itself, when nothing is in it but what can be known again.
        self.plain: Plain | None = None

    def keep(self) -> None:
        """Let later requests rely on it."""
        known = self._known
        for key, ref in self.refs.items():
            known.refs.learn(key, ref)
        if self.metadata:
            if any(known.metadata.get(key, code) != code for key, code in self.metadata.items()):
                # Requests with the metadata from before tell something new again.
                known.repeats.forget()
            known.metadata.update(self.metadata)
        if self.plain is not None:
            known.repeats.learn(self.plain)


class SeriesTable:
    """The keys seen so far, for one receiver and one set of rules about which series it may take.

    What a request teaches becomes known when the request was kept (Learnt.keep). `register` gives a series
    its reference (0 or more) and may raise SeriesRejected.
    """

    def __init__(self, register: Callable[[Labels], int], capacity: int = DEFAULT_CAPACITY) -> None:
        self.register = register
        self._capacity = capacity
        self.v1 = KnownV1()
        self.v2 = KnownV2()

    def __len__(self) -> int:
        """Count the keys."""
        return len(self.v1.refs) + len(self.v2.refs)

    @property
    def size(self) -> int:
        """About how many bytes the keys and symbols take."""
        return self.v1.refs.size + self.v2.refs.size + self.v2.symbols.size

    def make_room(self) -> None:
        """Start again when over capacity: what is still in use is learnt again at once.

        Requests that are being read meanwhile keep what they began with.
        """
        if self.size > self._capacity:
            self.forget()

    def forget(self) -> None:
        """Start again."""
        self.v1 = KnownV1()
        self.v2 = KnownV2()
