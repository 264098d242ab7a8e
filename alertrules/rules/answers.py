"""Answers of queries as rules take them: a vector, and the samples of one step. Knows no rule."""

import numpy as np

from promql.errors import EvaluationError
from promql.histograms.model import FloatHistogram
from promql.values import Value, Vector
from timeseries.labels import Labels

Sample = tuple[Labels, float | FloatHistogram]


def vector_of(value: Value) -> Vector:
    """Return a vector, a scalar as one series without labels; raises EvaluationError for anything else."""
    if isinstance(value, Vector):
        return value
    if isinstance(value, np.ndarray):
        return Vector(
            labels=[Labels()],
            values=value.reshape(1, -1),
            present=np.ones((1, len(value)), np.bool_),
            drop_name=np.zeros(1, np.bool_),
        )
    raise EvaluationError("rule result is not a vector or scalar")


def samples_of(vector: Vector) -> list[Sample]:
    """Return the samples of a vector of one step."""
    if not len(vector):
        return []
    values: list[float | FloatHistogram] = vector.values[:, 0].tolist()
    if vector.histograms is not None:
        found = vector.histograms[:, 0].tolist()
        values = [
            value if histogram is None else histogram for value, histogram in zip(values, found, strict=True)
        ]
    rows = zip(vector.labels, values, vector.present[:, 0].tolist(), strict=True)
    return [(labels, value) for labels, value, present in rows if present]
