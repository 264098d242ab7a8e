"""Addresses are read and written in one form."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.values import MAX_PORT, Address


@pytest.mark.parametrize(
    "text", ["127.0.0.1:9095", "[::1]:9095", "localhost:0", "a-b.example.org:1", "[::ffff:127.0.0.1]:80"]
)
def test_an_address_is_written_as_it_was_read(text: str) -> None:
    assert str(Address.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "9095",
        ":9095",
        "h:",
        "h:-1",
        "::1:9095",
        "[::1]",
        "h:9095 ",
        "h:٣",
        "[ab]:1",
        "a b:1",
        "h:1:2",
    ],
)
def test_other_texts_are_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        Address.parse(text)


def test_the_port_has_sixteen_bits() -> None:
    assert Address.parse(f"h:{MAX_PORT}").port == MAX_PORT
    with pytest.raises(ValueError, match="no address"):
        Address.parse(f"h:{MAX_PORT + 1}")


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        Address.parse(text)
