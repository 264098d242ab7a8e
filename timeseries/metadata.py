"""What a metric family means: its type, help text and unit."""

from dataclasses import dataclass
from enum import IntEnum


class MetricType(IntEnum):
    """The types of metric families; the numbers are those on the wire, in remote write 1.0 and 2.0 alike."""

    UNKNOWN = 0
    COUNTER = 1
    GAUGE = 2
    HISTOGRAM = 3
    GAUGEHISTOGRAM = 4
    SUMMARY = 5
    INFO = 6
    STATESET = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Type, help and unit of one metric family."""

    family: str
    type: MetricType = MetricType.UNKNOWN
    help: str = ""
    unit: str = ""
