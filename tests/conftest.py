"""What every test shares: the rule for tests that need a real peer."""

import pytest

from tests.peers.required import require_peer


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("peer"):
        for peer in marker.args:
            require_peer(peer)
