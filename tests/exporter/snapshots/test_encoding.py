"""A snapshot as it leaves the host: documented, small, and within its limits."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.snapshots.encoding import VERSION, Agent, encode, written
from exporter.snapshots.taking import Snapshot, take
from remotewrite.compression import decompress_zstd
from tests.exporter.snapshots.looks import WORDS, host, moment, policy, process

AGENT = Agent(agent_id="agent-0001", name="web-1")
WIDE = 1 << 20


def snapshot(count: int = 3, **changed: Any) -> Snapshot:
    before = moment(0, *[process(pid) for pid in range(1, count + 1)], host=host(0))
    now = moment(
        15, *[process(pid, cpu=pid, io=pid, rss=pid, **changed) for pid in range(1, count + 1)], host=host(3)
    )
    return take(before, now, policy(top=count, max_processes=count), WORDS)


def test_what_the_documentation_shows_is_what_is_written() -> None:
    page = (Path(__file__).parents[3] / "docs/process-snapshots.md").read_text()
    shown = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])
    said = json.loads(written(snapshot(), AGENT, WIDE))
    full = said["processes"][0] | {"container": "c", "unit": "u"}
    assert set(shown) == set(said)
    assert set(shown["totals"]) == set(said["totals"])
    assert set(shown["processes"][0]) == set(full)
    assert shown["version"] == VERSION
    for key in [*said, *said["totals"], *full]:
        assert f"`{key}`" in page, key


def test_what_is_unknown_is_left_out_and_numbers_are_round() -> None:
    before, now = moment(0, process(1)), moment(15, process(1, cpu=7, io=None, fds=None, args=()))
    said = json.loads(written(take(before, now, policy(), WORDS), AGENT, WIDE))
    [told] = said["processes"]
    assert not {"command", "container", "unit", "read", "write", "fds"} & set(told)
    assert told["cpu"] == 0.5
    assert "cpus" not in said["totals"]


def test_a_compressed_snapshot_is_the_same_snapshot() -> None:
    assert decompress_zstd(encode(snapshot(), AGENT, WIDE)) == written(snapshot(), AGENT, WIDE)


@given(st.integers(0, 4000), st.integers(0, 12))
def test_it_never_grows_beyond_its_limit_and_counts_what_is_left_out(limit: int, count: int) -> None:
    made = snapshot(count)
    text = written(made, AGENT, limit)
    said = json.loads(text)
    assert len(text) <= limit or said["processes"] == []
    assert said["omitted"] + len(said["processes"]) == count
    assert [each["pid"] for each in said["processes"]] == [each.pid for each in made.processes][
        : count - said["omitted"]
    ]


def test_a_limit_that_is_just_enough_leaves_nothing_out() -> None:
    made = snapshot(12)
    whole = written(made, AGENT, WIDE)
    # A digit more for the number of those left out, and no comma behind the last process.
    enough = len(whole) + 2
    assert written(made, AGENT, enough) == whole
    assert json.loads(written(made, AGENT, enough - 3))["omitted"] == 1


@given(st.text(), st.text())
def test_any_text_can_be_told(name: str, argument: str) -> None:
    made = take(None, moment(0, process(1, name or "x", args=(argument,), rss=1)), policy(), WORDS)
    [told] = json.loads(written(made, AGENT, WIDE))["processes"]
    assert told["name"] == (name or "x")
    assert told.get("command", "") == argument


@pytest.mark.parametrize("text", ["\ud800", "a\udcffb"])
def test_what_is_no_text_is_replaced(text: str) -> None:
    made = take(None, moment(0, process(1, text, rss=1)), policy(), WORDS)
    assert "?" in json.loads(written(made, replace(AGENT, name=text), WIDE))["processes"][0]["name"]
