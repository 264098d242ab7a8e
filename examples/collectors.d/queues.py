"""How many files wait in directories that are queues, how large they are, and since when they wait.

Put this file into the agent's collectors_dir, and write your directories below.
It needs prometheus-client: pip install prometheus-client
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily

QUEUES = {
    "mail": "/var/spool/postfix/deferred",
    "printing": "/var/spool/cups",
}


class Queues:
    """A directory is a queue. One that is not there is left out; one we may not read is an error."""

    interval = "1m"
    timeout = "10s"
    version = "1.0"

    def __init__(self, queues: Mapping[str, str] = QUEUES) -> None:
        self._queues = queues

    def collect(self) -> Iterator[GaugeMetricFamily]:
        files = GaugeMetricFamily("queue_files", "Files that wait.", labels=["queue"])
        size = GaugeMetricFamily("queue_size_bytes", "Their size.", labels=["queue"])
        oldest = GaugeMetricFamily(
            "queue_oldest_file_timestamp_seconds", "When the oldest was last written.", labels=["queue"]
        )
        for name, directory in self._queues.items():
            if Path(directory).is_dir():
                found = list(_files(directory))
                files.add_metric([name], len(found))
                size.add_metric([name], sum(each.st_size for each in found))
                if found:
                    oldest.add_metric([name], min(each.st_mtime for each in found))
        yield from (files, size, oldest)


def _files(directory: str) -> Iterator[os.stat_result]:
    """All files in the directory and below; those that go away meanwhile are passed over."""
    with os.scandir(directory) as entries:
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    yield from _files(entry.path)
                else:
                    yield entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
