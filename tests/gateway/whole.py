"""The whole gateway over a real store, without the wire: requests go right into its application."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gateway.app import Gateway
from gateway.settings import NONE, GatewaySettings, Query, Storage
from runtime.stop import Stop
from runtime.values import Address, Duration

DEFAULT: Final = Query()


@contextmanager
def whole(directory: Path, *, query: Query = DEFAULT, rules: tuple[str, ...] = ()) -> Iterator[Gateway]:
    """Make it and open its store."""
    gateway = Gateway(
        GatewaySettings(
            listen=Address(host="127.0.0.1", port=0),
            data_dir=str(directory),
            enable_admin_api=True,
            query=query,
            rules=rules,
            retention=Duration.parse("100y"),
            storage=Storage(sync="off"),
            self_scrape=False,
            rule_packs=(NONE,),
        )
    )
    stop = Stop()
    stop.request("it was never to serve")
    try:
        gateway.open()
        yield gateway
        gateway.close()
    finally:
        gateway.server.serve(stop)
