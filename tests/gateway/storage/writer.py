"""A program that commits to a store until it is killed, and says what was acknowledged; for the crash test.

Each line it prints is `thread batch`: that batch of that thread is durable; or `thread batch deleted`: so is
its end. Whoever checks can make the batch again from these two numbers.
"""

import sys
import threading
from pathlib import Path

from gateway.storage.store import Store
from gateway.storage.upkeep import Policy, Upkeep
from tests.gateway.storage.samples import Row, batch, naming, open_store
from tests.strategies import NOW_MS, bits

THREADS = 3
SERIES = 8

# Each batch with such a number is deleted soon after it was committed.
DELETED_EVERY = 10


def rows_of(thread: int, number: int) -> list[Row]:
    """Return what a batch holds: some old series, now and then a new one."""
    time = NOW_MS + 10 * number
    own = 1_000_000 * thread
    names = [*range(own, own + SERIES), own + SERIES + number // 5]
    return [(name, time + 1, bits(name + number / 7), NOW_MS if thread else 0) for name in names]


def commit_for_ever(store: Store, thread: int, first: int) -> None:
    """Commit batch after batch, and delete some of them."""
    number = first
    while True:
        store.commit(batch(store, rows_of(thread, number)))
        sys.stdout.write(f"{thread} {number}\n")
        sys.stdout.flush()
        if (number - 3) % DELETED_EVERY == 0 and number - 3 >= first:
            rows = rows_of(thread, number - 3)
            store.delete([naming(name for name, *_ in rows)], rows[0][1], rows[0][1])
            sys.stdout.write(f"{thread} {number - 3} deleted\n")
            sys.stdout.flush()
        number += 1


def main(directory: str, first: str) -> None:
    """Write until killed."""
    store = open_store(Path(directory))
    upkeep = Upkeep(store, Policy(flush_samples=300))
    for thread in range(THREADS):
        threading.Thread(target=commit_for_ever, args=(store, thread, int(first)), daemon=True).start()
    while True:
        upkeep.run(NOW_MS)


if __name__ == "__main__":
    main(*sys.argv[1:])
