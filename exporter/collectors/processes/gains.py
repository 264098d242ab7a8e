"""What was used between two readings. Does no I/O."""

from typing import Final

from exporter.collectors.processes.reading import Counts

NO_COUNTS: Final = Counts(0, 0, 0, 0, 0, 0, 0, 0)


def gain(used: list[int], before: Counts, now: Counts) -> Counts:
    """Add what came, and return what to compare with next time.

    What may not be read for a while keeps its last value; what could never be read begins with its first.
    """
    if now == before:
        return before
    if None in now:
        now = Counts(*(old if new is None else new for old, new in zip(before, now, strict=True)))  # type: ignore[arg-type]  # the same fields in the same order
    for at, (old, new) in enumerate(zip(before, now, strict=True)):
        if new is not None and old is not None and new > old:
            used[at] += new - old
    return now
