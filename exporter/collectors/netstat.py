"""Counters of the network protocols (`node_netstat_*`), from /proc/net/netstat, snmp and snmp6."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import attribute, rows
from exporter.collectors.making import single
from exporter.families import Family

WANTED: Final = re.compile(
    r".*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)"
    r"|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)"
    r"|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)"
    r"|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors)"
)
_SIX: Final = re.compile(r"(\w+?6)(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Values by protocol and counter, as Tcp_InSegs."""

    values: Mapping[str, int]


def read(proc: Path, wanted: re.Pattern[str] = WANTED) -> Snapshot:
    """The counters now, those whose whole name is wanted. A host without IPv6 has no snmp6."""
    pairs = (*_tables(proc / "net/netstat"), *_tables(proc / "net/snmp"), *_version6(proc / "net/snmp6"))
    return Snapshot(values={name: int(value) for name, value in pairs if wanted.fullmatch(name)})


def _tables(path: Path) -> Iterator[tuple[str, str]]:
    """A line of names, then a line of values, both beginning with the protocol."""
    lines = list(rows(path))
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        if names[0] != values[0]:
            raise ValueError(f"names of {names[0]} before values of {values[0]} in {path}")
        protocol = names[0].rstrip(":")
        for name, value in zip(names[1:], values[1:], strict=True):
            yield f"{protocol}_{name}", value


def _version6(path: Path) -> Iterator[tuple[str, str]]:
    """A line for each counter."""
    for line in (attribute(path) or "").splitlines():
        name, value = line.split()
        if found := _SIX.fullmatch(name):
            yield f"{found[1]}_{found[2]}", value


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    return [
        single(f"node_netstat_{name}", "untyped", f"{name} of the network protocols.", value)
        for name, value in snapshot.values.items()
    ]
