"""The numbers that stand for types and hints are those of the protocols."""

from tests.remotewrite.schema import write_v1_pb2 as v1
from tests.remotewrite.schema import write_v2_pb2 as v2
from timeseries.histogram import ResetHint
from timeseries.metadata import MetricType


def test_metric_types_have_the_numbers_of_both_protocols() -> None:
    ours = {kind.name: kind.value for kind in MetricType}
    assert ours == dict(v1.MetricMetadata.MetricType.items())
    assert ours == {name.replace("UNSPECIFIED", "UNKNOWN"): n for name, n in v2.Metadata.MetricType.items()}


def test_reset_hints_have_the_numbers_of_both_protocols() -> None:
    names = {
        "UNKNOWN": "UNKNOWN",
        "UNSPECIFIED": "UNKNOWN",
        "YES": "RESET",
        "NO": "NOT_RESET",
        "GAUGE": "GAUGE",
    }
    ours = {hint.name: hint.value for hint in ResetHint}
    for schema in (v1, v2):
        assert ours == {names[name]: number for name, number in schema.Histogram.ResetHint.items()}
