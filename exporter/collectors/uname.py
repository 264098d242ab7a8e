"""Names of kernel and host (`node_uname_info`), from uname and /proc/sys/kernel/domainname."""

import os
from dataclasses import dataclass
from pathlib import Path

from exporter.collectors.files import attribute
from exporter.collectors.making import single
from exporter.families import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What `uname -a` tells, and the NIS domain."""

    names: os.uname_result
    domain: str


def read(proc: Path, names: os.uname_result) -> Snapshot:
    """The domain, which Python's uname leaves out, beside the names that were given."""
    return Snapshot(names=names, domain=attribute(proc / "sys/kernel/domainname") or "(none)")


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    labels = (
        ("domainname", snapshot.domain),
        ("machine", snapshot.names.machine),
        ("nodename", snapshot.names.nodename),
        ("release", snapshot.names.release),
        ("sysname", snapshot.names.sysname),
        ("version", snapshot.names.version),
    )
    return [single("node_uname_info", "gauge", "1, with the names of kernel and host.", 1, labels)]
