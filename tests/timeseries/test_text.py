"""Names and quoted strings: what Prometheus reads back as the same text."""

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import texts
from timeseries.text import (
    EXCERPT_LENGTH,
    excerpt,
    is_legacy_label_name,
    is_legacy_metric_name,
    is_utf8,
    quote,
)

names = st.text("aZ_:09-. \né٣ªK", max_size=4) | texts


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", '""'),
        ("node-1", '"node-1"'),
        ('say "hi"', r'"say \"hi\""'),
        ("it's `so`", '"it\'s `so`"'),
        ("C:\\x", r'"C:\\x"'),
        ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"'),
        ("\0\x1b\x1f\x7f", r'"\x00\x1b\x1f\x7f"'),
        ("\x80\x9f\xa0\xad", r'"\u0080\u009f\u00a0\u00ad"'),
        ("\u2028\u200b\u3000\ufeff\ue000", r'"\u2028\u200b\u3000\ufeff\ue000"'),
        ("é 世界 \ufffd 🔥", '"é 世界 \ufffd 🔥"'),
        ("e\u0301", '"e\u0301"'),
        ("a\udc80\udcc5\udcff", r'"a\x80\xc5\xff"'),
        ("\U000e0001\U0010ffff", r'"\U000e0001\U0010ffff"'),
    ],
)
def test_a_string_is_quoted_as_go_does_it(text: str, quoted: str) -> None:
    assert quote(text) == quoted


@given(texts | st.text())
def test_a_quoted_string_is_printable_and_reads_back(text: str) -> None:
    quoted = quote(text)
    assert quoted.isprintable()
    # Every escape of Go is one of Python too, with the same meaning.
    assert ast.literal_eval(quoted) == text


@given(names)
def test_label_names_need_no_quotes_when_they_are_identifiers(name: str) -> None:
    assert is_legacy_label_name(name) == bool(re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name))


@given(names)
def test_metric_names_may_also_hold_colons(name: str) -> None:
    assert is_legacy_metric_name(name) == bool(re.fullmatch("[a-zA-Z_:][a-zA-Z0-9_:]*", name))


@pytest.mark.parametrize("text", ["", "a\0", "é", "\uffff", "\U0010ffff"])
def test_text_without_surrogates_is_utf8(text: str) -> None:
    assert is_utf8(text)


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "é\ud83d\udd25"])
def test_text_with_a_lone_surrogate_is_not_utf8(text: str) -> None:
    assert not is_utf8(text)


def test_an_excerpt_is_cut_only_above_its_limit() -> None:
    assert excerpt("x" * EXCERPT_LENGTH) == quote("x" * EXCERPT_LENGTH)
    assert excerpt("x" * EXCERPT_LENGTH + "y") == quote("x" * EXCERPT_LENGTH) + "..."


def test_an_excerpt_can_be_written_whatever_the_text() -> None:
    assert excerpt("\ud800\n") == r'"\ud800\n"'
