"""Makes the forwarder that the settings want, and the way to the server that answers queries instead."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from delivery.errors import SpoolInUse
from delivery.sender import Clock
from delivery.spool import Limits
from delivery.targets import path_of
from gateway.forward.destination import Destination, Surroundings
from gateway.forward.errors import ForwardingFailed
from gateway.forward.forwarder import Forwarder
from gateway.forward.places import places
from gateway.forward.upstream import Upstream
from gateway.settings import GatewaySettings
from runtime.logs import Log
from timeseries.labels import Labels

DIRECTORY: Final = "forward"
"""Below the directory of the data: a directory for each destination."""


def make_forwarder(
    settings: GatewaySettings,
    *,
    labels: Callable[[int], Labels],
    environment: Mapping[str, str],
    clock: Clock,
    chance: Callable[[], float],
    user_agent: str,
    log: Log,
) -> Forwarder:
    """Open all queues; raises SettingsError or ForwardingFailed."""
    limits = settings.forwarding
    around = Surroundings(
        spools=Path(settings.data_dir) / DIRECTORY,
        clock=clock,
        chance=chance,
        user_agent=user_agent,
        limits=Limits(bytes=limits.max_size.bytes, age_ms=limits.max_age.ms),
        # As for the store: without it samples survive the end of the process, not the loss of power.
        sync=settings.storage.sync == "full",
        shards=limits.shards,
        external={pair.name: pair.value for pair in settings.external_labels},
        labels=labels,
        log=log,
    )
    wanted = places(settings, environment)
    _tell_orphans(around.spools, {place.name for place in wanted}, log)
    try:
        return Forwarder([Destination(place, around) for place in wanted])
    except (SpoolInUse, OSError) as error:
        raise ForwardingFailed(f"the queues of what is passed on can't be opened: {error}") from error


def make_upstream(settings: GatewaySettings, *, timeout_s: Callable[[], float]) -> Upstream | None:
    """Return what asks the server that the settings name, None if they name none."""
    if not settings.query_url:
        return None
    return Upstream(
        settings.query_url,
        headers={pair.name: pair.value for pair in settings.query_headers},
        token_file=path_of(settings.query_token_file),
        timeout_s=timeout_s,
    )


def _tell_orphans(spools: Path, names: set[str], log: Log) -> None:
    """Say which queues hold samples for destinations that the settings no longer name."""
    for directory in spools.glob("*"):
        if directory.name not in names and any(directory.glob("*/*.spool")):
            log.warning("forward.orphaned", destination=directory.name, directory=str(directory))
