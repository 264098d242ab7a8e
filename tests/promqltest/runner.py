"""Runs the commands of a script: each eval at one time also as a range query, and with `@` at other times."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from promql.engine import Answer, run_instant, run_range
from promql.errors import ParseError
from promql.language.parser import parse
from promql.language.printer import str_of
from promql.source import Source
from promql.values import Steps
from tests.promqltest.compare import (
    Mismatch,
    check_annotations,
    check_failure,
    check_instant,
    check_middle,
    check_range,
)
from tests.promqltest.script import Broken, Clear, Command, Eval, Load
from tests.promqltest.shelves import Shelf
from tests.promqltest.shifting import other_times, pinned

_MINUTE_MS: Final = 60_000
# What these come to is another thing in a range query.
_OF_THE_RANGE: Final = re.compile(r"(start|end|range|step)\(\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one eval went; `problem` is None when it is as expected."""

    line: int
    query: str
    problem: str | None


def run(commands: Sequence[Command], shelf: Shelf) -> Iterator[Verdict]:
    """Run a script, and judge each of its evals."""
    for command in commands:
        match command:
            case Load():
                shelf.add(command.series)
            case Broken():
                yield Verdict(line=command.line, query=command.text, problem=command.problem)
            case Clear():
                shelf.clear()
            case Eval():
                yield Verdict(line=command.line, query=command.query, problem=judge(command, shelf.source))


def judge(command: Eval, source: Source) -> str | None:
    """Return what is wrong with the answer to an eval, None when nothing is."""
    try:
        if command.instant:
            _instant(command, source)
        else:
            _range(command, source)
    except Mismatch as mismatch:
        return str(mismatch)
    return None


def _range(command: Eval, source: Source) -> None:
    times = command.times
    steps = Steps(start_ms=times.start_ms, end_ms=times.end_ms, step_ms=times.step_ms)
    answer = _answer(command, lambda: run_range(command.query, steps, source))
    if answer is not None:
        check_annotations(command.expected, answer)
        check_range(command.expected, times, answer)


def _instant(command: Eval, source: Source) -> None:
    time = command.times.start_ms
    _instant_and_range(command, source, command.query, time)
    try:
        other = pinned(parse(command.query), time)
    except ParseError:
        return
    if other is None:
        return
    query = str_of(other)
    for at in other_times(time):
        try:
            _instant_and_range(command, source, query, at)
        except Mismatch as mismatch:
            raise Mismatch(f"{query} at {at} ms: {mismatch}") from mismatch


def _instant_and_range(command: Eval, source: Source, query: str, time: int) -> None:
    expected = command.expected
    answer = _answer(command, lambda: run_instant(query, time, source))
    if answer is None:
        return
    check_annotations(expected, answer)
    check_instant(expected, answer)
    apart = expected.window is not None or expected.string is not None or expected.ordered
    if apart or _OF_THE_RANGE.search(query):
        return
    steps = Steps(start_ms=time - _MINUTE_MS, end_ms=time + _MINUTE_MS, step_ms=_MINUTE_MS)
    try:
        ranged = run_range(query, steps, source)
        check_middle(expected, ranged, 1)
    except Exception as error:
        raise Mismatch(f"as a range query: {_named(error)}") from error


def _answer(command: Eval, ask: Callable[[], Answer]) -> Answer | None:
    """Return the answer, None for a failure that is expected; raises Mismatch for any other."""
    try:
        answer = ask()
    except Exception as error:
        try:
            check_failure(command.expected, error)
        except Mismatch as mismatch:
            raise Mismatch(f"{mismatch} ({type(error).__name__})") from error
        return None
    if command.expected.fail:
        raise Mismatch("expected an error, got none")
    return answer


def _named(error: Exception) -> str:
    return str(error) if isinstance(error, Mismatch) else f"{type(error).__name__}: {error}"
