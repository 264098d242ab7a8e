"""What the agent collects is what node_exporter shows: of a tree of files, and of the live machine."""

import math
import urllib.request
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import pytest

from tests.exporter import pages
from tests.exporter.hosts import COLLECTORS, DEBIAN, TREES, Host, live, tree
from tests.peers.servers import Servers

pytestmark = pytest.mark.peer("node-exporter")

HOST: Final = TREES / "host"
# What node_exporter shows only when asked.
OPTIONAL: Final = tuple(f"--collector.{name}" for name in ("interrupts", "processes", "tcpstat"))
# These answer from system calls, whatever files node_exporter is given.
BY_SYSTEM_CALL: Final = frozenset(
    {"filesystem", "netdev", "os", "selinux", "tcpstat", "time", "timex", "uname"}
)
# Ours only: newer versions of node_exporter have them.
NEWER: Final = frozenset(
    {
        "node_netstat_TcpExt_TCPOFOQueue",
        "node_netstat_TcpExt_TCPRcvQDrop",
        "node_pressure_irq_stalled_seconds_total",
    }
)
# Values that may differ by more than a few percent between two looks at a machine that tests keep busy.
RESTLESS: Final = (
    "node_load",
    "node_procs_",
    "node_processes_",
    "node_tcp_connection_states",
    "node_memory_",
    "node_sockstat_",
    "node_disk_io_now",
    "node_filefd_",
    "node_timex_",
    "node_cpu_scaling_frequency_hertz",
    "node_cpu_frequency_hertz",
    "node_nf_conntrack_",
    "node_udp_queues",
    "node_netstat_Tcp_CurrEstab",
    "node_thermal_zone_temp",
    "node_hwmon_",
    "node_arp_entries",
)


def asked(servers: Servers, *options: str) -> pages.Page:
    server = servers.node_exporter(*OPTIONAL, *options)
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=20) as answer:
        return pages.parsed(answer.read().decode())


def collected(name: str, host: Host) -> pages.Page:
    """A collector's page, with the mounts and devices that Debian's node_exporter shows."""
    return pages.page(COLLECTORS[name](replace(host, chosen=DEBIAN)))


def test_a_tree_of_files_gives_the_same_page(servers: Servers) -> None:
    theirs = asked(
        servers,
        f"--path.procfs={HOST / 'proc'}",
        f"--path.sysfs={HOST / 'sys'}",
        f"--path.udev.data={HOST / 'run/udev/data'}",
    )
    different: list[str] = []
    names: set[str] = set()
    for name in COLLECTORS:
        ours = collected(name, tree(HOST))
        names |= ours.keys() if name != "selinux" else {"node_selinux_enabled"}
        if name in BY_SYSTEM_CALL:
            continue
        different += [family for family in ours.keys() - NEWER if not same(ours[family], theirs.get(family))]
    assert different == []
    assert names - NEWER == {name for name in theirs if belongs(name)}


def same(
    ours: tuple[str, dict[pages.Labels, float]], theirs: tuple[str, dict[pages.Labels, float]] | None
) -> bool:
    """Whether kind, labels and values are equal, but for the last bit of a quotient."""
    if theirs is None or ours[0] != theirs[0] or ours[1].keys() != theirs[1].keys():
        return False
    return all(math.isclose(value, theirs[1][key], rel_tol=1e-12) for key, value in ours[1].items())


def test_the_live_machine_gives_the_same_families(servers: Servers) -> None:
    theirs = asked(servers)
    [worked] = [values for name, (_, values) in theirs.items() if name == "node_scrape_collector_success"]
    host = live()
    ours: pages.Page = {}
    for name in COLLECTORS:
        if values_of(worked, name) == 1:
            ours |= collected(name, host)
    shown = {name for name in theirs if belongs(name)}
    assert {name for name in ours if name not in NEWER} == shown
    for name in shown:
        assert ours[name][0] == theirs[name][0], name
        labels, their_labels = ours[name][1].keys(), theirs[name][1].keys()
        assert label_names(labels) == label_names(their_labels), name
        if not name.startswith(RESTLESS):
            assert labels == their_labels, name
            for key, value in theirs[name][1].items():
                assert math.isclose(ours[name][1][key], value, rel_tol=0.05, abs_tol=1000), (name, key)


def label_names(of: Iterable[pages.Labels]) -> set[frozenset[str]]:
    return {frozenset(name for name, _ in labels) for labels in of}


def values_of(worked: dict[pages.Labels, float], collector: str) -> float | None:
    return worked.get(frozenset({("collector", collector)}))


def belongs(family: str) -> bool:
    """Whether one of our collectors covers the family."""
    others = (
        "node_exporter_",
        "node_scrape_collector_",
        "node_systemd_",
        "node_textfile_",
    )
    return family.startswith("node_") and not family.startswith(others)
