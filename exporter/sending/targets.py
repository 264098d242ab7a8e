"""From settings to receivers: where each is, how it is trusted, what it gets. Opens nothing.

The gateway is a receiver of remote write like any other. It is also where snapshots and heartbeats go.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from delivery.errors import BadRule, BadTarget
from delivery.proxies import proxy_for
from delivery.relabel import Rule
from delivery.spool import Limits, Order
from delivery.transport import Target, Transport
from exporter.sending.series import Identity
from exporter.settings import AgentSettings, RelabelRule, RemoteWrite, Tls
from runtime.errors import SettingsError

GATEWAY: Final = "gateway"

# A name is also a directory.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:\[\]-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """One receiver of remote write. The rules are those for all receivers and then its own."""

    name: str
    target: Target
    rules: tuple[Rule, ...] = ()
    order: Order = "interleaved"


def gateway_target(settings: AgentSettings, path: str, environment: Mapping[str, str]) -> Target:
    """Return the target for a path of the gateway; raises SettingsError."""
    target = Target(
        url=settings.gateway.rstrip("/") + path,
        token_file=_path(settings.token_file),
        proxy=settings.proxy or _proxy(settings.gateway, environment),
    )
    return _checked("gateway", _trusting(target, settings.gateway_tls))


def receivers(settings: AgentSettings, environment: Mapping[str, str]) -> list[Receiver]:
    """Return all receivers of remote write, the gateway first; raises SettingsError."""
    shared = _rules("write_relabel_configs", settings.write_relabel_configs)
    found = []
    if settings.gateway:
        found.append(
            Receiver(
                name=GATEWAY,
                target=gateway_target(settings, "/api/v1/write", environment),
                rules=shared,
                order=settings.spool.order,
            )
        )
    for number, block in enumerate(settings.remote_write):
        place = f"remote_write[{number}]"
        name = block.name or _host(block.url)
        if not _NAME.fullmatch(name):
            raise SettingsError([f"{place}: give it a name of letters, digits and ._:- (up to 64)"])
        if any(name == other.name for other in found):
            raise SettingsError([f"{place}: another receiver is called {name}; give it a name of its own"])
        own = _rules(f"{place}.write_relabel_configs", block.write_relabel_configs)
        target = _remote(place, block, environment)
        found.append(Receiver(name=name, target=target, rules=shared + own, order=block.order))
    return found


def identity(settings: AgentSettings, host_name: str) -> Identity:
    """Return what all series carry."""
    labels = tuple((pair.name, pair.value) for pair in settings.label)
    return Identity(instance=settings.name or host_name, job=settings.job, labels=labels)


def limits(settings: AgentSettings) -> Limits:
    """Return what each spool may hold."""
    return Limits(bytes=settings.spool.max_size.bytes, age_ms=settings.spool.max_age.ms)


def _remote(place: str, block: RemoteWrite, environment: Mapping[str, str]) -> Target:
    target = Target(
        url=block.url,
        timeout_s=block.remote_timeout.ms / 1000,
        username=block.basic_auth.username,
        password_file=_path(block.basic_auth.password_file),
        token_file=_path(block.authorization.credentials_file),
        headers=tuple((pair.name, pair.value) for pair in block.headers),
        proxy=block.proxy_url or _proxy(block.url, environment),
    )
    return _checked(place, _trusting(target, block.tls_config))


def _proxy(url: str, environment: Mapping[str, str]) -> str:
    try:
        return proxy_for(url, environment)
    except ValueError:
        # The target's own check says what is wrong with the address.
        return ""


def _trusting(target: Target, tls: Tls) -> Target:
    return replace(
        target,
        ca_file=_path(tls.ca_file),
        cert_file=_path(tls.cert_file),
        key_file=_path(tls.key_file),
        server_name=tls.server_name,
        insecure_skip_verify=tls.insecure_skip_verify,
    )


def _checked(place: str, target: Target) -> Target:
    try:
        Transport(target)
    except BadTarget as error:
        raise SettingsError([f"{place}: {error}"]) from error
    return target


def _rules(place: str, rules: Iterable[RelabelRule]) -> tuple[Rule, ...]:
    made = []
    for number, rule in enumerate(rules):
        try:
            made.append(
                Rule(
                    action=rule.action,
                    source_labels=rule.source_labels,
                    separator=rule.separator,
                    regex=rule.regex.text,
                    modulus=rule.modulus,
                    target_label=rule.target_label,
                    replacement=rule.replacement,
                )
            )
        except BadRule as error:
            raise SettingsError([f"{place}[{number}]: {error}"]) from error
    return tuple(made)


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _path(text: str) -> Path | None:
    return Path(text) if text else None
