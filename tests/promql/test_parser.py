"""Queries become trees as Prometheus understands them, and what is wrong is said in its words."""

import re
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promql.errors import ParseError
from promql.language.ast import (
    AtEnd,
    Binary,
    Cardinality,
    DurationLiteral,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Span,
    StringLiteral,
    Subquery,
    VectorSelector,
)
from promql.language.lexer import unquote
from promql.language.parser import parse, parse_selector
from promql.language.printer import str_of
from promql.language.reader import MAX_DEPTH, MAX_LENGTH
from tests.house.tree import ROOT
from tests.promql.expressions import expressions, metric_names
from tests.promql.mistakes import MISTAKES
from tests.strategies import label_names, label_values, labels
from timeseries.labels import METRIC_NAME, Labels
from timeseries.matcher import Matcher, MatchType
from timeseries.text import quote

SCRIPTS: Final = ROOT.parent / "shared" / "promqltest"


def grouped(expr: Expr) -> str:
    """Write which operator takes what, with parentheses around each operation."""
    if isinstance(expr, Binary):
        return f"({grouped(expr.left)} {expr.op} {grouped(expr.right)})"
    inner = getattr(expr, "expr", None)
    op = getattr(expr, "op", "")
    return f"({op}{grouped(inner)})" if inner is not None and op in ("+", "-") else str_of(expr)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a or b and c", "(a or (b and c))"),
        ("a and b unless c or d", "(((a and b) unless c) or d)"),
        ("a and b == c", "(a and (b == c))"),
        ("a < b + c >/ d", "((a < (b + c)) >/ d)"),
        ("a </ b - c", "(a </ (b - c))"),
        ("a + b * c - d", "((a + (b * c)) - d)"),
        ("a * b / c % d atan2 e", "((((a * b) / c) % d) atan2 e)"),
        ("a ^ b ^ c * d", "((a ^ (b ^ c)) * d)"),
        ("-a ^ b", "(-(a ^ b))"),
        ("-a * b", "((-a) * b)"),
        ("a ^ -b * c", "((a ^ (-b)) * c)"),
        ("-+a", "(-(+a))"),
        ("1 - -1", "(1 - -1)"),
        ("-1 ^ 2", "(-(1 ^ 2))"),
        ("2 ^ -1", "(2 ^ -1)"),
        ("a offset 1m + 1m", "(a offset 1m + 1m)"),
        ("a offset -2 ^ 2", "(a offset -2s ^ 2)"),
        ("a offset step() * 2", "(a offset step() * 2)"),
        ("-a[5m:] + b", None),
        ("a AND b", "(a and b)"),
        ("and and and", "(and and and)"),
        ("sum * by", "(sum * by)"),
        ("fill + fill", "(fill + fill)"),
        ("a # + b\n * # x\r c", "(a * c)"),
    ],
)
def test_operators_bind_as_they_should(text: str, meant: str | None) -> None:
    if meant is None:
        with pytest.raises(ParseError, match="unary expression only allowed on"):
            parse(text)
    else:
        assert grouped(parse(text)) == meant


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0), ("1.", 1.0), (".5", 0.5), ("1e3", 1000.0), ("1E-2", 0.01), ("0x1F", 31.0),
        ("0X_ff", 255.0), ("0x1e5", 485.0), ("0755", 493.0), ("0_7", 7.0), ("089", 89.0), ("00", 0.0),
        ("1_000", 1000.0),
        ("1_0.2_5", 10.25), ("Inf", float("inf")), ("-inF", float("-inf")), ("5m", 300.0), ("1h30m", 5400.0),
        ("1d2h3m4s5ms", 93784.005), ("1y1w", 32140800.0), ("-1ms", -0.001), ("0s", 0.0),
    ],
)  # fmt: skip
def test_numbers(text: str, value: float) -> None:
    expr = parse(text)
    assert isinstance(expr, NumberLiteral)
    assert expr.value == value
    assert expr.duration is text.endswith(("s", "m", "w"))


def test_not_a_number() -> None:
    assert str_of(parse("nAn")) == "NaN"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a\'b"', "a'b"),
        ("'a\"b'", 'a"b'),
        ("`a\\n\r\n'\"`", "a\\n\r\n'\""),
        (r'"\a\b\f\n\r\t\v\\\"\x41\101\u0041\U0001F525"', '\a\b\f\n\r\t\v\\"AAA🔥'),
        (r"'\''", "'"),
        (r'"\xc3\xa9"', "é"),
        (r'"a\xc5z"', "a\udcc5z"),
        ('"# no comment"', "# no comment"),
    ],
)
def test_strings(text: str, value: str) -> None:
    assert parse(text) == StringLiteral(span=Span(0, len(text)), value=value)


@given(st.text())
def test_what_is_quoted_is_unquoted(text: str) -> None:
    assert unquote(quote(text)) == text


