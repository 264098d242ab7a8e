"""What the tests of reporting and of snapshots share: reporters that are closed at the end."""

from collections.abc import Iterator

import pytest

from tests.exporter.gateways import Reporters


@pytest.fixture
def reporter() -> Iterator[Reporters]:
    """Makes reporters; what they opened is closed when the test ends."""
    reporters = Reporters()
    yield reporters
    reporters.close()
