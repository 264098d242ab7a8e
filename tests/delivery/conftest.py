"""What the tests of sending share: senders that are closed at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.parts import Senders


@pytest.fixture
def sender_to(tmp_path: Path) -> Iterator[Senders]:
    """Makes senders; they are closed when the test ends."""
    senders = Senders(tmp_path)
    yield senders
    senders.close()
