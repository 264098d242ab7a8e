"""Answers are written as Prometheus writes them, whatever is missing in them."""

import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.query.answer import series_count, write_instant, write_range
from gateway.query.jsontext import number
from promql.context import Usage
from promql.engine import Answer
from promql.histograms.model import FloatHistogram
from promql.language.ast import ValueType
from promql.values import Objects, Steps, Value, Vector
from tests.strategies import from_bits
from timeseries.labels import Labels

HISTOGRAM = FloatHistogram(count=2.0, sum=1e21, zero_threshold=0.5, zero_count=2.0)
SHOWN = {"count": "2", "sum": "1e+21", "buckets": [[3, "-0.5", "0.5", "2"]]}
EMPTY = FloatHistogram(count=0.0, sum=0.0)


def answer_of(value: Value, times: int = 1, kind: ValueType = ValueType.VECTOR) -> Answer:
    return Answer(
        type=kind,
        value=value,
        steps=Steps(start_ms=1500, end_ms=1500 + 1000 * (times - 1), step_ms=1000),
        ordered=False,
        warnings=[],
        infos=[],
        usage=Usage(),
    )


def vector_of(rows: list[list[float | FloatHistogram | None]]) -> Vector:
    histograms: Objects = np.array(
        [[cell if isinstance(cell, FloatHistogram) else None for cell in row] for row in rows], object
    )
    return Vector(
        labels=[Labels({"row": str(number)}) for number in range(len(rows))],
        values=np.array([[cell if isinstance(cell, float) else 7.0 for cell in row] for row in rows]),
        present=np.array([[cell is not None for cell in row] for row in rows]),
        drop_name=np.zeros(len(rows), np.bool_),
        histograms=histograms if (histograms != None).any() else None,  # noqa: E711 - of each cell
    )


def expected(rows: list[list[float | FloatHistogram | None]]) -> list[dict[str, Any]]:
    """What a reader must get, one cell after the other."""
    shown = []
    for at, row in enumerate(rows):
        series: dict[str, Any] = {"metric": {"row": str(at)}}
        for step, cell in enumerate(row):
            time = 1.5 + step
            if isinstance(cell, float):
                series.setdefault("values", []).append([time, number(cell)])
            elif cell is HISTOGRAM:
                series.setdefault("histograms", []).append([time, SHOWN])
            elif cell is EMPTY:
                series.setdefault("histograms", []).append([time, {"count": "0", "sum": "0"}])
        shown.append(series)
    return shown


cells = st.none() | st.integers(0, (1 << 64) - 1).map(from_bits) | st.sampled_from([HISTOGRAM, EMPTY])


@given(st.integers(1, 6).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1)))
def test_every_cell_of_a_range_is_where_it_belongs(rows: list[list[float | FloatHistogram | None]]) -> None:
    answer = answer_of(vector_of(rows), times=len(rows[0]))
    assert json.loads(write_range(answer)) == {"resultType": "matrix", "result": expected(rows)}


@given(st.lists(cells.filter(lambda cell: cell is not None), min_size=1), st.none() | st.integers(0, 5))
def test_an_instant_answer_has_each_series_up_to_the_limit(
    column: list[float | FloatHistogram | None], limit: int | None
) -> None:
    answer = answer_of(vector_of([[cell] for cell in column]))
    want = []
    for series in expected([[cell] for cell in column])[:limit]:
        [kind] = set(series) - {"metric"}
        want.append({"metric": series["metric"], kind.removesuffix("s"): series[kind][0]})
    assert json.loads(write_instant(answer, limit)) == {"resultType": "vector", "result": want}
    assert series_count(answer) == len(column)


def test_nothing_is_an_empty_list() -> None:
    nothing = vector_of([])
    shaped = Vector(
        labels=[],
        values=np.empty((0, 3)),
        present=np.empty((0, 3), np.bool_),
        drop_name=nothing.drop_name,
    )
    assert write_range(answer_of(shaped, times=3)) == b'{"resultType":"matrix","result":[]}'
    assert write_instant(answer_of(shaped)) == b'{"resultType":"vector","result":[]}'


def test_a_scalar_at_many_steps_is_a_series_without_labels() -> None:
    answer = answer_of(np.array([1.0, 0.5]), times=2, kind=ValueType.SCALAR)
    assert json.loads(write_range(answer))["result"] == [{"metric": {}, "values": [[1.5, "1"], [2.5, "0.5"]]}]
    assert series_count(answer) == 0


def test_text_is_written_with_its_escapes() -> None:
    answer = answer_of('a"\\\n✓', kind=ValueType.STRING)
    assert json.loads(write_instant(answer)) == {"resultType": "string", "result": [1.5, 'a"\\\n✓']}
