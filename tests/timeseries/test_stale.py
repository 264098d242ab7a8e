"""The stale marker: one NaN among many, kept bit for bit on its way through Python and numpy."""

import copy
import math
import pickle
import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import bits, from_bits
from timeseries.stale import STALE, STALE_BITS, is_stale


def test_the_marker_has_the_bits_prometheus_gives_it() -> None:
    assert bits(STALE) == STALE_BITS == 0x7FF0000000000002
    assert math.isnan(STALE)
    assert is_stale(STALE)


@given(st.integers(0, (1 << 64) - 1))
def test_nothing_else_is_stale(number: int) -> None:
    assert is_stale(from_bits(number)) == (number == STALE_BITS)


@pytest.mark.parametrize(
    "number",
    [
        0x7FF0000000000001,  # its neighbours
        0x7FF0000000000003,
        0x7FF8000000000002,  # what a processor makes of it when it quiets it
        0xFFF0000000000002,  # with the sign
        0x7FF8000000000000,  # Python's NaN
        0x7FF8000000000001,  # Go's NaN
        0x7FF0000000000000,  # infinity
    ],
)
def test_a_near_miss_is_an_ordinary_value(number: int) -> None:
    assert not is_stale(from_bits(number))


@pytest.mark.parametrize("number", [0.0, -0.0, 1.5, math.inf, -math.inf, 2**53])
def test_a_number_is_not_stale(number: float) -> None:
    assert not is_stale(number)


@pytest.mark.parametrize(
    "passed",
    [
        pytest.param(lambda value: struct.unpack("<d", struct.pack("<d", value))[0], id="struct"),
        pytest.param(lambda value: pickle.loads(pickle.dumps(value)), id="pickle"),
        pytest.param(lambda value: copy.deepcopy([value])[0], id="copy"),
        pytest.param(lambda value: np.array([value])[0], id="numpy scalar"),
        pytest.param(lambda value: np.array([1.0, value]).tolist()[1], id="tolist"),
        pytest.param(lambda value: np.full(3, value)[::2].copy().item(0), id="strided copy"),
        pytest.param(lambda value: np.concatenate([np.zeros(1), [value]])[np.array([1])].item(), id="gather"),
        pytest.param(lambda value: np.frombuffer(np.array([value]).tobytes(), "<f8").item(), id="bytes"),
        pytest.param(lambda value: np.array([value], ">f8").astype("<f8").item(), id="byte order"),
        pytest.param(lambda value: np.where([True], [value], [0.0]).item(), id="where"),
    ],
)
def test_the_marker_survives(passed: Callable[[float], float]) -> None:
    assert is_stale(passed(STALE))
