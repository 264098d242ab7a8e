"""Matchers: the four operators, RE2's meaning of an expression, plain choices, hostile expressions."""

import re
import subprocess
import sys

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import label_names, label_values, labels
from timeseries.errors import InvalidMatcher
from timeseries.labels import Labels
from timeseries.matcher import (
    MAX_REGEX_LENGTH,
    MAX_REGEX_UNFOLDED,
    Extractor,
    Matcher,
    MatchType,
    Pattern,
)
from timeseries.text import EXCERPT_LENGTH


def regex(pattern: str) -> Matcher:
    return Matcher(name="a", type=MatchType.REGEX, value=pattern)


# --- the operators ---

values = st.just("") | label_values


@given(values, values)
def test_equality_compares_whole_values(wanted: str, value: str) -> None:
    assert Matcher(name="a", type=MatchType.EQUAL, value=wanted).matches(value) is (value == wanted)
    assert Matcher(name="a", type=MatchType.NOT_EQUAL, value=wanted).matches(value) is (value != wanted)
    assert Matcher(name="a", type=MatchType.EQUAL, value=wanted).matches(wanted) is True


@given(labels(), label_names, values, st.sampled_from(MatchType))
def test_a_label_that_is_not_there_counts_as_empty(
    one: Labels, name: str, value: str, operator: MatchType
) -> None:
    matcher = Matcher(name=name, type=operator, value=re.escape(value))
    assert matcher.accepts(one.dropping({name})) is matcher.matches("") is matcher.matches_empty
    assert matcher.accepts(one) is matcher.matches(one.get(name))


@pytest.mark.parametrize(
    ("operator", "value", "empty"),
    [
        ("=", "", True),
        ("=", "x", False),
        ("!=", "", False),
        ("!=", "x", True),
        ("=~", "", True),
        ("=~", ".*", True),
        ("=~", ".+", False),
        ("=~", "x|", True),
        ("=~", "x?", True),
        ("!~", "", False),
        ("!~", ".+", True),
    ],
)
def test_whether_series_without_the_label_are_taken(operator: str, value: str, empty: bool) -> None:
    assert Matcher(name="a", type=MatchType(operator), value=value).matches_empty is empty


# --- regular expressions ---

# What Python's `re` and RE2 understand alike.
_atoms = st.sampled_from(
    [
        "a",
        "b",
        "é",
        "🔥",
        ".",
        r"\.",
        r"\-",
        r"\|",
        r"\\",
        r"\d",
        r"\w",
        "[ab]",
        "[^a]",
        "[a-c]",
        r"\n",
        "-",
        "",
        " ",
    ]
)
_repeats = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "*?"])
patterns = st.recursive(
    _atoms,
    lambda inner: (
        st.builds("{}{}".format, inner, inner)
        | st.builds("{}|{}".format, inner, inner)
        | st.builds("({})".format, inner)
        | st.builds("(?:{}){}".format, inner, _repeats)
        | st.builds("(?i:{})".format, inner)
    ),
    max_leaves=6,
)
subjects = st.text("aAbcé🔥.-|\\ \n1_", max_size=6)


@given(patterns, st.lists(subjects, max_size=8))
def test_expressions_match_as_an_anchored_search_does(pattern: str, texts: list[str]) -> None:
    # Python's classes take all of Unicode, RE2's ASCII alone; folding is of all of Unicode in both.
    oracle = re.compile(pattern.replace(r"\d", "[0-9]").replace(r"\w", "[0-9A-Za-z_]"), re.DOTALL)
    takes = regex(pattern)
    refuses = Matcher(name="a", type=MatchType.NOT_REGEX, value=pattern)
    for text in ["", "a", "ab", *texts]:
        assert takes.matches(text) is (oracle.fullmatch(text) is not None)
        assert refuses.matches(text) is not takes.matches(text)


