"""What is answered when the disk does not give what is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import falcon

from gateway.storage.errors import StorageUnavailable

RETRY_AFTER_S: Final = 5
"""A full disk is seldom mended sooner."""


@contextmanager
def reading() -> Iterator[None]:
    """Answer 503 when something can't be read."""
    try:
        yield
    except StorageUnavailable as error:
        raise falcon.HTTPServiceUnavailable(
            description=f"Nothing can be read: {error}", retry_after=RETRY_AFTER_S
        ) from error
