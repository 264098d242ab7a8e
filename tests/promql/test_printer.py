"""What is written reads back, in one line or in several."""

import pytest
from hypothesis import given

from promql.language.ast import Expr
from promql.language.parser import parse
from promql.language.printer import MAX_LINE, format_query, str_of
from tests.promql.expressions import expressions, spanless


@given(expressions())
def test_an_expression_reads_back_as_it_is_written(expr: Expr) -> None:
    # By their texts, since NaN is not itself and 0 is -0.
    assert repr(spanless(parse(str_of(expr)))) == repr(expr)


@given(expressions())
def test_lines_change_nothing(expr: Expr) -> None:
    assert repr(spanless(parse(format_query(expr)))) == repr(expr)


@given(expressions())
def test_what_fits_stays_in_one_line(expr: Expr) -> None:
    line = str_of(expr)
    if len(line) <= MAX_LINE:
        assert format_query(expr) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('SUM(foo) BY (a,"b.c",)', 'sum by (a, "b.c") (foo)'),
        ("sum by()(foo)", "sum(foo)"),
        ("sum without()(foo)", "sum without () (foo)"),
        ("topk(5,foo)", "topk(5, foo)"),
        ("foo{b='x',a!~`y`,}", 'foo{a!~"y",b="x"}'),
        ('{"foo", __name__!="a"}', '{__name__!="a",__name__="foo"}'),
        ("info(foo,{})", "info(foo, {})"),
        ("foo[300]@1.5 offset-90s", "foo[5m] @ 1.500 offset -1m30s"),
        ("foo @ -0.001", "foo @ -0.001"),
        ("foo offset 1h @ end()", "foo @ end() offset 1h"),
        ("foo offset 0", "foo"),
        ("foo[7d] smoothed offset 90d", "foo[1w] smoothed offset 90d"),
        ("foo anchored", "foo anchored"),
        ("foo[ (5M_A)]".replace("5M_A", "5m"), "foo[(5m)]"),
        ("foo[STEP()*2+1m:max_of(1s,range())]", "foo[step() * 2 + 1m:max_of(1s, range())]"),
        ("foo offset -(1m+0.5)", "foo offset -(1m + 0.5)"),
        ("rate(foo[5m])[1h:]", "rate(foo[5m])[1h:]"),
        ("0x1F+1e3+5m+.5+-Inf", "31 + 1000 + 5m + 0.5 + -Inf"),
        ("1e-7*1e21", "0.0000001 * 1000000000000000000000"),
        ("1.001s".replace("1.001s", "1s1ms"), "1s1ms"),
        ("'a\"\\xc5'", '"a\\"\\xc5"'),
        ("foo AND on() bar", "foo and on () bar"),
        ("a/ignoring(x)group_left b", "a / ignoring (x) group_left () b"),
        ("a+fill(1)b", "a + fill (1) b"),
        ("a>bool on(x)fill_right(-2)fill_left(1e6)b", "a > bool on (x) fill_left (1e+06) fill_right (-2) b"),
        ("a</1>/b", "a </ 1 >/ b"),
        ("- foo ^ + bar", "-foo ^ +bar"),
    ],
)
def test_a_query_in_one_line(text: str, line: str) -> None:
    assert str_of(parse(text)) == line


LONG = 'rate(http_requests_total{handler="/api/v1/query_range",job="api-server-1",status=~"5..|4.."}[5m])'


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"sum by (a) (abs({LONG}))", ["sum by (a) (", "  abs(", f"    {LONG}", "  )", ")"]),
        (f"topk(3,{LONG})", ["topk(", "  3,", f"  {LONG}", ")"]),
        (f"{LONG}>bool 1", [f"  {LONG}", "> bool", "  1"]),
        (f"-({LONG}+on(a)group_left(b)c)", ["-(", f"    {LONG}", "  + on (a) group_left (b)", "    c", ")"]),
        (f"abs({LONG})[1h:1m]", ["abs(", f"  {LONG}", ")[1h:1m]"]),
    ],
)  # fmt: skip
def test_a_long_query_is_split(text: str, lines: list[str]) -> None:
    assert format_query(parse(text)).split("\n") == lines


@pytest.mark.parametrize(("more", "split"), [(0, False), (1, True)])
def test_a_line_holds_so_many_characters(more: int, split: bool) -> None:
    name = "a" * (MAX_LINE - len("abs()") + more)
    assert ("\n" in format_query(parse(f"abs({name})"))) is split
