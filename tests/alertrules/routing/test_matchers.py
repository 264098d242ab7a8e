"""Matchers are read and written as Alertmanager does, in both of its grammars."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alertrules.routing.matchers import (
    format_matcher,
    format_matchers,
    parse_matcher,
    parse_matchers,
    sorted_matchers,
)
from tests.strategies import label_names, label_values
from timeseries.errors import InvalidMatcher
from timeseries.matcher import Matcher, MatchType


def written(matchers: tuple[Matcher, ...]) -> list[tuple[str, str, str]]:
    return [(one.name, one.type.value, one.value) for one in matchers]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("{}", []),
        ("a=b", [("a", "=", "b")]),
        ("a=", [("a", "=", "")]),
        (' a != "b" ', [("a", "!=", "b")]),
        ("a=~b|c", [("a", "=~", "b|c")]),
        ('{a="b",c!~"d"}', [("a", "=", "b"), ("c", "!~", "d")]),
        ('a="b,c", d=e,', [("a", "=", "b,c"), ("d", "=", "e")]),
        ("{a=b", [("a", "=", "b")]),
        (r'a="\"\n\\\x"', [("a", "=", '"\n\\\\x')]),
        ("a=b c", [("a", "=", "b c")]),
        ("a=b\\", [("a", "=", "b\\")]),
        ("a='b'", [("a", "=", "'b'")]),
        ("a==b", [("a", "=", "=b")]),
        ("a=\n\tb\n", [("a", "=", "b")]),
        # Only the newer grammar takes these.
        ("a.b=c", [("a.b", "=", "c")]),
        (" { a = b } ", [("a", "=", "b")]),
        ('{"a b"="c", "d"!="e",}', [("a b", "=", "c"), ("d", "!=", "e")]),
        (r'"\u00e9\x41\101\U0001f642"=~"x"', [("éAA🙂", "=~", "x")]),
        (r'"a.b"="\xf0\x9f\x99\x82"', [("a.b", "=", "🙂")]),
        # Where both take it but not alike, the classic one counts.
        (r'a="\xf0"', [("a", "=", r"\xf0")]),
        (r'a="\t"', [("a", "=", r"\t")]),
    ],
)
def test_texts_are_read(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert written(parse_matchers(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "=b",
        ",",
        "a=b,,c=d",
        '"a',
        '"a b"',
        '"a b"=',
        '{"a b"=c',
        '"a b"=c}',
        '{{"a b"=c}}',
        '"a b"=c d',
        '"a b"="c" "d"="e"',
        r'"\xff"=b',
        r'"\q"=b',
        r'"\U00110000"=b',
        r'"\ud800"=b',
        '""=b',
        '"a\nb"=c',
        'a="b',
        'a="b"c"',
        'a=~"["',
        "a=~" + "x" * 70_000 + ".",
        "a=\ud800",
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidMatcher):
        parse_matchers(text)


@pytest.mark.parametrize("text", ["", "{}", "{a=b}", "a=b}", '"a b"=c,"d"=e', "a"])
def test_one_matcher_is_one_and_without_braces(text: str) -> None:
    with pytest.raises(InvalidMatcher):
        parse_matcher(text)


def test_one_matcher_may_have_a_comma_in_its_value() -> None:
    assert written((parse_matcher("a=b,c=d"), parse_matcher('"a b"=c'))) == [
        ("a", "=", "b,c=d"),
        ("a b", "=", "c"),
    ]


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        (("a", "=", "b"), 'a="b"'),
        (("a", "=~", "b|c"), 'a=~"b|c"'),
        (("a", "!=", 'q"\\\n\t'), 'a!="q\\"\\\\\\n\t"'),
        (("a.b", "!~", "é"), 'a.b!~"é"'),
        (("a b", "=", "\t"), '"a b"="\\t"'),
    ],
)
def test_matchers_are_written_as_alertmanager_does(matcher: tuple[str, str, str], expected: str) -> None:
    name, kind, value = matcher
    assert format_matcher(Matcher(name=name, type=MatchType(kind), value=value)) == expected


@st.composite
def matchers(draw: st.DrawFn) -> Matcher:
    value = draw(label_values | st.text(st.sampled_from('ab"\\\n,{}=~ \t'), max_size=8))
    kind = draw(st.sampled_from([MatchType.EQUAL, MatchType.NOT_EQUAL]))
    return Matcher(name=draw(label_names), type=kind, value=value)


@given(st.lists(matchers(), max_size=4))
def test_what_is_written_is_read_back(several: list[Matcher]) -> None:
    assert list(parse_matchers(format_matchers(several))) == several
    for one in several:
        assert parse_matcher(format_matcher(one)) == one


@example('"\ud800\\x41"="b"')
@example('"a"="\\xff"')
@given(st.text(st.sampled_from('ab="\\~!,{} \nxu0é\ud800')) | st.text())
def test_no_text_does_anything_but_raise_the_declared_error(text: str) -> None:
    for parse in (parse_matchers, parse_matcher):
        try:
            parse(text)
        except InvalidMatcher:
            continue


def test_the_order_is_that_of_names_then_values_then_operators() -> None:
    texts = ["b=a", "a=~b", "a!=b", "a=b", "a=a", "a!~b"]
    ordered = sorted_matchers(map(parse_matcher, texts))
    assert format_matchers(ordered) == '{a="a",a="b",a!="b",a=~"b",a!~"b",b="a"}'
