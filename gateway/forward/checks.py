"""What is wrong with the settings of forwarding, and which destinations they name.

Imported before a gateway is made: it needs nothing that only a gateway does.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from delivery import checks
from delivery.settings import RemoteWrite
from gateway.settings import GatewaySettings
from gateway.settings import problems as own_problems

WRITE_PATH: Final = "/api/v1/write"

MAX_SHARDS: Final = 64
"""As many threads and connections for each destination; more would only wait for each other."""

# A name is also a directory.
_NAME: Final = re.compile(r"[A-Za-z0-9\[][A-Za-z0-9._:\[\]-]{0,63}")


def problems(settings: GatewaySettings) -> list[str]:
    """Return a sentence for each thing that is wrong; each begins with the key."""
    return [*own_problems(settings), *_ours(settings), *_names(settings)]


def _ours(settings: GatewaySettings) -> Iterator[str]:
    limits = settings.forwarding
    for number, url in enumerate(settings.forward):
        yield from checks.url(f"forward[{number}]", url)
    yield from checks.receivers(settings.remote_write)
    yield from checks.labels(
        "external_labels", settings.external_labels, {"__name__": "it is the name of a metric"}
    )
    if settings.external_url:
        yield from checks.url("external_url", settings.external_url)
    if settings.query_url:
        yield from checks.url("query_url", settings.query_url)
        yield from checks.headers("query_headers", settings.query_headers)
        if settings.store:
            yield "query_url: queries are answered here; it is for a gateway with store: false."
    if not settings.store and not (settings.forward or settings.remote_write):
        yield "store: with false there must be a destination, in forward or remote_write."
    if limits.max_size.bytes <= 0:
        yield f"forwarding.max_size: expected more than 0, got {limits.max_size}."
    if limits.max_age.ms <= 0:
        yield f"forwarding.max_age: expected more than 0, got {limits.max_age}."
    if not 1 <= limits.shards <= MAX_SHARDS:
        yield f"forwarding.shards: expected 1 to {MAX_SHARDS}, got {limits.shards}."


def _names(settings: GatewaySettings) -> Iterator[str]:
    first: dict[str, str] = {}
    for where, block in blocks(settings):
        name = checks.name_of(block)
        if name and not _NAME.fullmatch(name):
            yield f"{where}: give it a name of letters, digits and ._:- (up to 64)."
        elif name in first and not (where.startswith("remote_write") and first[name].startswith("remote_w")):
            yield f'{where}: it has the same name as {first[name]}, "{name}". Give each its own name.'
        first.setdefault(name, where)


def blocks(settings: GatewaySettings) -> list[tuple[str, RemoteWrite]]:
    """Return what describes each destination, and the key it stands at."""
    return [
        *(
            (f"forward[{number}]", RemoteWrite(url=_whole(url)))
            for number, url in enumerate(settings.forward)
        ),
        *((f"remote_write[{number}]", block) for number, block in enumerate(settings.remote_write)),
    ]


def _whole(url: str) -> str:
    """Return an address with a path: the usual one if it has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return url if parts.path not in ("", "/") or parts.query else url.rstrip("/") + WRITE_PATH
