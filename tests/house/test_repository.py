"""What no file may say: where one machine finds or keeps things, and what is left to do without an issue."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.house.tree import ROOT, tracked_files

RULES: Final = (
    re.compile(
        r"(?:index-url|find-links|registry|proxy)\W+https?:|https?://[^\s\"']*(?:mirror|/simple\b|\.whl\b)"
    ),
    re.compile(r"(?<![\w./~*}-])/(?:root|home|work|Users)/\w"),
    re.compile(r"\b(?:TODO|FIXME|XXX)\b(?! \(#\d+\): \w)"),
)


def test_no_file_says_what_it_must_not() -> None:
    problems: list[str] = []
    for file in tracked_files():
        if file != Path(__file__):
            content = file.read_bytes()
            text = "" if b"\0" in content else content.decode(errors="replace")  # a picture says nothing
            problems += (f"{file.relative_to(ROOT)}:{line}" for line in forbidden_in(text))
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    "line",
    [
        "pip install --index-url http://10.0.0.1/simple",
        "https://files.example.org/packages/x.whl",
        "https://mirror.example.org/",
        "https://example.org/simple/",
        "cd /home/someone/fleetgauge",
        "# TODO: later",
        "# FIXME",
        "# TODO (#12):",
    ],
)
def test_a_forbidden_line_is_found(line: str) -> None:
    assert forbidden_in(f"first\n{line}\nthird\n") == [f"2: {line}"]


@pytest.mark.parametrize(
    "line",
    [
        "https://example.org/home/page",
        "~/home/x",
        "uv --no-emit-index-url",
        "# TODO (#12): wait for the new format",
    ],
)
def test_a_harmless_line_passes(line: str) -> None:
    assert forbidden_in(line) == []


def forbidden_in(text: str) -> list[str]:
    return [
        f"{number}: {line.strip()}"
        for number, line in enumerate(text.splitlines(), 1)
        if any(rule.search(line) for rule in RULES)
    ]