@given(st.binary())
def test_any_bytes_are_quoted_and_unquoted(raw: bytes) -> None:
    text = raw.decode(errors="surrogateescape")
    assert unquote(quote(text)) == text


def test_every_node_knows_where_it_stands() -> None:
    text = ' abs(rate( foo{x="y"}[5m : 1m] offset -1h)) + -3\n'
    expr = parse(text)
    assert isinstance(expr, Binary)
    call = expr.left
    places = [text[slice(*node.span)] for node in (expr, call, expr.right)]
    assert places == [text.strip(), 'abs(rate( foo{x="y"}[5m : 1m] offset -1h))', "-3"]


def test_a_selector_with_everything() -> None:
    text = 'foo{a="b"}[1h] anchored @ end() offset -5m'
    expr = parse(text)
    assert isinstance(expr, MatrixSelector)
    assert text[slice(*expr.span)] == text
    assert text[slice(*expr.selector.span)] == 'foo{a="b"}'
    assert (expr.selector.anchored, expr.selector.smoothed) == (True, False)
    assert expr.selector.shift.at is AtEnd.END
    assert expr.selector.shift.offset == DurationLiteral(span=Span(39, 42), ms=-300_000, written="-5m")
    assert [str(matcher) for matcher in expr.selector.matchers] == ['a="b"', '__name__="foo"']


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("a @ 1.5", 1500),
        ("a @ -1m", -60_000),
        ("a @ +0.0006", 1),
        ("a @ -0.0005", -1),
        ("a @ end()", AtEnd.END),
    ],
)
def test_a_time_may_be_set(text: str, at: int | AtEnd) -> None:
    expr = parse(text)
    assert isinstance(expr, VectorSelector)
    assert expr.shift.at == at


def test_a_subquery_without_a_step() -> None:
    expr = parse("a[1h:]")
    assert isinstance(expr, Subquery)
    assert expr.step is None


def test_how_vectors_match() -> None:
    expr = parse('a > bool ignoring (x, "y.z",) group_right (sum) fill_right (-1) b')
    assert isinstance(expr, Binary)
    assert expr.matching is not None
    assert expr.returns_bool
    assert expr.matching.cardinality is Cardinality.ONE_TO_MANY
    assert (expr.matching.on, expr.matching.labels, expr.matching.include) == (False, ("x", "y.z"), ("sum",))
    assert (expr.matching.fill_left, expr.matching.fill_right) == (None, -1.0)


@pytest.mark.parametrize(
    ("text", "cardinality"),
    [
        ("a or b", "many-to-many"),
        ("a + b", "one-to-one"),
        ("a + 1", None),
        ("1 + 1", None),
        ("1 + on () a", None),
    ],
)
def test_only_vectors_match(text: str, cardinality: str | None) -> None:
    expr = parse(text)
    assert isinstance(expr, Binary)
    assert (expr.matching and expr.matching.cardinality) == cardinality


@pytest.mark.parametrize(("text", "message"), MISTAKES.items())
def test_what_is_wrong_is_said_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text)
    place, reason = re.split(r"(?<=\d|n): ", message, maxsplit=1)
    assert str(caught.value) == f"{place}: parse error: {reason}"


def test_info_takes_a_selector_of_nothing() -> None:
    assert str_of(parse("info(a, {b=~'.*'})")) == 'info(a, {b=~".*"})'


WORDS = """
    foo sum rate by on and or fill group_left bool offset @ start end ( ) [ ] { } , : = =~ "x" 5 5m - + ^ step
    min_of anchored smoothed
"""
FUZZ = st.text(alphabet="ab5m.e0x_{}[]()=!~<>/+-^*%,:@#\"'`\\ \n") | st.lists(
    st.sampled_from(WORDS.split())
).map(" ".join)


def place_of(text: str) -> Span:
    """Return where the query stands, or what is wrong with it."""
    try:
        return parse(text).span
    except ParseError as error:
        return error.span


@given(FUZZ | st.text())
def test_any_text_is_a_query_or_an_error_with_a_place_in_it(text: str) -> None:
    start, end = place_of(text)
    assert 0 <= start <= end <= len(text)


@given(expressions(), st.data())
def test_a_query_cut_short_is_a_query_or_an_error(expr: Expr, data: st.DataObject) -> None:
    text = str_of(expr)
    cut = text[: data.draw(st.integers(0, len(text)))]
    start, end = place_of(cut)
    assert 0 <= start <= end <= len(cut)


@pytest.mark.parametrize("opening", ["(", "abs(", "sum by (x) (", "-", "a ^ ", "1 + (", "a[5m:", "a[("])
def test_what_nests_too_deeply_is_refused(opening: str) -> None:
    with pytest.raises(ParseError):
        parse(opening * 20_000)


