"""What is wrong with settings although each of them can be read: limits, and what does not go together.

Owns these rules and their sentences. Reads no file: whether one can be read shows when it is used.
"""

from collections.abc import Iterator
from typing import Final

from delivery.checks import is_url, labels, proxy, receivers, rules, tls, url
from exporter.settings import AgentSettings
from runtime.values import Duration

_MIN_INTERVAL: Final = Duration.parse("1s")
"""More often tells no more: the kernel itself counts much of it in hundredths of a second."""

_OWN_LABELS: Final = {
    "__name__": "it is the name of a metric",
    "instance": "the setting name gives it",
    "job": "the setting job gives it",
}


_OWN_NAMES: Final = frozenset(("gateway", "snapshots"))
"""Spools that the agent itself fills."""


def problems(settings: AgentSettings) -> list[str]:
    """Return a sentence for each thing that is wrong; each begins with the key."""
    return [
        *_limits(settings),
        *_others(settings),
        *_gateway(settings),
        *labels("label", settings.label, _OWN_LABELS),
        *rules("write_relabel_configs", settings.write_relabel_configs),
        *receivers(settings.remote_write, taken=_OWN_NAMES),
    ]


def _limits(settings: AgentSettings) -> Iterator[str]:
    process, snapshot, spool = settings.process, settings.snapshot, settings.spool
    for key, duration in {
        "interval": settings.interval,
        "heartbeat": settings.heartbeat,
        "snapshot.interval": snapshot.interval,
    }.items():
        if duration.ms < _MIN_INTERVAL.ms:
            yield f"{key}: expected {_MIN_INTERVAL} or more, got {duration}."
    for key, (value, size) in {
        "timeout": (settings.timeout.ms, settings.timeout),
        "process.max_groups": (process.max_groups, process.max_groups),
        "snapshot.top": (snapshot.top, snapshot.top),
        "snapshot.max_processes": (snapshot.max_processes, snapshot.max_processes),
        "snapshot.max_size": (snapshot.max_size.bytes, snapshot.max_size),
        "spool.max_size": (spool.max_size.bytes, spool.max_size),
        "spool.max_age": (spool.max_age.ms, spool.max_age),
    }.items():
        if value <= 0:
            yield f"{key}: expected more than 0, got {size}."
    if not process.min_cpu_seconds >= 0:
        yield f"process.min_cpu_seconds: expected 0 or more, got {process.min_cpu_seconds}."


def _others(settings: AgentSettings) -> Iterator[str]:
    for key, text in {"job": settings.job, "state_dir": settings.state_dir}.items():
        if not text:
            yield f"{key}: this must not be empty."
    host = settings.collector.container.host
    if host and not (host.startswith("unix:///") or is_url(host, ("tcp",))):
        yield f'collector.container.host: expected unix:///PATH or tcp://HOST:PORT, got "{host}".'


def _gateway(settings: AgentSettings) -> Iterator[str]:
    if settings.gateway:
        yield from url("gateway", settings.gateway)
    yield from proxy("proxy", settings.proxy)
    yield from tls("gateway_tls", settings.gateway_tls)
