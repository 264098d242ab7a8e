"""What several tests of the pages need."""

import pytest

from tests.exporter.http.serving import Certificates, certificates_in


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority with a server, a client, and a stranger."""
    return certificates_in(tmp_path_factory.mktemp("certificates"))
