"""NFS as a client (`node_nfs_*`), from /proc/net/rpc/nfs; and how both files of NFS are written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import column, rows
from exporter.collectors.making import labelled, single
from exporter.families import Family, Kind, Point


def method_names(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


# Methods by version of the protocol, in the order of the files.
VERSION_2: Final = method_names(
    "Null GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link SymLink MkDir "
    "RmDir ReadDir FsStat"
)
VERSION_3: Final = method_names(
    "Null GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove RmDir "
    "Rename Link ReadDir ReadDirPlus FsStat FsInfo PathConf Commit"
)
CLIENT_4: Final = method_names(
    "Null Read Write Commit Open OpenConfirm OpenNoattr OpenDowngrade Close Setattr FsInfo Renew "
    "SetClientID SetClientIDConfirm Lock Lockt Locku Access Getattr Lookup LookupRoot Remove Rename Link "
    "Symlink Create Pathconf StatFs ReadLink ReadDir ServerCaps DelegReturn GetACL SetACL FsLocations "
    "ReleaseLockowner Secinfo FsidPresent ExchangeID CreateSession DestroySession Sequence GetLeaseTime "
    "ReclaimComplete LayoutGet GetDeviceInfo LayoutCommit LayoutReturn SecinfoNoName TestStateID "
    "FreeStateID GetDeviceList BindConnToSession DestroyClientID Seek Allocate DeAllocate LayoutStats "
    "Clone"
)
# The line and the word in it; the family, its kind, its help.
Values = tuple[tuple[str, int, str, Kind, str], ...]
CLIENT: Final[Values] = (
    ("net", 4, "node_nfs_connections_total", "counter", "TCP connections made."),
    ("rpc", 1, "node_nfs_rpcs_total", "counter", "Calls made."),
    ("rpc", 2, "node_nfs_rpc_retransmissions_total", "counter", "Calls made again."),
    ("rpc", 3, "node_nfs_rpc_authentication_refreshes_total", "counter", "Times credentials were renewed."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The numbers of each line, by its first word."""

    lines: Mapping[str, Sequence[int]]


def read(proc: Path) -> Snapshot:
    """The counters now."""
    return lines(proc / "net/rpc/nfs")


def lines(path: Path) -> Snapshot:
    """What a file of NFS says."""
    # The line of threads ends with fractions, and nobody wants those.
    found = {words[0]: words[1:2] if words[0] == "th" else words[1:] for words in rows(path)}
    return Snapshot(lines={name: tuple(map(int, words)) for name, words in found.items()})


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    methods = {"2": ("proc2", VERSION_2), "3": ("proc3", VERSION_3), "4": ("proc4", CLIENT_4)}
    return [
        *packets("node_nfs_packets_total", "protocol", snapshot),
        *values(CLIENT, snapshot),
        requests("node_nfs_requests_total", methods, snapshot),
    ]


def value_at(snapshot: Snapshot, line: str, at: int) -> int:
    """The word at a place of a line, the first being the line's name."""
    return int(column([line, *map(str, snapshot.lines.get(line, ()))], at))


def values(columns: Values, snapshot: Snapshot) -> Iterator[Family]:
    """The families whose lines this kernel has."""
    return (
        single(name, kind, text, value_at(snapshot, line, at))
        for line, at, name, kind, text in columns
        if line in snapshot.lines
    )


def packets(name: str, label: str, snapshot: Snapshot) -> list[Family]:
    """Packets by the protocol below."""
    counts = {"udp": value_at(snapshot, "net", 2), "tcp": value_at(snapshot, "net", 3)}
    return [labelled(name, "counter", "Packets of NFS.", label, counts)]


def requests(name: str, methods: Mapping[str, tuple[str, Sequence[str]]], snapshot: Snapshot) -> Family:
    """Requests by version and method; a method that is a dash is not shown."""
    # The first number of a line says how many follow; kernels differ in that.
    points = tuple(
        Point(value, (("method", method), ("proto", version)))
        for version, (line, names) in methods.items()
        for method, value in zip(names, snapshot.lines.get(line, ())[1:], strict=False)
        if method != "-"
    )
    return Family(name=name, kind="counter", help="Requests by method.", points=points)
