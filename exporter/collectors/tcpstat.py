"""TCP connections by state (`node_tcp_connection_states`), from netlink, or else /proc/net/tcp and tcp6."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exporter.collectors.files import column, rows
from exporter.collectors.making import labelled
from exporter.collectors.sockdiag import Ask, TcpSocket, ask_kernel
from exporter.families import Family

# By the kernel's number; a request that is not yet a socket counts with syn_recv as the table shows it.
STATES: Final = {
    1: "established",
    2: "syn_sent",
    3: "syn_recv",
    4: "fin_wait1",
    5: "fin_wait2",
    6: "time_wait",
    7: "close",
    8: "close_wait",
    9: "last_ack",
    10: "listen",
    11: "closing",
}
_LISTEN: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Connections by state, and bytes that wait in all of them."""

    states: Mapping[str, int]
    transmit_bytes: int
    receive_bytes: int


def read(proc: Path, ask: Ask = ask_kernel) -> Snapshot:
    """The connections now. Where the kernel does not answer, the files tell them."""
    try:
        sockets = ask()
    except OSError:
        sockets = _listed(proc)
    states: Counter[str] = Counter()
    transmit = receive = 0
    for found in sockets:
        states[STATES.get(found.state, "unknown")] += 1
        # A listening socket has connections there, not bytes.
        if found.state != _LISTEN:
            transmit += found.transmit
            receive += found.receive
    return Snapshot(states=states, transmit_bytes=transmit, receive_bytes=receive)


def _listed(proc: Path) -> Iterator[TcpSocket]:
    """The sockets of the files. A host without IPv6 has no tcp6."""
    for path in (proc / "net/tcp", proc / "net/tcp6"):
        if path.name == "tcp6" and not path.exists():
            continue
        for words in list(rows(path))[1:]:
            transmit, _, receive = column(words, 4).partition(":")
            yield TcpSocket(state=int(words[3], 16), receive=int(receive, 16), transmit=int(transmit, 16))


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The family, named as node_exporter names it: the bytes are among the states there."""
    values = {
        **snapshot.states,
        "rx_queued_bytes": snapshot.receive_bytes,
        "tx_queued_bytes": snapshot.transmit_bytes,
    }
    return [labelled("node_tcp_connection_states", "gauge", "TCP connections by state.", "state", values)]