@pytest.mark.parametrize(
    ("opening", "innermost", "closing"),
    [
        ("(", "a", ")"),
        ("abs(", "a", ")"),
        ("sum(", "a", ")"),
        ("-", "a", ""),
        ("", "a", " + a"),
        ("a ^ ", "a", ""),
        ("topk(1, ", "a", ")"),
    ],
)
def test_so_deep_and_no_deeper(opening: str, innermost: str, closing: str) -> None:
    def query(depth: int) -> str:
        return opening * (depth - 1) + innermost + closing * (depth - 1)

    line = str_of(parse(query(MAX_DEPTH)))
    assert str_of(parse(line)) == line
    with pytest.raises(ParseError, match=f"nested more than {MAX_DEPTH} levels"):
        parse(query(MAX_DEPTH + 1))


def test_subqueries_of_subqueries_are_levels_too() -> None:
    levels = "max_over_time(" * (MAX_DEPTH // 2) + "a" + "[5m:])" * (MAX_DEPTH // 2)
    with pytest.raises(ParseError, match="nested more than"):
        parse(levels)
    parse(levels.removeprefix("max_over_time(").removesuffix(")"))


def test_chains_within_chains_are_counted_together() -> None:
    half = MAX_DEPTH // 2
    chain = "a" + " + a" * half
    for _ in range(2):
        chain = f"({chain})" + " + a" * half
    with pytest.raises(ParseError, match="nested more than"):
        parse(chain)


def test_so_long_and_no_longer() -> None:
    assert str_of(parse("a" * MAX_LENGTH)) == "a" * MAX_LENGTH
    with pytest.raises(ParseError, match=f"has {MAX_LENGTH + 1} characters; the limit is {MAX_LENGTH}"):
        parse("a" * (MAX_LENGTH + 1))


# --- selectors ---

EQUAL, NOT_EQUAL, REGEX, NOT_REGEX = MatchType


def label(name: str, kind: MatchType, value: str) -> Matcher:
    """Return a matcher."""
    return Matcher(name=name, type=kind, value=value)


@pytest.mark.parametrize(
    ("text", "matchers"),
    [
        ("up", [label(METRIC_NAME, EQUAL, "up")]),
        (":up", [label(METRIC_NAME, EQUAL, ":up")]),
        ('{job="a", "http.x",}', [label("job", EQUAL, "a"), label(METRIC_NAME, EQUAL, "http.x")]),
        ('up{"día.x"!="é"}', [label("día.x", NOT_EQUAL, "é"), label(METRIC_NAME, EQUAL, "up")]),
        ("{on='x', by!~`a\\d\n`}", [label("on", EQUAL, "x"), label("by", NOT_REGEX, "a\\d\n")]),
        (
            '\n up # the metric\n {\tjob =~ "a" # and }\r\n}  ',
            [label("job", REGEX, "a"), label(METRIC_NAME, EQUAL, "up")],
        ),
    ],
)
def test_a_selector_is_read(text: str, matchers: list[Matcher]) -> None:
    assert parse_selector(text) == tuple(matchers)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unknown position: parse error: unexpected end of input"),
        ("up[5m]", '1:3: parse error: unexpected "["'),
        ("up offset 5m", "1:4: parse error: unexpected <offset>"),
        ('"up"', '1:1: parse error: unexpected string "\\"up\\""'),
        ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ("a{'b'}", '1:1: parse error: metric name must not be set twice: "a" or "b"'),
    ],
)
def test_what_is_no_selector(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_selector(text)
    assert str(caught.value) == message


@given(labels())
def test_a_series_as_it_is_written_selects_itself(found: Labels) -> None:
    matchers = parse_selector(str(found))
    assert sorted((matcher.name, matcher.value) for matcher in matchers) == list(found)


@given(metric_names, st.lists(st.tuples(label_names, st.sampled_from([EQUAL, NOT_EQUAL]), label_values)))
def test_matchers_read_back_as_they_are_written(name: str, found: list[tuple[str, MatchType, str]]) -> None:
    matchers = [label(*one) for one in found if one[0] != METRIC_NAME]
    written = ", ".join([quote(name), *map(str, matchers)])
    assert parse_selector(f"{{{written}}}") == (label(METRIC_NAME, EQUAL, name), *matchers)


# --- the scripts of Prometheus' engine ---

_EVAL = re.compile(r"\s*eval(?:_\w+)? (?:instant at \S+|range from \S+ to \S+ step \S+) (.*)")


@pytest.mark.skipif(not SCRIPTS.is_dir(), reason="the scripts are not there")
def test_all_queries_of_the_scripts_are_read() -> None:
    lines = [line for script in sorted(SCRIPTS.glob("*.test")) for line in script.read_text().splitlines()]
    queries = [found[1] for line in lines if (found := _EVAL.match(line))]
    assert queries
    for query in queries:
        line = str_of(parse(query))
        assert str_of(parse(line)) == line
