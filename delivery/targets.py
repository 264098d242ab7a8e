"""From the settings of receivers to targets and rules. Opens nothing; knows neither program."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from delivery.errors import BadRule, BadTarget
from delivery.proxies import proxy_for
from delivery.relabel import Rule
from delivery.settings import RelabelRule, RemoteWrite, Tls
from delivery.transport import Target, Transport
from runtime.errors import SettingsError


def remote_target(place: str, block: RemoteWrite, environment: Mapping[str, str]) -> Target:
    """Return the target of a block of remote_write; raises SettingsError."""
    target = Target(
        url=block.url,
        timeout_s=block.remote_timeout.ms / 1000,
        username=block.basic_auth.username,
        password_file=path_of(block.basic_auth.password_file),
        token_file=path_of(block.authorization.credentials_file),
        headers=tuple((pair.name, pair.value) for pair in block.headers),
        proxy=block.proxy_url or proxy_of(block.url, environment),
    )
    return checked(place, trusting(target, block.tls_config))


def proxy_of(url: str, environment: Mapping[str, str]) -> str:
    """Return the proxy that the environment wants for an address."""
    try:
        return proxy_for(url, environment)
    except ValueError:
        # The target's own check says what is wrong with the address.
        return ""


def trusting(target: Target, tls: Tls) -> Target:
    """Return the target with the settings of TLS."""
    return replace(
        target,
        ca_file=path_of(tls.ca_file),
        cert_file=path_of(tls.cert_file),
        key_file=path_of(tls.key_file),
        server_name=tls.server_name,
        insecure_skip_verify=tls.insecure_skip_verify,
    )


def checked(place: str, target: Target) -> Target:
    """Return the target if something can be sent to it; raises SettingsError."""
    try:
        Transport(target)
    except BadTarget as error:
        raise SettingsError([f"{place}: {error}"]) from error
    return target


def rules_of(place: str, rules: Iterable[RelabelRule]) -> tuple[Rule, ...]:
    """Compile relabelling rules; raises SettingsError."""
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


def host_of(url: str) -> str:
    """Return host and port of an address."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def path_of(text: str) -> Path | None:
    """Return the path that a setting names, if any."""
    return Path(text) if text else None
