"""NFS as a server (`node_nfsd_*`), from /proc/net/rpc/nfsd."""

from pathlib import Path
from typing import Final

from exporter.collectors.making import labelled
from exporter.collectors.nfs import (
    VERSION_2,
    VERSION_3,
    Snapshot,
    Values,
    lines,
    method_names,
    packets,
    requests,
    value_at,
    values,
)
from exporter.families import Family

# What node_exporter leaves out is a dash.
SERVER_4: Final = method_names(
    "- - - Access Close Commit Create DelegPurge DelegReturn GetAttr GetFH Link Lock Lockt Locku Lookup "
    "LookupRoot Nverify Open OpenAttr OpenConfirm OpenDgrd PutFH - - Read ReadDir ReadLink Remove Rename "
    "Renew RestoreFH SaveFH SecInfo SetAttr Verify Write RelLockOwner"
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


def read(proc: Path) -> Snapshot:
    """The counters now."""
    return lines(proc / "net/rpc/nfsd")


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them; it does not count calls that do nothing."""
    methods = {
        "2": ("proc2", ("-", *VERSION_2[1:])),
        "3": ("proc3", ("-", *VERSION_3[1:])),
        "4": ("proc4ops", SERVER_4),
    }
    errors = {name: value_at(snapshot, "rpc", at) for name, at in (("fmt", 3), ("auth", 4), ("cInt", 5))}
    return [
        *packets("node_nfsd_packets_total", "proto", snapshot),
        *values(SERVER, snapshot),
        labelled("node_nfsd_rpc_errors_total", "counter", "Calls refused.", "error", errors),
        requests("node_nfsd_requests_total", methods, snapshot),
    ]
