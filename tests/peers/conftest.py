"""The real servers as fixtures; a test that asks for one that is not installed is skipped, or fails in CI."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.servers import Server, Servers


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """Starts any number of servers with settings of the test's own; they stop when the test ends."""
    with Servers(tmp_path) as running:
        yield running


@pytest.fixture
def prometheus(servers: Servers) -> Server:
    """A Prometheus that scrapes nothing and takes remote write."""
    return servers.prometheus()


@pytest.fixture
def victoria_metrics(servers: Servers) -> Server:
    """An empty VictoriaMetrics."""
    return servers.victoria_metrics()
