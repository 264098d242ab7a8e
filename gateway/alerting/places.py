"""Which Alertmanagers the settings name, and how each is reached; files that name more are read again."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from delivery.relabel import Rule
from delivery.targets import checked, path_of, proxy_of, rules_of, trusting
from delivery.transport import Target
from gateway.settings import Alertmanager, GatewaySettings
from runtime.documents import Value, read_document
from runtime.errors import SettingsError

ALERTS_PATH: Final = "/api/v2/alerts"

# It belongs into the settings, and is shown nowhere.
_LOGIN: Final = re.compile(r"//[^/]*@")

_SCHEME: Final = "__scheme__"
_PATH: Final = "__alerts_path__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an Alertmanager takes alerts, how to be let in, and the rules for what it gets."""

    target: Target
    rules: tuple[Rule, ...] = ()

    @property
    def url(self) -> str:
        """Where alerts are posted to."""
        return self.target.url


class Source:
    """One element of the settings: an address, or a file with addresses."""

    def __init__(self, where: str, block: Alertmanager, environment: Mapping[str, str]) -> None:
        """Check it; raises SettingsError."""
        self._where = where
        self._block = block
        self._environment = environment
        self._rules = rules_of(f"{where}.alert_relabel_configs", block.alert_relabel_configs)
        self._path = path_of(block.file_sd)
        self._seen: tuple[int, int, int] | None = None
        self.places: tuple[Place, ...] = () if self._path else (self._place(alerts_url(block.url)),)
        self.refused: tuple[str, ...] = ()

    @property
    def is_file(self) -> bool:
        """Tell whether it may change."""
        return self._path is not None

    def read(self) -> None:
        """Read the file if it has changed. Raises SettingsError; then all stays as it was."""
        if self._path is None or (seen := _state(self._path)) == self._seen:
            return
        self._seen = seen
        places, refused = [], []
        for url in _urls(read_document(self._path), str(self._path)):
            try:
                places.append(self._place(url))
            except SettingsError:
                refused.append(_LOGIN.sub("//…@", url))
        self.places, self.refused = tuple(places), tuple(refused)

    def _place(self, url: str) -> Place:
        block = self._block
        target = Target(
            url=url,
            timeout_s=block.timeout.ms / 1000,
            username=block.basic_auth.username,
            password_file=path_of(block.basic_auth.password_file),
            token_file=path_of(block.authorization.credentials_file),
            proxy=block.proxy_url or proxy_of(url, self._environment),
        )
        return Place(target=checked(self._where, trusting(target, block.tls_config)), rules=self._rules)


def sources(settings: GatewaySettings, environment: Mapping[str, str]) -> list[Source]:
    """Return what the settings name; raises SettingsError."""
    blocks = [
        *((f"alertmanager[{n}]", Alertmanager(url=url)) for n, url in enumerate(settings.alertmanager)),
        *((f"alertmanagers[{n}]", block) for n, block in enumerate(settings.alertmanagers)),
    ]
    if settings.alertmanager_file_sd:
        blocks.append(("alertmanager_file_sd", Alertmanager(file_sd=settings.alertmanager_file_sd)))
    return [Source(where, block, environment) for where, block in blocks]


def distinct(found: Iterable[Place]) -> dict[str, Place]:
    """Return places by their address; of several for one address the first counts."""
    places: dict[str, Place] = {}
    for place in found:
        places.setdefault(place.url, place)
    return places


def alerts_url(url: str) -> str:
    """Return where an Alertmanager at this address takes alerts."""
    bare = url.rstrip("/")
    return bare if bare.endswith(ALERTS_PATH) else bare + ALERTS_PATH


def _state(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise SettingsError([f"{path}: it can't be read: {error.strerror}."]) from error
    return found.st_mtime_ns, found.st_size, found.st_ino


def _urls(document: Value, name: str) -> Iterator[str]:
    """Return the addresses of a file of Prometheus' file_sd_configs; raises SettingsError."""
    if document.items is None:
        raise SettingsError([f"{name}: it must be a list of mappings with targets."])
    for group in document.items:
        fields = {key.written: value for key, value in group.pairs or ()}
        targets = fields.get("targets")
        if targets is None or targets.items is None:
            raise SettingsError([f"{name}, line {group.line}: here a list of targets must stand."])
        labels = {key.written: value.written or "" for key, value in _pairs(fields.get("labels"))}
        for target in targets.items:
            yield _url(target.written or "", labels.get(_SCHEME) or "http", labels.get(_PATH) or ALERTS_PATH)


def _pairs(value: Value | None) -> Iterable[tuple[Value, Value]]:
    return value.pairs or () if value is not None else ()


def _url(target: str, scheme: str, path: str) -> str:
    """Return the address of a target: HOST:PORT as Prometheus has it, or a whole address."""
    if "://" in target:
        return alerts_url(target)
    return f"{scheme}://{target}/{path.lstrip('/')}"
