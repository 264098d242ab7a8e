"""Addresses, durations and sizes are read and written in one form."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.values import MAX_PORT, Address, Duration, Size


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


@pytest.mark.parametrize(
    ("text", "ms"),
    [("30d", 30 * 86_400_000), ("1h30m", 5_400_000), ("15s500ms", 15_500), ("1y", 31_536_000_000), ("0s", 0)],
)
def test_a_duration_is_read_as_prometheus_reads_it(text: str, ms: int) -> None:
    assert Duration.parse(text).ms == ms
    assert str(Duration.parse(text)) == text


@pytest.mark.parametrize("text", ["", "30", "d", "30m1h", "1h 30m", "1.5h", "-1h", "1H", "٣h"])
def test_other_texts_are_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("5GB", 5_000_000_000), ("512MiB", 512 << 20), ("1 KB", 1000), ("7B", 7), ("2TiB", 2 << 40)],
)
def test_a_size_is_read_in_decimal_and_binary_units(text: str, size: int) -> None:
    assert Size.parse(text).bytes == size
    assert str(Size.parse(text)) == text


@pytest.mark.parametrize("text", ["", "5", "GB", "5gb", "5 iB", "5iB", "1.5GB", "-1B", "5PB"])
def test_other_texts_are_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="no size"):
        Size.parse(text)
