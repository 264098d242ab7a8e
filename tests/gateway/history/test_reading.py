"""What agents send is read as they meant it; anything else is refused with a sentence."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.snapshots.encoding import Agent
from exporter.snapshots.encoding import encode as agent_encode
from exporter.snapshots.host import Host
from exporter.snapshots.taking import Place, Totals
from exporter.snapshots.taking import Process as AgentProcess
from exporter.snapshots.taking import Snapshot as AgentSnapshot
from gateway.history.chunk import decode, encode
from gateway.history.errors import HistoryError, InvalidSnapshot, SnapshotTooLarge
from gateway.history.reading import (
    MAX_BODY_BYTES,
    MAX_DECODED_BYTES,
    MAX_PROCESSES,
    MAX_TEXT,
    MAX_WHOLE,
    decompress,
    read,
)
from gateway.history.snapshot import TOTALS
from remotewrite.compression import compress_zstd
from tests.gateway.history.snapshots import AGENT, START_MS, document, sent
from tests.strategies import texts

ROW: dict[str, object] = {"pid": 4711, "start": START_MS}

rates = st.none() | st.floats(0, 1e9) | st.just(0.0)
agents_processes = st.builds(
    AgentProcess,
    pid=st.integers(1, 1 << 22),
    parent=st.integers(0, 9),
    name=texts,
    command=texts,
    place=st.builds(Place, user=texts, container=st.just("") | texts, unit=st.just("") | texts),
    state=st.sampled_from("RSDZ"),
    start_ms=st.integers(0, START_MS),
    threads=st.integers(0, 5000),
    fds=st.none() | st.integers(0, 5000),
    rss=st.integers(0, 1 << 45),
    cpu=st.none() | st.floats(0, 6400),
    read=rates,
    write=rates,
)
hosts = st.builds(
    Host,
    cpus=st.integers(1, 512),
    busy_s=st.just(0.0),
    io_wait_s=st.just(0.0),
    load=st.just((1.5, 0.25, 12.75)),
    memory=st.just(1 << 34),
    memory_used=st.integers(0, 1 << 34),
    swap_used=st.just(0),
)


@given(
    st.lists(agents_processes, max_size=5, unique_by=lambda one: (one.pid, one.start_ms)), st.none() | hosts
)
def test_what_the_agent_writes_is_read_as_it_was_meant(found: list[AgentProcess], host: Host | None) -> None:
    totals = Totals(processes=7, threads=70, read=1.5, write=None, cpu=171.34, io_wait=None, host=host)
    snapshot = AgentSnapshot(time_ms=START_MS, interval_ms=15_001, totals=totals, omitted=2, processes=found)
    body = agent_encode(snapshot, Agent(agent_id=AGENT, name="web-1"), 1 << 20)
    read_back = read(decompress(body, "zstd"))
    assert read_back.agent == AGENT
    got = read_back.snapshot
    assert (got.time_ms, got.interval_ms, got.omitted) == (START_MS, 15_001, 2)
    numbers = dict(zip(TOTALS, got.totals, strict=True))
    assert (numbers["cpu"], numbers["io_wait"], numbers["processes"]) == (1713, None, 7)
    if host is not None:
        assert (numbers["load1"], numbers["load15"], numbers["cpus"]) == (150, 1275, host.cpus)
    by_key = {(one.pid, one.start_ms): one for one in found}
    assert len(got.processes) == len(found)
    for one in got.processes:
        was = by_key[one.identity.pid, one.identity.start_ms]
        assert one.identity.program == (
            was.name,
            was.command,
            was.place.user,
            was.place.container,
            was.place.unit,
        )
        assert (one.rss, one.threads, one.fds, one.state) == (was.rss, was.threads, was.fds, was.state)
        assert one.cpu == (None if was.cpu is None else round(round(was.cpu, 1) * 10))
        assert one.read == (None if was.read is None else round(was.read))
    assert decode(encode([got])).snapshots() == [got]


def rows(**changed: object) -> dict[str, Any]:
    return document(START_MS, [ROW, ROW | {"pid": 2} | changed])


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b'{"version": NaN}', "NaN is no number there"),
        (b"[]", "the body: expected an object, got []"),
        (b"{}", "version: this gateway reads 1, got null"),
        (document(START_MS, version=2), "version: this gateway reads 1, got 2"),
        (document(START_MS, version=True), "version: this gateway reads 1, got true"),
        (document(START_MS, processes={}), "processes: expected a list, got {}"),
        (document(START_MS, processes=[1]), "processes[0]: expected an object, got 1"),
        (document(START_MS, totals=[]), "totals: expected an object, got []"),
        (document(START_MS, totals={"load": [1]}), "totals.load: expected a list of 3 numbers, got [1]"),
        (document(START_MS, totals={"load": [1, "x", 2]}), "totals.load5: expected a number"),
        (document(START_MS, time=None), "time: it is missing"),
        (document(START_MS, time=1.5), "time: expected a whole number from 0"),
        (document(START_MS, agent=7), "agent: expected a text"),
        (rows(pid=None), "processes[1].pid: it is missing"),
        (rows(start=-1), "processes[1].start: expected a whole number from 0"),
        (rows(pid=True), "processes[1].pid: expected a whole number from 0"),
        (rows(rss=MAX_WHOLE + 1), f"processes[1].rss: expected a whole number from 0 to {MAX_WHOLE}"),
        (rows(cpu="1"), 'processes[1].cpu: expected a number from 0 to 10000000, got "1"'),
        (rows(cpu=-0.1), "processes[1].cpu: expected a number from 0"),
        (rows(read=1e300), "processes[1].read: expected a number from 0"),
        (rows(state="RS"), 'processes[1].state: expected one letter, got "RS"'),
        (rows(name=["a"]), 'processes[1].name: expected a text of at most 4096 characters, got ["a"]'),
        (rows(command="x" * (MAX_TEXT + 1)), "processes[1].command: expected a text of at most 4096"),
        (rows(pid=4711), "processes: number 4711 is there twice with one start"),
        (
            document(START_MS, [ROW] * (MAX_PROCESSES + 1)),
            f"processes: {MAX_PROCESSES + 1} of them, at most {MAX_PROCESSES} are taken",
        ),
    ],
)
def test_what_is_wrong_is_told(body: bytes | dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidSnapshot) as told:
        read(body if isinstance(body, bytes) else json.dumps(body).encode())
    assert sentence in str(told.value)


def test_as_much_as_is_allowed_is_taken() -> None:
    many = [{"pid": pid, "start": START_MS, "command": "x" * 100} for pid in range(MAX_PROCESSES)]
    assert len(read(sent(START_MS, many)).snapshot.processes) == MAX_PROCESSES
    [one] = read(sent(START_MS, [ROW | {"command": "x" * MAX_TEXT, "rss": MAX_WHOLE}])).snapshot.processes
    assert (len(one.identity.program.command), one.rss) == (MAX_TEXT, MAX_WHOLE)


def test_unknown_keys_are_passed_over_and_half_characters_replaced() -> None:
    row = ROW | {"name": "a\ud800b", "tomorrow": {}}
    [one] = read(sent(START_MS, [row], tomorrow=1)).snapshot.processes
    assert one.identity.program.name == "a?b"
    assert (one.cpu, one.rss, one.state) == (None, None, "")


@pytest.mark.parametrize(
    ("encoding", "pack"), [("zstd", compress_zstd), ("gzip", gzip.compress), ("identity", bytes)]
)
def test_bodies_come_in_three_encodings_of_limited_size(encoding: str, pack: Any) -> None:
    assert decompress(pack(b"{}"), encoding) == b"{}"
    with pytest.raises(SnapshotTooLarge, match="are taken"):
        decompress(pack(b" " * (MAX_DECODED_BYTES + 1)), encoding)
    assert len(decompress(b" " * MAX_BODY_BYTES, "identity")) == MAX_BODY_BYTES
    with pytest.raises(SnapshotTooLarge, match=f"over {MAX_BODY_BYTES} bytes"):
        decompress(b" " * (MAX_BODY_BYTES + 1), encoding)
    if encoding != "identity":
        assert len(decompress(pack(b" " * MAX_DECODED_BYTES), encoding)) == MAX_DECODED_BYTES
        with pytest.raises(InvalidSnapshot):
            decompress(b"no", encoding)
        with pytest.raises(InvalidSnapshot):
            decompress(pack(b"{}")[:-1], encoding)


@given(st.binary(max_size=200), st.sampled_from(("zstd", "gzip", "identity")))
def test_garbage_is_refused_by_declared_errors_only(body: bytes, encoding: str) -> None:
    with pytest.raises(HistoryError):
        read(decompress(body, encoding))