@pytest.mark.parametrize(
    ("pattern", "taken", "left"),
    [
        ("node", ["node"], ["", "nod", "node1", "xnode", "node\n", "\nnode", "Node"]),
        ("a|b", ["a", "b"], ["", "ab", "a|b", "ax", "xb"]),
        ("a|bc*", ["a", "b", "bcc"], ["ac", "ab"]),
        ("^a$", ["a"], ["", "ba", "ab", "a\n"]),
        ("^a|b$", ["a", "b"], ["ab", "ax", "xb"]),
        ("(?m)^a$", ["a"], ["a\nb", "b\na"]),
        ("a.b", ["a.b", "a\nb", "aéb", "a🔥b"], ["ab", "a..b"]),
        ("(?-s)a.b", ["a.b"], ["a\nb"]),
        (".", ["a", "é", "🔥", "\n"], ["", "e\u0301", "ab"]),
        (".*", ["", "x", "a\n\nb\n"], []),
        (".+", ["x", "\n"], [""]),
        ("(?i)straße", ["straße", "STRAßE"], ["strasse"]),
        ("(?i)k", ["k", "K", "\u212a"], ["x"]),
        ("(?i)É", ["é", "É"], ["e"]),
        (r"\pL+", ["é", "世界"], ["", "1", "a1"]),
        (r"\w", ["a", "_", "7"], ["é", "-"]),
        (r"\x{1F525}", ["🔥"], [""]),
        (r"\a", ["\a"], ["a"]),
        (r"\t", ["\t"], ["t"]),
        (r"\101", ["A"], ["101"]),
        (r"\Qa.b|\E", ["a.b|"], ["axb|"]),
        ("a{2,}", ["aa", "aaa"], ["a"]),
        ("a{,2}", ["a{,2}"], ["a", "aa"]),
        ("a\0b", ["a\0b"], ["ab"]),
    ],
)
def test_the_dialect_is_that_of_re2(pattern: str, taken: list[str], left: list[str]) -> None:
    takes = regex(pattern)
    assert [text for text in [*taken, *left] if takes.matches(text)] == taken


# --- plain choices, which are not compiled ---

_punctuation = "".join(chr(code) for code in range(0x20, 0x7F) if not chr(code).isalnum())
plain_values = st.text(st.sampled_from(_punctuation + "aé🔥\0"), max_size=5)


def escape(value: str) -> str:
    return re.sub(r"[$^*{}\[\]'+?.()|\\]", r"\\\g<0>", value)


@given(st.lists(plain_values, min_size=1, max_size=5), st.sampled_from(["{}", "({})"]), plain_values)
def test_a_choice_of_escaped_values_takes_just_these(wanted: list[str], form: str, other: str) -> None:
    takes = regex(form.format("|".join(map(escape, wanted))))
    assert all(map(takes.matches, wanted))
    assert takes.matches(other) is (other in wanted)


@given(st.text(st.sampled_from(_punctuation + "aé1"), max_size=8), plain_values)
def test_a_choice_means_what_re2_makes_of_it(pattern: str, value: str) -> None:
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error:
        with pytest.raises(InvalidMatcher):
            regex(pattern)
        return
    read = regex(pattern)
    for text in (value, "", *pattern.split("|"), pattern.replace("\\", "").strip("()")):
        assert read.matches(text) is (compiled.fullmatch(text) is not None)


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [
        ("()", [""]),
        ("(|)", [""]),
        ("|", [""]),
        ("(a|b)", ["a", "b"]),
        ("(a)|(b)", ["a", "b"]),
        (r"\(a|b\)", ["(a", "b)"]),
        (r"a\|b|c", ["a|b", "c"]),
        (r"(a\\|b)", ["a\\", "b"]),
    ],
)
def test_brackets_and_bars_of_a_choice(pattern: str, taken: list[str]) -> None:
    candidates = ["", "a", "b", "c", "a|b", "(a", "b)", "(a|b)", "a\\", "a)|(b", "(a)|(b)"]
    assert {text for text in candidates if regex(pattern).matches(text)} == set(taken)


def test_a_choice_of_a_hundred_thousand_hosts_is_taken() -> None:
    hosts = [f"host-{number}.example.com:9100" for number in range(100_000)]
    pattern = "(" + "|".join(map(escape, hosts)) + ")"
    assert len(pattern) > MAX_REGEX_LENGTH
    takes = regex(pattern)
    assert all(map(takes.matches, hosts))
    assert not takes.matches("host-1xexample.com:9100")


