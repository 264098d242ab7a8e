"""Whole scripts against the engine: the good ones pass, and each bad one is caught."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from promql.engine import Answer, run_instant, run_range
from promql.language.parser import parse
from promql.language.printer import str_of
from promql.source import Source
from promql.values import Steps
from tests.promqltest import runner
from tests.promqltest.__main__ import main
from tests.promqltest.runner import Verdict, run
from tests.promqltest.script import parse_script
from tests.promqltest.shelves import Memory, Shelf, Stored
from tests.promqltest.shifting import other_times, pinned

DATA = """
load 1m
  up{job="a"} 1 2 3
  up{job="b"} 4 5 6
  heat {{count:1 sum:2 buckets:[1]}}+{{count:2 sum:3 buckets:[2]}}x2
"""
NOT_RESET = "{{count:3 sum:5 buckets:[3] counter_reset_hint:not_reset}}"
RESET = "{{count:3 sum:5 buckets:[3] counter_reset_hint:reset}}"


@pytest.fixture(params=[Memory, Stored])
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """Both places for samples."""
    kind: Callable[[], Shelf] = request.param
    with closing(kind()) as made:
        yield made


def verdicts(text: str, shelf: Shelf) -> list[Verdict]:
    return list(run(parse_script(f"{DATA}\n{text}"), shelf))


@pytest.mark.parametrize(
    "text",
    [
        'eval instant at 1m up\n up{job="a"} 2\n up{job="b"} 5',
        "eval instant at 1m sum(up)\n {} 7",
        'eval instant at 1m sum_over_time(up{job="a"}[2m])\n {job="a"} 3',
        "eval range from 0 to 3m step 1m sum(up)\n {} 5 7 9 9",
        "eval instant at 2m heat\n heat {{count:5 sum:8 buckets:[5]}}",
        "eval instant at 1m 1 + 1\n 2",
        "eval instant at 1m time()\n 60",
        'eval instant at 1m "a"\n expect string "a"',
        'eval instant at 1m up{job="a"}[2m]\n expect range vector from 0 to 1m step 1m\n up{job="a"} 1 2',
        "eval instant at 1m heat[1m]\n expect range vector from 1m to 1m step 1m\n heat " + NOT_RESET,
        "eval instant at 1m sum(\n expect fail",
        "eval instant at 1m up + on() up\n expect fail regex: found duplicate series",
        'eval instant at 1m sort_desc(up)\n expect ordered\n up{job="b"} 5\n up{job="a"} 2',
        "eval instant at 1m sum(heat)\n expect no_warn\n {} {{count:3 sum:5 buckets:[3]}}",
    ],
)
def test_what_passes(text: str, shelf: Shelf) -> None:
    assert [one.problem for one in verdicts(text, shelf)] == [None]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('eval instant at 1m up\n up{job="a"} 2', "unexpected series"),
        ('eval instant at 1m up{job="a"}\n up{job="a"} 3', "expected 3.0"),
        ("eval instant at 1m sum(up)", "unexpected series"),
        ("eval instant at 1m nothing\n up 1", "is not there"),
        ("eval range from 0 to 3m step 1m sum(up)\n {} 5 7 9 8", "expected 5.0@0"),
        ("eval instant at 2m heat\n heat {{count:5 sum:8 buckets:[4]}}", "expected {{"),
        ("eval instant at 1m 1 + 1\n 3", "expected the scalar 3.0"),
        ('eval instant at 1m "a"\n expect string "b"', "expected the string"),
        (
            "eval instant at 1m heat[1m]\n expect range vector from 1m to 1m step 1m\n heat " + RESET,
            "expected {{",
        ),
        ("eval instant at 1m sum(", "it failed"),
        ("eval instant at 1m up\n expect fail", "expected an error"),
        ("eval instant at 1m sum(\n expect fail msg: no", "expected another error"),
        ('eval instant at 1m sort_desc(up)\n expect ordered\n up{job="a"} 2\n up{job="b"} 5', "order"),
        ("eval instant at 1m sum(up)\n expect warn\n {} 7", "expected the warning"),
        ("eval instant at 1m sum(up)\n expect info msg: x\n {} 7", "expected the info"),
        ("eval range from 0 to 1m step 1m sum(up)\n expect warn\n {} 5 7", "expected the warning"),
        ("eval instant at one sum(up)", "this is no duration"),
        ("load 1m\n up one", "this is no point"),
    ],
)
def test_what_fails(text: str, problem: str) -> None:
    [verdict] = verdicts(text, Memory())
    assert verdict.problem is not None
    assert problem in verdict.problem


def test_a_range_query_that_comes_to_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(query: str, steps: Steps, source: Source) -> Answer:
        return run_range(query, replace(steps, start_ms=steps.start_ms + 60_000), source)

    monkeypatch.setattr(runner, "run_range", late)
    [verdict] = verdicts("eval instant at 1m sum(up)\n {} 7", Memory())
    assert verdict.problem == "as a range query: expected 7.0 for {}, got 9.0"


def test_another_time_that_comes_to_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_more(query: str, time_ms: int, source: Source) -> Answer:
        return run_instant(f"({query}) + 1" if time_ms == 600_000 else query, time_ms, source)

    monkeypatch.setattr(runner, "run_instant", one_more)
    [verdict] = verdicts("eval instant at 1m sum(up)\n {} 7", Memory())
    assert verdict.problem == "sum(up @ 60.000) at 600000 ms: expected 7.0 for {}, got 8.0"


def test_clear_forgets(shelf: Shelf) -> None:
    text = "eval instant at 1m sum(up)\n {} 7\n\nclear\n\neval instant at 1m sum(up)\n\nload 1m\n up 3\n\n"
    assert [one.problem for one in verdicts(f"{text}eval instant at 1m up\n up 3", shelf)] == [None] * 3


@pytest.mark.parametrize(
    ("query", "with_at"),
    [
        ("up + down", "up @ 60.000 + down @ 60.000"),
        ("rate(up[5m] offset 1m)", "rate(up[5m] @ 60.000 offset 1m)"),
        ("max_over_time(rate(up[5m])[1h:1m])", "max_over_time(rate(up[5m])[1h:1m] @ 60.000)"),
        ("-(up @ 5)", "-(up @ 5.000)"),
        ("topk(scalar(up), up)", "topk(scalar(up @ 60.000), up @ 60.000)"),
        ("1 + 1", "1 + 1"),
    ],
)
def test_times_are_put_on_selectors(query: str, with_at: str) -> None:
    other = pinned(parse(query), 60_000)
    assert other is not None
    assert str_of(other) == with_at


@pytest.mark.parametrize(
    "query", ["time()", "up + time()", "sum(-hour(up))", "topk(time(), up)", "(timestamp(up))"]
)
def test_what_depends_on_the_time_anyway(query: str) -> None:
    assert pinned(parse(query), 60_000) is None


def test_other_times() -> None:
    assert other_times(1001) == [-10_010, 0, 200, 1001, 10_010]
    assert other_times(-1001) == [10_010, 0, -200, -1001, -10_010]
    assert other_times(0) == [-1000, 0, 1000]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "a.test", tmp_path / "b.test"
    good.write_text("eval instant at 0 1 + 1\n  2\n")
    bad.write_text("eval instant at 0 1 + 1\n  3\n\nwhat\n\neval instant at 0 1\n  1\n")
    (tmp_path / "notes.md").write_text("no script")
    assert main([str(good)]) == 0
    assert capsys.readouterr().out == "1 passed, 0 failed\n"
    assert main(["-v", "--store", str(tmp_path)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"{good}:1: 1 + 1: ok"
    assert told[1].startswith(f"{bad}:1: 1 + 1: expected the scalar 3.0")
    assert told[2].startswith(f"{bad}:4: what: ")
    assert told[-1] == "2 passed, 2 failed"


def test_no_eval_at_all_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == "0 passed, 0 failed\n"
