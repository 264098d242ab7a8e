"""What ingest needs of a store. All methods are called from many threads at once."""

from typing import Protocol

from remotewrite.decode.batch import Batch
from timeseries.labels import Labels


class SeriesStore(Protocol):
    """Keeps series, and batches of what was measured for them."""

    def register(self, labels: Labels) -> int:
        """Return the reference of a series, which may be new; raises remotewrite.errors.SeriesRejected.

        Its code is "series_limit" when the series is new and there are as many as there may be.
        """

    def labels(self, ref: int) -> Labels:
        """Return the labels of a registered series."""

    def commit(self, batch: Batch) -> None:
        """Return when all of the batch is durable; raises gateway.ingest.errors.Unavailable.

        After any exception nothing of the batch is kept.
        """

    def oldest_ms(self) -> int:
        """Return the oldest time that is still kept."""