def test_a_thousand_hosts_on_any_port_fit_the_limits() -> None:
    hosts = [f"host-{number * 7919 % 1000}.rack-{number % 37}.example.com" for number in range(1_000)]
    takes = regex(f"({'|'.join(map(escape, hosts))}):[0-9]+")
    assert all(takes.matches(f"{host}:9100") for host in hosts)
    assert not takes.matches(f"{hosts[0]}:")


# --- what is refused ---


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "(a",
        "a)",
        "[",
        "[b-a]",
        "*",
        "a**",
        "a|*",
        "\\",
        r"\8",
        r"\é",
        r"(a\)",
        "(?z)",
        r"(a)\1",
        "(?=a)",
        "a{1001}",
        r"\pX",
    ],
)
def test_an_invalid_expression_is_refused_with_its_place(pattern: str) -> None:
    for operator in (MatchType.REGEX, MatchType.NOT_REGEX):
        with pytest.raises(InvalidMatcher, match=r'^regular expression ".+" of label "job": .+'):
            Matcher(name="job", type=operator, value=pattern)


@pytest.mark.parametrize(("name", "value"), [("", "x"), ("\ud800", "x"), ("a", "\udfff"), ("é", "a\ud83d")])
@pytest.mark.parametrize("operator", MatchType)
def test_a_matcher_needs_a_name_and_valid_text(name: str, value: str, operator: MatchType) -> None:
    with pytest.raises(InvalidMatcher) as caught:
        Matcher(name=name, type=operator, value=value)
    assert str(caught.value).isprintable()


def test_the_longest_expression_is_compiled_and_a_longer_one_refused() -> None:
    longest = "." + "a" * (MAX_REGEX_LENGTH - 1)
    assert regex(longest).matches("b" + longest[1:])
    with pytest.raises(InvalidMatcher, match=f"has {MAX_REGEX_LENGTH + 1} characters; the limit is"):
        regex(longest + "a")


@pytest.mark.parametrize("unit", ["a{1}", r"\pL", r"\PN"])
def test_only_so_many_parts_may_unfold(unit: str) -> None:
    half = "a{1}" * (MAX_REGEX_UNFOLDED - 1)
    assert regex(half + unit).matches("a" * MAX_REGEX_UNFOLDED)
    with pytest.raises(InvalidMatcher, match=f"more than {MAX_REGEX_UNFOLDED} counted"):
        regex(half + unit * 2)


def test_the_message_about_a_long_expression_is_short() -> None:
    for pattern in ("(" * 60_000, "[" * 60_000, "a+" * 50_000, "é{" * 30_000):
        with pytest.raises(InvalidMatcher) as caught:
            Matcher(name="n" * 10_000, type=MatchType.REGEX, value=pattern)
        assert len(str(caught.value)) < 4 * EXCERPT_LENGTH


# With a backtracking engine each of these takes longer than the universe lasts.
@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*a){20}b", "(a?){500}a{500}b", "(x+x+)+y|(a|aa)+b"]
)
def test_a_catastrophic_expression_takes_linear_time(pattern: str) -> None:
    assert not regex(pattern).matches("a" * 20_000)
    assert regex(pattern).matches("a" * 1_000 + "b")


# Each is refused or compiled, but costs little memory either way and says nothing on standard error.
_HOSTILE = f"""
import resource
from timeseries.errors import InvalidMatcher
from timeseries.matcher import Matcher, MatchType

pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + 128 * 1024 * 1024
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
length, parts = {MAX_REGEX_LENGTH}, {MAX_REGEX_UNFOLDED}
for pattern in (
    "a{{0,1000}}" * parts,
    r"(?i)\\pL" + r"\\pL" * (parts - 1),
    "(?:" + r"\\pL" * (parts - 1) + "){{1000}}",
    "((a{{0,30}}){{0,30}}|" * (parts // 2) + ")" * (parts // 2),
    "(" * (length // 2 - 1) + "." + ")" * (length // 2),
    "(" * (length // 3 - 1) + "." + ")*" * (length // 3),
    "(?i:[Ā-ɏͰ-ԯᎠ-᏿])" * (length // 16),
    "(?i)K" * (length // 5),
    "[^a]" * (length // 4),
    "." * length,
    ".*" * (length // 2),
    "a?" * (length // 2),
    "ab?|" * (length // 4),
    "[" * length,
    "\\\\" * length,
    "é" * 1_000_000 + ".",
    "(" * 1_000_000,
    "|" * 1_000_000,
    "(((((.{{0,9}}){{0,9}}){{0,9}}){{0,9}}){{0,9}}){{0,9}}",
):
    try:
        Matcher(name="a", type=MatchType.REGEX, value=pattern).matches("ab" * 500)
    except InvalidMatcher:
        pass
print("all read")
"""


