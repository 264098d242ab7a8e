"""NFS, as a client (`node_nfs_*`) and as a server (`node_nfsd_*`), from /proc/net/rpc."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import column, rows
from exporter.collectors.making import labelled, single
from exporter.families import Family, Kind, Point


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Methods by version of the protocol, in the order of the files.
VERSION_2: Final = _words(
    "Null GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link SymLink MkDir "
    "RmDir ReadDir FsStat"
)
VERSION_3: Final = _words(
    "Null GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove RmDir "
    "Rename Link ReadDir ReadDirPlus FsStat FsInfo PathConf Commit"
)
CLIENT_4: Final = _words(
    "Null Read Write Commit Open OpenConfirm OpenNoattr OpenDowngrade Close Setattr FsInfo Renew "
    "SetClientID SetClientIDConfirm Lock Lockt Locku Access Getattr Lookup LookupRoot Remove Rename Link "
    "Symlink Create Pathconf StatFs ReadLink ReadDir ServerCaps DelegReturn GetACL SetACL FsLocations "
    "ReleaseLockowner Secinfo FsidPresent ExchangeID CreateSession DestroySession Sequence GetLeaseTime "
    "ReclaimComplete LayoutGet GetDeviceInfo LayoutCommit LayoutReturn SecinfoNoName TestStateID "
    "FreeStateID GetDeviceList BindConnToSession DestroyClientID Seek Allocate DeAllocate LayoutStats "
    "Clone"
)
# What node_exporter leaves out is a dash.
SERVER_4: Final = _words(
    "- - - Access Close Commit Create DelegPurge DelegReturn GetAttr GetFH Link Lock Lockt Locku Lookup "
    "LookupRoot Nverify Open OpenAttr OpenConfirm OpenDgrd PutFH - - Read ReadDir ReadLink Remove Rename "
    "Renew RestoreFH SaveFH SecInfo SetAttr Verify Write RelLockOwner"
)

# The line and the word in it; the family, its kind, its help.
Values = tuple[tuple[str, int, str, Kind, str], ...]
CLIENT: Final[Values] = (
    ("net", 4, "node_nfs_connections_total", "counter", "TCP connections made."),
    ("rpc", 1, "node_nfs_rpcs_total", "counter", "Calls made."),
    ("rpc", 2, "node_nfs_rpc_retransmissions_total", "counter", "Calls made again."),
    ("rpc", 3, "node_nfs_rpc_authentication_refreshes_total", "counter", "Times credentials were renewed."),
)
SERVER: Final[Values] = (
    ("rc", 1, "node_nfsd_reply_cache_hits_total", "counter", "Replies from the cache."),
    ("rc", 2, "node_nfsd_reply_cache_misses_total", "counter", "Replies that were not in the cache."),
    ("rc", 3, "node_nfsd_reply_cache_nocache_total", "counter", "Replies that are never in the cache."),
    ("fh", 1, "node_nfsd_file_handles_stale_total", "counter", "Calls for files that are gone."),
    ("io", 1, "node_nfsd_disk_bytes_read_total", "counter", "Bytes read for clients."),
    ("io", 2, "node_nfsd_disk_bytes_written_total", "counter", "Bytes written for clients."),
    ("th", 1, "node_nfsd_server_threads", "gauge", "Threads of the server."),
    ("ra", 1, "node_nfsd_read_ahead_cache_size_blocks", "gauge", "Size of the read-ahead cache."),
    ("ra", 12, "node_nfsd_read_ahead_cache_not_found_total", "counter", "Reads not found in that cache."),
    ("net", 4, "node_nfsd_connections_total", "counter", "TCP connections taken."),
    ("rpc", 1, "node_nfsd_server_rpcs_total", "counter", "Calls answered."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The numbers of each line, by its first word."""

    lines: Mapping[str, Sequence[int]]


def read_client(proc: Path) -> Snapshot:
    """The client's counters now."""
    return _read(proc / "net/rpc/nfs")


def read_server(proc: Path) -> Snapshot:
    """The server's counters now."""
    return _read(proc / "net/rpc/nfsd")


def _read(path: Path) -> Snapshot:
    # The line of threads ends with fractions, and nobody wants those.
    lines = {words[0]: words[1:2] if words[0] == "th" else words[1:] for words in rows(path)}
    return Snapshot(lines={name: tuple(map(int, words)) for name, words in lines.items()})


def client_to_metrics(snapshot: Snapshot) -> list[Family]:
    """The client's families, named as node_exporter names them."""
    methods = {"2": ("proc2", VERSION_2), "3": ("proc3", VERSION_3), "4": ("proc4", CLIENT_4)}
    return [
        *_packets("node_nfs_packets_total", "protocol", snapshot),
        *_values(CLIENT, snapshot),
        _requests("node_nfs_requests_total", methods, snapshot),
    ]


def server_to_metrics(snapshot: Snapshot) -> list[Family]:
    """The server's families, named as node_exporter names them; it does not count calls that do nothing."""
    methods = {
        "2": ("proc2", ("-", *VERSION_2[1:])),
        "3": ("proc3", ("-", *VERSION_3[1:])),
        "4": ("proc4ops", SERVER_4),
    }
    errors = {name: _at(snapshot, "rpc", at) for name, at in (("fmt", 3), ("auth", 4), ("cInt", 5))}
    return [
        *_packets("node_nfsd_packets_total", "proto", snapshot),
        *_values(SERVER, snapshot),
        labelled("node_nfsd_rpc_errors_total", "counter", "Calls refused.", "error", errors),
        _requests("node_nfsd_requests_total", methods, snapshot),
    ]


def _at(snapshot: Snapshot, line: str, at: int) -> int:
    return int(column([line, *map(str, snapshot.lines.get(line, ()))], at))


def _values(columns: Values, snapshot: Snapshot) -> Iterator[Family]:
    """The families whose lines this kernel has."""
    return (
        single(name, kind, text, _at(snapshot, line, at))
        for line, at, name, kind, text in columns
        if line in snapshot.lines
    )


def _packets(name: str, label: str, snapshot: Snapshot) -> list[Family]:
    values = {"udp": _at(snapshot, "net", 2), "tcp": _at(snapshot, "net", 3)}
    return [labelled(name, "counter", "Packets of NFS.", label, values)]


def _requests(name: str, methods: Mapping[str, tuple[str, Sequence[str]]], snapshot: Snapshot) -> Family:
    # The first number of a line says how many follow; kernels differ in that.
    points = tuple(
        Point(value, (("method", method), ("proto", version)))
        for version, (line, names) in methods.items()
        for method, value in zip(names, snapshot.lines.get(line, ())[1:], strict=False)
        if method != "-"
    )
    return Family(name=name, kind="counter", help="Requests by method.", points=points)
