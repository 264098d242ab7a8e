"""What the sources of the web pages must look like: short, explained, in two languages, and at home."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.house.tree import ROOT, tracked_files

WEB: Final = ROOT / "gateway" / "web"
MAX_FILE_LINES: Final = 400
SUFFIXES: Final = {".ts", ".tsx", ".css", ".mjs"}

# Names of what is in the document, not addresses of anything.
NAMESPACE: Final = "http://www.w3.org/"
# The address of the tests' own browser that is none.
PRETENDED: Final = "http://gateway/"

_TEXT: Final = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
# A table ends with its brace; that of a place such as `{0}` follows a digit.
_TABLE: Final = re.compile(r"\bwording\(\{(.*?)(?<!\d)\}\)", re.DOTALL)
_KEY: Final = re.compile(r'(?:^|,)\s*(?:[A-Za-z_]\w*|"[^"]+"):\s*(?=\[)', re.MULTILINE)
_PAIR: Final = re.compile(rf"\[\s*({_TEXT})\s*,\s*({_TEXT})\s*,?\s*\]")
_PLACE: Final = re.compile(r"\{\d\}")
_WORD: Final = re.compile(r"[^\W\d_]+")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")


def sources() -> list[Path]:
    return [file for file in tracked_files() if file.is_relative_to(WEB) and file.suffix in SUFFIXES]


def test_every_source_keeps_to_the_rules() -> None:
    problems: list[str] = []
    for file in sources():
        problems += problems_of(file.relative_to(WEB).as_posix(), file.read_text())
    assert not problems, "\n".join(problems)


def test_there_are_sources_and_texts() -> None:
    tables = sum(len(_TABLE.findall(file.read_text())) for file in sources())
    assert tables >= 3


def test_nothing_that_is_built_or_fetched_is_kept() -> None:
    kept = [file.relative_to(WEB).parts[0] for file in tracked_files() if file.is_relative_to(WEB)]
    assert {"built", "node_modules"}.isdisjoint(kept)


def test_the_lock_of_packages_pins_by_hash_and_names_no_address() -> None:
    packages = json.loads((WEB / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


def test_the_lock_of_packages_is_for_every_system() -> None:
    """`npm ci` refuses a lock that lacks what another system would install."""
    packages = json.loads((WEB / "package-lock.json").read_text())["packages"]
    wanted = {name for package in packages.values() for name in package.get("optionalDependencies", ())}
    assert {name for name in wanted if f"node_modules/{name}" not in packages} == set()


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("export const a = 1;\n", "does not begin with a comment"),
        ("// Long.\n" + "a;\n" * MAX_FILE_LINES, "401 lines"),
        ('// A.\nconst html = "<style>a {}</style>";\n', "inline style or script"),
        ('// A.\nconst html = "<script>a()</script>";\n', "inline style or script"),
        ('// A.\nfetch("https://fonts.example.org/x");\n', "names an address"),
        ('// A.\nconst a = "//cdn.example.org/x.js";\n', "names an address"),
        ('// A.\nconst say = wording({\n  open: ["Open", "Open it"],\n});\n', "no Chinese"),
        ('// A.\nconst say = wording({\n  open: ["Open", ""],\n});\n', "no Chinese"),
        ('// A.\nconst say = wording({\n  last: ["Last {0}", "最近"],\n});\n', "other places"),
        (
            '// A.\nconst say = wording({\n  open: ["Open", say2],\n  shut: ["Shut", "关闭"],\n});\n',
            "2 keys and 1 pair",
        ),
    ],
)
def test_a_bad_source_is_found(source: str, problem: str) -> None:
    [found] = problems_of("source/bad.tsx", source)
    assert problem in found


@pytest.mark.parametrize(
    "source",
    [
        "// At the limit.\n" + "a;\n" * (MAX_FILE_LINES - 1),
        '// A.\nconst say = wording({\n  cpu: ["CPU {0} of {1}", "CPU {0} / {1}"],\n});\n',
        '// A.\nconst say = wording({ pid: ["This ({0})", "此 ({0})"], all: ["All", "全部"] });\n',
        '// A.\nconst say = wording({\n  long: [\n    "Last {0}",\n    "最近 {0}",\n  ],\n});\n',
        '// A.\nconst svg = <svg xmlns="http://www.w3.org/2000/svg" />; // a//b\n',
        "/* A style. */\na {\n}\n",
    ],
)
def test_a_good_source_passes(source: str) -> None:
    assert list(problems_of("source/good.tsx", source)) == []


def problems_of(name: str, source: str) -> Iterator[str]:
    lines = source.splitlines()
    if not source.startswith(("// ", "/* ", '@import "uplot')):
        yield f"{name} does not begin with a comment that says what it owns"
    if len(lines) > MAX_FILE_LINES:
        yield f"{name} has {len(lines)} lines, more than {MAX_FILE_LINES}"
    if re.search(r"<style\b|<script\b(?![^>]*\bsrc=)", source):
        yield f"{name} has an inline style or script: the policy of the pages forbids it"
    for found in re.findall(r"""https?://[^\s"'`)]+|["'`]//\w[^\s"'`]*""", source):
        if not found.startswith((NAMESPACE, PRETENDED, "https://…")):
            yield f"{name} names an address: {found}"
    for table in _TABLE.findall(source):
        yield from (f"{name} {problem}" for problem in problems_of_table(table))


def problems_of_table(table: str) -> Iterator[str]:
    pairs = [(english[1:-1], chinese[1:-1]) for english, chinese in _PAIR.findall(table)]
    keys = len(_KEY.findall(table))
    if keys != len(pairs):
        yield f"has a table of words with {keys} keys and {len(pairs)} pair(s) of texts"
    for english, chinese in pairs:
        # Names such as CPU are the same in both.
        foreign = set(_WORD.findall(_PLACE.sub("", chinese))) - set(_WORD.findall(english))
        if not chinese or (foreign and not _HAN.search(chinese)):
            yield f"has no Chinese for {english!r}"
        elif set(_PLACE.findall(english)) != set(_PLACE.findall(chinese)):
            yield f"has other places in {chinese!r} than in {english!r}"
