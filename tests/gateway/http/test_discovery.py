"""What the gateway does not do has an answer of Prometheus' shape with nothing in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.http.querying import Reader, reading


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with reading(tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("targets", {"activeTargets": [], "droppedTargets": [], "droppedTargetCounts": {}}),
        ("targets/metadata", []),
    ],
)
def test_there_is_nothing(reader: Reader, path: str, data: object) -> None:
    assert reader.client.simulate_get(f"/api/v1/{path}").json == {"status": "success", "data": data}
