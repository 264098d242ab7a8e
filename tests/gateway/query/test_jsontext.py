"""Numbers and times are written as Go writes them for Prometheus' API."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.query.jsontext import number, numbers, stamp
from tests.strategies import bits, from_bits


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (100.0, "100"),
        (-2.5, "-2.5"),
        (0.1, "0.1"),
        (1 / 3, "0.3333333333333333"),
        (1e15, "1000000000000000"),
        (1e16, "10000000000000000"),
        (2.0**63, "9223372036854776000"),
        (9.99999999999999e20, "999999999999999000000"),
        (1e21, "1e+21"),
        (-1.5e300, "-1.5e+300"),
        (1e-4, "0.0001"),
        (1e-5, "0.00001"),
        (1.25e-6, "0.00000125"),
        (1e-6, "0.000001"),
        (9.99e-7, "9.99e-07"),
        (5e-324, "5e-324"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_a_number_is_written_as_go_does(value: float, written: str) -> None:
    assert number(value) == written
    assert numbers(np.array([value])) == [written.encode()]


every_double = st.integers(0, (1 << 64) - 1).map(from_bits)


def reference(value: float) -> str:
    """The shortest digits that tell it from others, placed by hand."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{value:+}".replace("inf", "Inf")
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    plain = "".join(map(str, digits)).lstrip("0")
    while plain.endswith("0"):
        plain, exponent = plain[:-1], exponent + 1
    minus = "-" if sign else ""
    if not plain:
        return f"{minus}0"
    first = len(plain) + exponent - 1
    if not 1e-6 <= abs(value) < 1e21:
        fraction = f".{plain[1:]}" if plain[1:] else ""
        return f"{minus}{plain[0]}{fraction}e{'-' if first < 0 else '+'}{abs(first):02}"
    if exponent >= 0:
        return f"{minus}{plain}{'0' * exponent}"
    padded = plain.rjust(1 - exponent, "0")
    return f"{minus}{padded[:exponent]}.{padded[exponent:]}"


@given(st.lists(every_double | st.floats(allow_nan=True) | st.integers(-1000, 1000).map(float)))
@example([1e16, 1e21, 1e-6, 9.999999999999999e-7, 9999999999999998.0, 1e-5, 9.5e-5])
def test_many_numbers_are_written_as_each_by_itself(values: list[float]) -> None:
    expected = [reference(value) for value in values]
    assert [number(value) for value in values] == expected
    assert numbers(np.array(values, np.float64)) == [text.encode() for text in expected]


@given(every_double)
def test_a_number_comes_back_bit_for_bit(value: float) -> None:
    if not math.isnan(value):
        assert bits(float(number(value))) == bits(value)


@pytest.mark.parametrize(
    ("time_ms", "written"),
    [
        (0, "0"),
        (1, "0.001"),
        (1500, "1.500"),
        (-1, "-0.001"),
        (-2000, "-2"),
        (1790000000123, "1790000000.123"),
    ],
)
def test_a_time_is_written_in_seconds(time_ms: int, written: str) -> None:
    assert stamp(time_ms) == written
