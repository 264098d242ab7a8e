"""What is wrong with the settings of receivers although each of them can be read.

Owns these rules and their sentences, for both programs. Reads no file: whether one can be read shows when
it is used.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from delivery.settings import Authorization, BasicAuth, RelabelRule, RemoteWrite, Tls
from runtime.values import LabelPair

_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_GROUP: Final = re.compile(r"\$(\{\w+\}|\w+)")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")

_OWN_HEADERS: Final = frozenset(
    (
        "accept-encoding", "authorization", "connection", "content-encoding", "content-length",
        "content-type", "host", "proxy-authorization", "transfer-encoding", "user-agent",
        "x-prometheus-remote-write-version",
    )
)  # fmt: skip
"""Headers that the sender writes itself."""

_NEED_TARGET: Final = ("replace", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal")

_TAKES: Final = {
    "keepequal": ("source_labels", "target_label"),
    "dropequal": ("source_labels", "target_label"),
    "labeldrop": ("regex",),
    "labelkeep": ("regex",),
    "lowercase": ("source_labels", "separator", "regex", "modulus", "target_label"),
    "uppercase": ("source_labels", "separator", "regex", "modulus", "target_label"),
}
"""What a rule may say besides its action, where that is not everything, as Prometheus has it."""


def receivers(receivers: Iterable[RemoteWrite], taken: Container[str] = ()) -> Iterator[str]:
    """Say what is wrong with blocks of remote_write."""
    first: dict[str, str] = {}
    for index, receiver in enumerate(receivers):
        at = f"remote_write[{index}]"
        yield from _receiver(at, receiver)
        name = name_of(receiver)
        if name in taken:
            yield f'{at}: "{name}" is what this program calls a spool of its own. Give it another name.'
        elif name and name in first:
            yield f'{at}: it has the same name as {first[name]}, "{name}". Give each its own name.'
        first.setdefault(name, at)


def name_of(receiver: RemoteWrite) -> str:
    """Return what a receiver is called: its name, otherwise the host and port of its URL."""
    try:
        return receiver.name or urlsplit(receiver.url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _receiver(at: str, receiver: RemoteWrite) -> Iterator[str]:
    yield from url(f"{at}.url", receiver.url)
    if receiver.remote_timeout.ms <= 0:
        yield f"{at}.remote_timeout: expected more than 0, got {receiver.remote_timeout}."
    yield from headers(f"{at}.headers", receiver.headers)
    yield from credentials(at, receiver.basic_auth, receiver.authorization)
    yield from tls(f"{at}.tls_config", receiver.tls_config)
    yield from proxy(f"{at}.proxy_url", receiver.proxy_url)
    yield from rules(f"{at}.write_relabel_configs", receiver.write_relabel_configs)


def url(key: str, url: str) -> Iterator[str]:
    """Say what is wrong with an address."""
    if not is_url(url, ("http", "https")):
        yield f'{key}: expected http://HOST:PORT or https://HOST:PORT, got "{_masked(url)}".'
    elif urlsplit(url).username is not None:
        yield f"{key}: a URL is no place for a name and a password; there are settings with files for them."


def proxy(key: str, url: str) -> Iterator[str]:
    """Say what is wrong with a proxy's address, if there is one."""
    if url and not is_url(url, ("http",)):
        yield f'{key}: expected http://HOST:PORT, got "{_masked(url)}".'


def is_url(url: str, schemes: tuple[str, ...]) -> bool:
    """Tell whether it is an address of one of these kinds."""
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _masked(url: str) -> str:
    """Return the URL without what may be a password."""
    return re.sub(r"[^/]*@", "…@", url)


def credentials(at: str, basic: BasicAuth, authorization: Authorization) -> Iterator[str]:
    """Say what is wrong with how to be let in."""
    if basic.password_file and not basic.username:
        yield f"{at}.basic_auth: there is a password_file, but no username."
    if basic.username and authorization.credentials_file:
        yield f"{at}: it has both basic_auth and authorization; only one of them can be used."


def tls(key: str, tls: Tls) -> Iterator[str]:
    """Say what certificates lack."""
    if tls.key_file and not tls.cert_file:
        yield f"{key}: there is a key_file, but no cert_file."
    if tls.cert_file and not tls.key_file:
        yield f"{key}: there is a cert_file, but no key_file."


def labels(key: str, labels: Iterable[LabelPair], reserved: Mapping[str, str]) -> Iterator[str]:
    """Say what is wrong with labels; `reserved` tells why some cannot be set."""
    seen = set()
    for label in labels:
        if not _LABEL.fullmatch(label.name):
            yield f'{key}: "{label.name}" is no name of a label: letters, digits and _, no digit first.'
        elif label.name in reserved:
            yield f"{key}: {label.name} cannot be set here: {reserved[label.name]}."
        elif label.name in seen:
            yield f"{key}: {label.name} is given twice."
        seen.add(label.name)


def headers(key: str, pairs: Iterable[LabelPair]) -> Iterator[str]:
    """Say what is wrong with headers."""
    seen = set()
    for header in pairs:
        name = header.name.lower()
        if not _HEADER.fullmatch(header.name):
            yield f'{key}: "{header.name}" is no name of a header.'
        elif name in _OWN_HEADERS:
            yield f"{key}: {header.name} cannot be set here: the request has it already."
        elif name in seen:
            yield f"{key}: {header.name} is given twice."
        if not header.value.isprintable() or not header.value.isascii():
            yield f"{key}: the value of {header.name} must be printable ASCII."
        seen.add(name)


def rules(key: str, rules: Iterable[RelabelRule]) -> Iterator[str]:
    """Say what is wrong with relabelling rules."""
    for index, rule in enumerate(rules):
        for problem in _rule(rule):
            yield f"{key}[{index}]: {problem}"


def _rule(rule: RelabelRule) -> Iterator[str]:
    action, target = rule.action, rule.target_label
    for name in rule.source_labels:
        if not _LABEL.fullmatch(name):
            yield f'source_labels: "{name}" is no name of a label.'
    if rule.modulus < 0:
        yield f"modulus: expected 0 or more, got {rule.modulus}."
    elif action == "hashmod" and rule.modulus == 0:
        yield "the action hashmod needs a modulus above 0."
    if action in _NEED_TARGET and not target:
        yield f"the action {action} needs a target_label."
    elif action == "replace" and not _names_a_label(target):
        yield f'target_label: "{target}" cannot become the name of a label.'
    elif action in _NEED_TARGET and action != "replace" and not _LABEL.fullmatch(target):
        yield f'target_label: "{target}" is no name of a label.'
    if action == "labelmap" and not _names_a_label(rule.replacement):
        yield f'replacement: "{rule.replacement}" cannot become the name of a label.'
    yield from _superfluous(rule)


def _superfluous(rule: RelabelRule) -> Iterator[str]:
    takes = _TAKES.get(rule.action)
    if takes is None:
        return
    usual = RelabelRule()
    for name in rule.__struct_fields__:
        if name not in (*takes, "action") and getattr(rule, name) != getattr(usual, name):
            yield f"the action {rule.action} takes no {name}."


def _names_a_label(template: str) -> bool:
    """Whether it can be the name of a label once its $1 are filled in."""
    return _LABEL.fullmatch(_GROUP.sub("x", template)) is not None
