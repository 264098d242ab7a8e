"""The distribution (`node_os_*`), from etc/os-release or usr/lib/os-release below the root."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import text
from exporter.collectors.making import single
from exporter.families import Family

PLACES: Final = ("etc/os-release", "usr/lib/os-release")
LABELS: Final = (
    "build_id",
    "id",
    "id_like",
    "image_id",
    "image_version",
    "name",
    "pretty_name",
    "variant",
    "variant_id",
    "version",
    "version_codename",
    "version_id",
)
_MAJOR_MINOR: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the file assigns, by name in lower case."""

    values: Mapping[str, str]


def read(root: Path) -> Snapshot:
    """The assignments of the first file that is there."""
    found = [path for place in PLACES if (path := root / place).is_file()]
    if not found:
        raise FileNotFoundError(f"no {' nor '.join(PLACES)} in {root}")
    values = {}
    for line in text(found[0]).splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            values[name.lower()] = "".join(shlex.split(value))
    return Snapshot(values=values)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    labels = tuple((name, snapshot.values.get(name, "")) for name in LABELS)
    families = [
        single("node_os_info", "gauge", "1, with what os-release says of the distribution.", 1, labels)
    ]
    if version := _MAJOR_MINOR.match(snapshot.values.get("version_id", "")):
        names = tuple(pair for pair in labels if pair[0] in {"id", "id_like", "name"})
        families.append(
            single(
                "node_os_version",
                "gauge",
                "Version of the distribution as major.minor.",
                float(version[0]),
                names,
            )
        )
    return families
