"""Columns against plain lists of rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.strategies import bits, times, values
from timeseries.columns import Columns, Floats, Ints, offsets_of
from timeseries.errors import InvalidColumns
from timeseries.stale import STALE, is_stale

Row = list[tuple[int, float]]

rows = st.lists(st.lists(st.tuples(times, values), max_size=5), max_size=6)


def columns_of(rows: list[Row]) -> Columns:
    return Columns.from_rows(array_row(row) for row in rows)


def array_row(row: Row) -> tuple[Ints, Floats]:
    return np.array([time for time, _ in row], np.int64), np.array([value for _, value in row], np.float64)


def listed(columns: Columns) -> list[list[tuple[int, int]]]:
    """The rows as lists of times and the bits of their values, so that NaNs compare."""
    read = [columns.row(index) for index in range(len(columns))]
    return [
        [(int(time), bits(float(value))) for time, value in zip(times, values, strict=True)]
        for times, values in read
    ]


def exact(rows: list[Row]) -> list[list[tuple[int, int]]]:
    return [[(time, bits(value)) for time, value in row] for row in rows]


# --- what is in them ---


@given(rows)
def test_rows_come_back_as_they_went_in(rows: list[Row]) -> None:
    columns = columns_of(rows)
    assert listed(columns) == exact(rows)
    assert len(columns) == len(rows)
    assert columns.lengths.tolist() == [len(row) for row in rows]


@given(rows)
def test_stale_samples_are_marked(rows: list[Row]) -> None:
    assert columns_of(rows).stale.tolist() == [is_stale(value) for row in rows for _, value in row]


def test_no_rows_and_empty_rows_are_fine() -> None:
    assert listed(columns_of([])) == []
    assert listed(columns_of([[], []])) == [[], []]
    assert columns_of([]).lengths.tolist() == []
    assert columns_of([[]]).stale.tolist() == []


@pytest.mark.parametrize("index", [-1, 2])
def test_a_row_out_of_range_is_an_index_error(index: int) -> None:
    with pytest.raises(IndexError):
        columns_of([[(1, 1.0)], [(2, 2.0)]]).row(index)


def test_a_row_is_a_view() -> None:
    columns = columns_of([[(1, 1.0)], [(2, 2.0), (3, 3.0)]])
    row_times, row_values = columns.row(1)
    assert np.shares_memory(row_times, columns.times)
    assert np.shares_memory(row_values, columns.values)


@given(rows)
def test_read_only_arrays_over_foreign_bytes_will_do(rows: list[Row]) -> None:
    made = columns_of(rows)
    over = Columns(
        times=np.frombuffer(made.times.tobytes(), np.int64),
        values=np.frombuffer(b"\0" * 3 + made.values.tobytes(), np.float64, offset=3),
        offsets=np.frombuffer(made.offsets.tobytes(), np.int64),
    )
    assert not over.times.flags.writeable
    assert listed(over) == exact(rows)
    assert over.stale.tolist() == made.stale.tolist()
    assert listed(over.take(np.arange(len(over)))) == exact(rows)
    assert listed(over.where(~over.stale)) == listed(made.where(~made.stale))


def test_strided_arrays_will_do() -> None:
    pairs = np.array([[1.0, 2.0], [STALE, 4.0], [5.0, STALE]])
    columns = Columns(times=np.arange(6)[::2], values=pairs[:, 0], offsets=np.array([0, 1, 3]))
    assert listed(columns) == exact([[(0, 1.0)], [(2, STALE), (4, 5.0)]])
    assert columns.stale.tolist() == [False, True, False]


# --- operations ---


@given(rows.filter(bool), st.data())
def test_taking_picks_rows_in_the_order_asked(rows: list[Row], data: st.DataObject) -> None:
    wanted = data.draw(st.lists(st.integers(-len(rows), len(rows) - 1), max_size=8))
    taken = columns_of(rows).take(np.array(wanted, np.int64))
    assert listed(taken) == exact([rows[index] for index in wanted])


def test_taking_no_rows_leaves_no_rows() -> None:
    assert listed(columns_of([[(1, 1.0)]]).take(np.empty(0, np.int64))) == []
    assert listed(columns_of([]).take(np.empty(0, np.int64))) == []


@pytest.mark.parametrize("index", [-3, 2])
def test_taking_a_row_that_is_not_there_is_an_index_error(index: int) -> None:
    with pytest.raises(IndexError):
        columns_of([[(1, 1.0)], []]).take(np.array([0, index]))


@given(rows, st.data())
def test_only_marked_samples_stay_and_every_row_does(rows: list[Row], data: st.DataObject) -> None:
    keep = [[data.draw(st.booleans()) for _ in row] for row in rows]
    kept = columns_of(rows).where(np.array([mark for marks in keep for mark in marks], np.bool_))
    assert listed(kept) == exact(
        [
            [s for s, mark in zip(row, marks, strict=True) if mark]
            for row, marks in zip(rows, keep, strict=True)
        ]
    )


@pytest.mark.parametrize("size", [0, 1, 3])
@pytest.mark.parametrize("mark", [True, False])
def test_marks_that_do_not_fit_are_an_index_error(size: int, mark: bool) -> None:
    with pytest.raises(IndexError):
        columns_of([[(1, 1.0)], [(2, 2.0)]]).where(np.full(size, mark))


@given(rows, times, times)
def test_a_window_is_left_open_and_right_closed(rows: list[Row], after: int, until: int) -> None:
    window = columns_of(rows).between(after, until)
    assert listed(window) == exact([[s for s in row if after < s[0] <= until] for row in rows])


def test_the_edges_of_a_window() -> None:
    columns = columns_of([[(9, 0.0), (10, 1.0), (11, 2.0)], [], [(20, 3.0), (21, 4.0)]])
    assert listed(columns.between(10, 20)) == exact([[(11, 2.0)], [], [(20, 3.0)]])
    assert listed(columns.between(10, 10)) == exact([[], [], []])
    assert listed(columns.between(8, 21)) == listed(columns)


@given(rows)
def test_operations_leave_the_original_alone(rows: list[Row]) -> None:
    columns = columns_of(rows)
    columns.between(0, 1)
    columns.where(columns.stale)
    columns.take(np.arange(len(columns))[::-1])
    assert listed(columns) == exact(rows)


@given(st.lists(st.integers(0, 9), max_size=9))
def test_offsets_run_from_zero_to_the_sum(lengths: list[int]) -> None:
    assert offsets_of(np.array(lengths, np.int64)).tolist() == [
        sum(lengths[:n]) for n in range(len(lengths) + 1)
    ]


# --- arrays that do not fit together ---

GOOD = {"times": np.arange(3), "values": np.zeros(3), "offsets": np.array([0, 1, 3])}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"times": np.arange(3, dtype=np.int32)}, "must be int64"),
        ({"times": np.zeros(3)}, "must be int64"),
        ({"times": np.arange(3).astype(">i8")}, "must be int64"),
        ({"values": np.zeros(3, np.float32)}, "values float64"),
        ({"values": np.arange(3)}, "values float64"),
        ({"offsets": np.array([0, 1, 3], np.uint64)}, "must be int64"),
        ({"offsets": np.array([0.0, 3.0])}, "must be int64"),
        ({"values": np.zeros(2)}, "differ in shape"),
        ({"times": np.arange(4)}, "differ in shape"),
        ({"times": np.zeros((3, 1), np.int64), "values": np.zeros((3, 1))}, "differ in shape"),
        ({"times": np.zeros((), np.int64), "values": np.zeros(())}, "differ in shape"),
        ({"offsets": np.empty(0, np.int64)}, "must run from 0 to 3"),
        ({"offsets": np.array([[0, 3]])}, "must run from 0 to 3"),
        ({"offsets": np.array([0])}, "must run from 0 to 3"),
        ({"offsets": np.array([1, 3])}, "must run from 0 to 3"),
        ({"offsets": np.array([-1, 3])}, "must run from 0 to 3"),
        ({"offsets": np.array([0, 2])}, "must run from 0 to 3"),
        ({"offsets": np.array([0, 4])}, "must run from 0 to 3"),
        ({"offsets": np.array([0, 2, 1, 3])}, "must not descend"),
        ({"offsets": np.array([0, 4, 3])}, "must not descend"),
        ({"offsets": np.array([0, -1, 3])}, "must not descend"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changed: dict[str, NDArray[np.generic]], message: str) -> None:
    arrays = GOOD | changed
    with pytest.raises(InvalidColumns, match=message):
        Columns(times=arrays["times"], values=arrays["values"], offsets=arrays["offsets"])


def test_rows_whose_times_and_values_differ_are_refused_though_the_sums_agree() -> None:
    short, long = np.arange(1), np.arange(2)
    with pytest.raises(InvalidColumns, match="row"):
        Columns.from_rows([(long, np.zeros(1)), (short, np.zeros(2))])
