"""A query is laid out, or shown as a tree, as Prometheus' interface expects it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.query.tree import tree_of
from promql.language.parser import parse
from promql.language.signatures import FUNCTIONS
from tests.gateway.http.querying import Reader, reading


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with reading(tmp_path) as found:
        yield found


def test_a_query_is_laid_out(reader: Reader) -> None:
    assert reader.data("format_query", query="sum  by(a) ( b )/2") == "sum by (a) (b) / 2"
    assert reader.post("format_query", query="-a").json["data"] == "-a"


@pytest.mark.parametrize("path", ["format_query", "parse_query"])
def test_what_is_no_query_is_refused(reader: Reader, path: str) -> None:
    status, kind, told = reader.error(path, query="a[")
    assert (status, kind) == (400, "bad_data")
    assert told.startswith('invalid parameter "query": 1:3: parse error: ')


def selector(name: str, **changes: object) -> dict[str, object]:
    """A selector without anything special."""
    matcher = {"name": "__name__", "value": name, "type": "="}
    plain = {"offset": 0, "timestamp": None, "startOrEnd": None, "anchored": False, "smoothed": False}
    return {"type": "vectorSelector", "name": name, "matchers": [matcher], **plain, **changes}


ONE_TO_ONE = {"card": "one-to-one", "labels": [], "on": False, "include": []}


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("1.5e3", {"type": "numberLiteral", "val": "1500"}),
        ('"x"', {"type": "stringLiteral", "val": "x"}),
        ("(a)", {"type": "parenExpr", "expr": selector("a")}),
        ("-a", {"type": "unaryExpr", "op": "-", "expr": selector("a")}),
        ("a offset 5m", selector("a", offset=300_000)),
        ("a offset -5m", selector("a", offset=-300_000)),
        ("a offset (2 * 5m)", selector("a")),
        ("a @ 12.5", selector("a", timestamp=12_500)),
        ("a @ end()", selector("a", startOrEnd="end")),
        ("a[5m]", selector("a", type="matrixSelector", range=300_000)),
        (
            "a[1h:5m] offset 1m",
            {
                "type": "subquery",
                "expr": selector("a"),
                "range": 3_600_000,
                "step": 300_000,
                "offset": 60_000,
                "timestamp": None,
                "startOrEnd": None,
            },
        ),
        (
            "topk without (x, y) (2, a)",
            {
                "type": "aggregation",
                "op": "topk",
                "expr": selector("a"),
                "param": {"type": "numberLiteral", "val": "2"},
                "grouping": ["x", "y"],
                "without": True,
            },
        ),
        (
            "a > bool on (x) group_left (y) b",
            {
                "type": "binaryExpr",
                "op": ">",
                "lhs": selector("a"),
                "rhs": selector("b"),
                "bool": True,
                "matching": {
                    "card": "many-to-one",
                    "labels": ["x"],
                    "on": True,
                    "include": ["y"],
                    "fillValues": {"lhs": None, "rhs": None},
                },
            },
        ),
        (
            "round(a, 5)",
            {
                "type": "call",
                "func": {
                    "name": "round",
                    "argTypes": ["vector", "scalar"],
                    "variadic": 1,
                    "returnType": "vector",
                },
                "args": [selector("a"), {"type": "numberLiteral", "val": "5"}],
            },
        ),
    ],
)
def test_a_query_is_shown_as_a_tree(reader: Reader, query: str, tree: dict[str, object]) -> None:
    assert reader.data("parse_query", query=query) == tree


def test_operators_between_scalars_have_no_matching() -> None:
    assert tree_of(parse("1 + 2"))["matching"] is None
    assert tree_of(parse("1 + a"))["matching"] is None


def test_every_function_can_be_shown() -> None:
    samples: dict[str, Any] = {"scalar": "1", "string": '"x"', "instant vector": "a", "range vector": "a[5m]"}
    for name, signature in FUNCTIONS.items():
        if signature.variadic or name == "info":
            continue
        args = ", ".join(samples[str(kind)] for kind in signature.args)
        assert tree_of(parse(f"{name}({args})"))["type"] == "call"
