"""A program that commits to a store from one thread, whatever its disk does; for the tests of failing disks.

Each line it prints is `kept N` or `refused N`. After each it compares all that the store answers with what it
was told is kept, and ends with a traceback when they differ. At the end it kills itself.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import gateway.storage.database
from gateway.storage.errors import StorageUnavailable
from gateway.storage.store import Store
from gateway.storage.upkeep import Policy, Upkeep
from tests.gateway.storage.samples import Model, batch, contents, open_store
from tests.gateway.storage.writer import rows_of
from tests.strategies import NOW_MS

BATCHES = 50


def opened(directory: Path) -> Store:
    """Open the store, at the second or third attempt if need be."""
    while True:
        try:
            return open_store(directory)
        except StorageUnavailable:
            sys.stdout.write("closed\n")


def main(directory: str) -> None:
    """Write, and look after each batch."""
    # Small enough for several checkpoints.
    gateway.storage.database._CHECKPOINT_PAGES = 20  # type: ignore[misc]
    store, model = opened(Path(directory)), Model()
    upkeep = Upkeep(store, Policy(flush_samples=60))
    for number in range(BATCHES):
        try:
            store.commit(batch(store, rows_of(0, number)))
        except StorageUnavailable:
            said = "refused"
        else:
            said = "kept"
            model.commit(rows_of(0, number))
        os.write(1, f"{said} {number}\n".encode())
        assert contents(store) == model.contents()
        with suppress(StorageUnavailable):
            upkeep.run(NOW_MS)
        assert contents(store) == model.contents()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1])
