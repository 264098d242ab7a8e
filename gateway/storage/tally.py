"""What a store counts of its own work, as plain numbers. Knows nothing that does the work."""

import threading
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Tally:
    """Numbers since the store was opened, but for the size of the log, which is what it is."""

    commits: int = 0
    batches: int = 0
    replaced: int = 0
    _log_added: int = 0
    _log_sealed: int = 0
    _log_removed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def log_bytes(self) -> int:
        """Bytes of the rows that the log holds."""
        return self._log_added - self._log_removed

    def commit(self, batches: int, log_bytes: int) -> None:
        """Note a commit of so many batches; the caller holds the write lock."""
        self.commits += 1
        self.batches += batches
        self._log_added += log_bytes

    def load(self, log_bytes: int) -> None:
        """Note a row that was in the log before."""
        self._log_added += log_bytes

    def seal(self) -> None:
        """Note that what is in the log now is being made into a part."""
        self._log_sealed = self._log_added

    def flush(self) -> None:
        """Note that what was sealed is out of the log."""
        self._log_removed = self._log_sealed

    def replace(self, samples: int) -> None:
        """Note samples that another value for the same time took the place of. Called from any thread."""
        with self._lock:
            self.replaced += samples
