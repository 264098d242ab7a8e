"""Go's regular expressions mean the same here, or are refused."""

from contextlib import suppress

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.patterns import PatternError, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("a$", "a\n", False),
        ("(?m)a$", "a\nb", True),
        (r"a\z", "a", True),
        (r"a\z", "a\n", False),
        (r"^\d$", "٣", False),
        ("^[[:alpha:]_]+$", "ab_", True),
        ("^[[:alpha:]]+$", "a:", False),
        (r"^\Qa.b\E$", "a.b", True),
        (r"^\Qa.b\E$", "axb", False),
        (r"^\x{61}$", "a", True),
        ("^[]a]+$", "]a", True),
        ("^[[a]+$", "[a", True),
        ("[$]", "$", True),
        ("(?i)ABC", "abc", True),
        ("(?s:a.b)", "a\nb", True),
        ("a(?:b|c)", "ac", True),
        ("^a(?i)b$", "aB", True),
        ("^a(?i)b$", "AB", False),
        ("^(?:a(?i)b|c)d$", "Cd", True),
        ("^(?:a(?i)b|c)d$", "CD", False),
        ("^(?:(?i)a(?-i)b|c)$", "C", False),
        ("^(?:(?i)a(?-i)b|c)$", "Ab", True),
        ("(?m:a$)b?", "a\nb", True),
        ("(?:(?m)a)$", "a\n", False),
        ("^a{,3}$", "a{,3}", True),
        (r"^[\[]a]$", "[a]", True),
        ("^[a&&b]$", "&", True),
        ("^[+--]$", ",", True),
        ("^[*+]+$", "*+", True),
    ],
)
def test_an_expression_means_what_it_means_in_go(pattern: str, text: str, found: bool) -> None:
    assert bool(compile_pattern(pattern).search(text)) == found


@pytest.mark.parametrize("pattern", ["(?P<n>a)", "(?<n>a)"])
def test_a_group_may_be_named_in_both_ways(pattern: str) -> None:
    found = compile_pattern(pattern).search("a")
    assert found is not None
    assert found["n"] == "a"


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?<!a)",
        "(?P=n)",
        "(?>a)",
        "(?U)a",
        "(?x)a",
        r"(a)\1",
        r"\pL",
        r"a\Z",
        "[[:what:]]",
        "(",
        "[",
        "*",
        r"\x{110000}",
        "(?#a)",
        "a++",
        "a{2}+",
        r"[\b]",
        r"[\z]",
        "a)",
        "(?i)*",
        "[a--b]",
        "[--[:alpha:]]",
    ],
)
def test_what_go_refuses_or_we_cannot_translate_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


@given(st.text(alphabet="ab[]()?:<>P\\^$.*+|{}1-[:alpha:]zQE"))
def test_any_text_is_an_expression_or_is_refused(text: str) -> None:
    with suppress(PatternError):
        compile_pattern(text)


PIECES = [
    "a",
    "b",
    "-",
    "|",
    "(",
    ")",
    "(?:",
    "(?i)",
    "(?-i:",
    "(?m)",
    "(?s)",
    "[",
    "[^",
    "]",
    "*",
    "+",
    "?",
    "{,2}",
]
PIECES += [
    "{1,2}",
    "^",
    "$",
    ".",
    r"\d",
    r"\z",
    r"\.",
    r"\b",
    r"\Q.\E",
    "[:alpha:]",
    r"\x{62}",
    "&&",
    "--",
    "A",
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=7).map("".join))
def test_what_passes_here_matches_what_re2_matches(text: str) -> None:
    try:
        ours = compile_pattern(text)
    except PatternError:
        return
    options = re2.Options()
    options.log_errors = False
    theirs = re2.compile(text, options)
    for subject in ("", "a", "b", "A", "ab", "aab", "a-b", "a\n", "a\nb", "3", "a{,2}", ".", "&", "z\na"):
        assert bool(ours.search(subject)) == bool(theirs.search(subject)), subject