def test_no_expression_takes_much_memory_or_logs() -> None:
    done = subprocess.run([sys.executable, "-c", _HOSTILE], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("all read\n", "")


# --- values ---


def test_matchers_compare_by_what_they_ask() -> None:
    assert regex("a.*") == regex("a.*")
    assert len({regex("a.*"), regex("a.*"), regex("a.+")}) == 2
    assert regex("a") != Matcher(name="a", type=MatchType.EQUAL, value="a")


@pytest.mark.parametrize(
    ("name", "operator", "value", "text"),
    [
        ("job", "=", "node", 'job="node"'),
        ("job", "!=", "", 'job!=""'),
        ("k8s.pod", "=~", r"a\.b|c", r'"k8s.pod"=~"a\\.b|c"'),
        ("a:b", "!~", 'x"\n', r'"a:b"!~"x\"\n"'),
    ],
)
def test_a_matcher_is_written_as_promql_writes_it(name: str, operator: str, value: str, text: str) -> None:
    assert str(Matcher(name=name, type=MatchType(operator), value=value)) == text


# --- what an expression captures ---


@given(patterns, st.lists(subjects, max_size=8))
def test_groups_are_captured_as_an_anchored_search_does(pattern: str, texts: list[str]) -> None:
    oracle = re.compile(pattern.replace(r"\d", "[0-9]").replace(r"\w", "[0-9A-Za-z_]"), re.DOTALL)
    extractor = Extractor(pattern)
    for text in texts:
        found, wanted = extractor.groups(text), oracle.fullmatch(text)
        assert (found is None) is (wanted is None)
        if found is not None and wanted is not None:
            assert found["0"] == text
            assert len(found) == oracle.groups + 1


def test_groups_have_numbers_and_names() -> None:
    assert Extractor("(?P<first>a+)(b)?(.*)").groups("aaé\n") == {
        "0": "aaé\n",
        "1": "aa",
        "2": "",
        "3": "é\n",
        "first": "aa",
    }


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(a", "missing )"),
        ("x" * (MAX_REGEX_LENGTH + 1), f"it has {MAX_REGEX_LENGTH + 1} characters"),
        (r"\pL" * (MAX_REGEX_UNFOLDED + 1), "counted repetitions or Unicode classes"),
    ],
)
def test_an_expression_that_captures_has_the_same_limits(pattern: str, reason: str) -> None:
    with pytest.raises(InvalidMatcher, match=re.escape(reason)):
        Extractor(pattern)


@pytest.mark.parametrize(
    ("regex", "text", "new", "made"),
    [
        ("a*", "baac", "X", "XbXcX"),
        ("é", "été", "e", "ete"),
        ("", "aé", "-", "-a-é-"),
        ("(b)", "abc", "$1$1${1}x$1x$$$9$", "abbbx$$c"),
        ("(?P<n>.):", "x:y:", "<${n}>", "<x><y>"),
        ("a.c", "a\nc", "X", "a\nc"),
        ("^a", "aaa", "x", "xaa"),
    ],
)
def test_a_pattern_replaces_as_go_does(regex: str, text: str, new: str, made: str) -> None:
    assert Pattern(regex).replaced(text, new, 1000) == made


def test_a_pattern_is_looked_for_anywhere() -> None:
    assert Pattern("b+").is_in("abc")
    assert not Pattern("^b").is_in("abc")


def test_a_replaced_text_may_be_so_long() -> None:
    assert Pattern("a").replaced("aaa", "bb", 6) == "bbbbbb"
    with pytest.raises(InvalidMatcher, match="longer than 5 characters"):
        Pattern("a").replaced("aaa", "bb", 5)


@pytest.mark.parametrize("regex", ["(", "\ud800", "x" * (MAX_REGEX_LENGTH + 1)])
def test_an_unusable_pattern_is_refused(regex: str) -> None:
    with pytest.raises(InvalidMatcher):
        Pattern(regex)
