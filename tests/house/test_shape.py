"""What every module must look like: short functions and files, a docstring, no handler that hides errors."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.house.tree import PRODUCT, ROOT, python_files

MAX_FUNCTION_LINES: Final = 70
MAX_FILE_LINES: Final = 600

# Where a failure of one part must not take the rest down, as "path::function".
ISOLATION_BOUNDARIES: Final = frozenset(
    {
        "exporter/gathering/interrupting.py::_attempt",
        "exporter/gathering/lanes.py::failure",
        "exporter/http/routes.py::answer",
        "exporter/outgoing.py::_hand",
        "exporter/parts.py::_keep_running",
        "exporter/snapshots/recorder.py::record",
        "gateway/alerting/lane.py::_try",
        "gateway/alerting/pipeline.py::_step",
        "gateway/alerting/channels/through.py::do",
        "gateway/forward/queue.py::_step",
        "gateway/keeper.py::once",
        "gateway/selfwatch.py::once",
        "gateway/ruler/unit.py::run",
        "gateway/storage/ledger/ledger.py::run",
        "gateway/watch.py::_try",
        "runtime/logs.py::_text",
    }
)

EVERYWHERE: Final = [*PRODUCT, "tests", "benchmarks"]


def test_every_file_keeps_to_the_rules() -> None:
    problems: list[str] = []
    for file in python_files(*EVERYWHERE):
        problems += problems_of(name(file), file.read_text())
    assert not problems, "\n".join(problems)


def test_every_isolation_boundary_is_in_use() -> None:
    used: set[str] = set()
    for file in python_files(*PRODUCT):
        used |= broad_handlers(name(file), file.read_text())
    assert used >= ISOLATION_BOUNDARIES


def function_of(lines: int) -> str:
    return "def f() -> None:\n" + "    pass\n" * (lines - 1)


def file_of(lines: int) -> str:
    return '"""Says what it owns."""\n' + "x = 1\n" * (lines - 1)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("x = 1\n", "has no docstring"),
        ('"""D."""\n' + function_of(MAX_FUNCTION_LINES + 1), "f has 71 lines"),
        (file_of(MAX_FILE_LINES + 1), "601 lines"),
        ('"""D."""\ntry:\n    pass\nexcept:\n    pass\n', "bare except"),
        ('"""D."""\ntry:\n    pass\nexcept Exception:\n    pass\n', "isolation boundary"),
        ('"""D."""\ntry:\n    pass\nexcept (OSError, BaseException):\n    pass\n', "isolation boundary"),
        (
            '"""D."""\nimport contextlib\nwith contextlib.suppress(Exception):\n    pass\n',
            "isolation boundary",
        ),
    ],
)
def test_a_bad_file_is_found(source: str, problem: str) -> None:
    [found] = problems_of("gateway/bad.py", source)
    assert found.startswith("gateway/bad.py")
    assert problem in found


@pytest.mark.parametrize("source", ['"""D."""\n' + function_of(MAX_FUNCTION_LINES), file_of(MAX_FILE_LINES)])
def test_a_file_at_the_limit_is_good(source: str) -> None:
    assert list(problems_of("gateway/good.py", source)) == []


@pytest.mark.parametrize("source", ["", '"""D."""\ntry:\n    pass\nexcept Exception:\n    pass\n'])
def test_tests_may_catch_everything_and_have_empty_packages(source: str) -> None:
    assert list(problems_of("tests/house/good.py", source)) == []


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def problems_of(file: str, source: str) -> Iterator[str]:
    tree = ast.parse(source)
    of_tests = file.startswith(("tests/", "benchmarks/"))
    if not ast.get_docstring(tree) and not (of_tests and not source):
        yield f"{file} has no docstring"
    if (lines := len(source.splitlines())) > MAX_FILE_LINES:
        yield f"{file} has {lines} lines, more than {MAX_FILE_LINES}"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{file}:{node.lineno} {node.name} has {lines} lines, more than {MAX_FUNCTION_LINES}"
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield f"{file}:{node.lineno} has a bare except"
    if not of_tests:
        for place in broad_handlers(file, source) - ISOLATION_BOUNDARIES:
            yield f"{place} catches everything and is no isolation boundary"


def broad_handlers(file: str, source: str) -> set[str]:
    """Where Exception or BaseException is caught, as "path::function"."""
    found = set()

    def visit(node: ast.AST, function: str) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name
        if is_broad(node):
            found.add(f"{file}::{function}")
        for child in ast.iter_child_nodes(node):
            visit(child, function)

    visit(ast.parse(source), "module")
    return found


def is_broad(node: ast.AST) -> bool:
    match node:
        case ast.ExceptHandler(type=ast.expr() as caught):
            named = [caught]
        case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=named):
            pass
        case _:
            return False
    names = {part.id for expression in named for part in ast.walk(expression) if isinstance(part, ast.Name)}
    return not names.isdisjoint({"Exception", "BaseException"})
