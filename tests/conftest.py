"""What every test shares: the rule for tests that need a peer, loopback without a proxy, no deadlines."""

import os

import pytest
from hypothesis import settings

from tests.peers.required import require_peer

# A busy machine is no defect; pytest's own time limit ends what hangs.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("peer"):
        for peer in marker.args:
            require_peer(peer)
