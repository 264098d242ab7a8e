"""Selectors read as Prometheus reads them, and what is wrong in one is said with its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import label_names, label_values, labels, metric_names
from timeseries.errors import InvalidSelector
from timeseries.labels import METRIC_NAME, Labels
from timeseries.matcher import Matcher, MatchType
from timeseries.selector import parse_selector, unquote
from timeseries.text import quote

EQUAL, NOT_EQUAL, REGEX, NOT_REGEX = MatchType


def metric(name: str) -> Matcher:
    """Return the matcher of a metric's name."""
    return Matcher(name=METRIC_NAME, type=EQUAL, value=name)


def label(name: str, kind: MatchType, value: str) -> Matcher:
    """Return a matcher."""
    return Matcher(name=name, type=kind, value=value)


@pytest.mark.parametrize(
    ("text", "matchers"),
    [
        ("up", [metric("up")]),
        ("up{}", [metric("up")]),
        ("job:up:sum", [metric("job:up:sum")]),
        (":up", [metric(":up")]),
        ('{"http.requests"}', [metric("http.requests")]),
        ('{"http.requests", job="a",}', [metric("http.requests"), label("job", EQUAL, "a")]),
        ('{job="a", "http.requests"}', [label("job", EQUAL, "a"), metric("http.requests")]),
        (
            '{__name__=~"a.*",__name__!="ab"}',
            [label(METRIC_NAME, REGEX, "a.*"), label(METRIC_NAME, NOT_EQUAL, "ab")],
        ),
        ('up{"día.x"!="é"}', [metric("up"), label("día.x", NOT_EQUAL, "é")]),
        (
            "up{on='x', by!~`a\\d\n`}",
            [metric("up"), label("on", EQUAL, "x"), label("by", NOT_REGEX, "a\\d\n")],
        ),
        ('\n up # the metric\n {\tjob = "a" # and }\r\n}  ', [metric("up"), label("job", EQUAL, "a")]),
        ('up{job="#{},=\\""}', [metric("up"), label("job", EQUAL, '#{},="')]),
        (
            r"""up{a="\a\b\f\n\r\t\v\\\"\x41\101\u0041\U0001F525",b='\'"'}""",
            [metric("up"), label("a", EQUAL, '\a\b\f\n\r\t\v\\"AAA🔥'), label("b", EQUAL, "'\"")],
        ),
        (r'{a="\xc3\xa9"}', [label("a", EQUAL, "é")]),
    ],
)
def test_a_selector_is_read(text: str, matchers: list[Matcher]) -> None:
    assert parse_selector(text) == matchers


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "character 1: expected a metric name or {, got the end"),
        ("  ", "character 3: expected a metric name or {, got the end"),
        ('"up"', 'character 1: expected a metric name or {, got "\\"up\\""'),
        ("up{", "character 4: expected a label name, got the end"),
        ("up{job", "character 7: expected =, !=, =~ or !~, got the end"),
        ("up{job=", "character 8: expected a text in quotes, got the end"),
        ('up{job="a"', "character 11: expected , or }, got the end"),
        ('up{job="a" b="c"}', 'character 12: expected , or }, got "b"'),
        ("up{job=a}", 'character 8: expected a text in quotes, got "a"'),
        ('up{a:b="c"}', 'character 4: expected a label name, got "a:b"'),
        ("up{,}", 'character 4: expected a label name, got ","'),
        ('up{job=="a"}', 'character 8: expected a text in quotes, got "="'),
        ("up{} up", 'character 6: expected the end, got "up"'),
        ("up[5m]", 'character 3: unexpected "["'),
        ("5up", 'character 1: unexpected "5"'),
        ('up{job="a}', "character 8: this text never ends"),
        ('up{job="a\n"}', "character 8: this text never ends"),
        ('up{job="a\\"}', "character 8: this text never ends"),
        (r'up{job="\q"}', r'character 9: unknown escape "\\q"'),
        (r'up{job="\'"}', r"""character 9: unknown escape "\\'" """.rstrip()),
        (r'up{job="\x4"}', r'character 9: unknown escape "\\x"'),
        (r'up{job="\400"}', r'character 9: escape "\\400" is larger than a byte'),
        (r'up{job="\ud800"}', r'character 9: escape "\\ud800" is no character'),
        (r'up{job="\U00110000"}', r'character 9: escape "\\U00110000" is no character'),
        (r'up{job="a\xff"}', "character 8: the escapes in this text do not make valid UTF-8"),
        ('up{__name__="a"}', 'character 4: the metric name is already "up"'),
        ('{"a", __name__="b"}', 'character 7: the metric name is already "a"'),
        ('{"a", "b"}', "character 7: the metric name is given twice"),
        ('{__name__="a", "b"}', "character 16: the metric name is given twice"),
        ('{""="a"}', 'character 2: matcher "" needs a label name'),
        ('up{job=~"("}', 'character 4: regular expression "(" of label "job"'),
        ("{}", "character 1: at least one matcher must refuse the empty text"),
        ('{job=""}', "character 1: at least one matcher must refuse the empty text"),
        ('{job=~".*"}', "character 1: at least one matcher must refuse the empty text"),
        ("up\ud800", "character 1: it is not valid UTF-8"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str) -> None:
    with pytest.raises(InvalidSelector) as caught:
        parse_selector(text)
    assert str(caught.value).startswith(message)


@given(labels())
def test_a_series_as_it_is_written_selects_itself(found: Labels) -> None:
    matchers = parse_selector(str(found))
    assert sorted((matcher.name, matcher.value) for matcher in matchers) == list(found)


@given(metric_names, st.lists(st.tuples(label_names, st.sampled_from([EQUAL, NOT_EQUAL]), label_values)))
def test_matchers_read_back_as_they_are_written(name: str, found: list[tuple[str, MatchType, str]]) -> None:
    matchers = [label(*one) for one in found if one[0] != METRIC_NAME]
    written = ", ".join([quote(name), *map(str, matchers)])
    assert parse_selector(f"{{{written}}}") == [metric(name), *matchers]


@given(st.text())
def test_what_is_quoted_is_unquoted(text: str) -> None:
    assert unquote(quote(text)) == text


@given(st.text() | st.text(alphabet="ab{}=!~\",\\'`# \n", max_size=20))
def test_any_text_is_a_selector_or_an_error_that_says_so(text: str) -> None:
    try:
        places = [0 for _ in parse_selector(text)]
    except InvalidSelector as error:
        places = [error.at]
    assert places
    assert all(0 <= at <= len(text) for at in places)
