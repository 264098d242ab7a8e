"""Bonded network devices and how many of their links are up (`node_bonding_*`), from /sys/class/net."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.collectors.files import attribute, text
from exporter.collectors.making import labelled, with_points
from exporter.families import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """By bond, whether each of its links is up."""

    links: Mapping[str, Mapping[str, bool]]


def read(sys: Path) -> Snapshot:
    """The bonds now. A host without the driver has no list of them."""
    net = sys / "class/net"
    return Snapshot(
        links={
            bond: {
                link: _up(net / bond, link)
                for link in (attribute(net / bond / "bonding/slaves") or "").split()
            }
            for bond in text(net / "bonding_masters").split()
        }
    )


def _up(bond: Path, link: str) -> bool:
    """Whether a link is up. Old kernels call its directory otherwise."""
    places = (bond / f"{kind}_{link}/bonding_slave/mii_status" for kind in ("lower", "slave"))
    return any(attribute(place) == "up" for place in places)


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    links = {bond: len(found) for bond, found in snapshot.links.items()}
    up = {bond: sum(found.values()) for bond, found in snapshot.links.items()}
    return with_points(
        (
            labelled("node_bonding_slaves", "gauge", "Links of a bond.", "master", links),
            labelled("node_bonding_active", "gauge", "Links of a bond that are up.", "master", up),
        )
    )
