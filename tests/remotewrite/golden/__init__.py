"""Golden bytes: small requests as checked-in files, and the values they were made from.

`*.v1` and `*.v2` are requests as protobuf's own classes write them; `*.snappy` are bodies as real senders
posted them. `python -m tests.remotewrite.golden` writes the first kind again, and with the argument
`capture` also the second, from the servers that `make peers` installs.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from remotewrite.model import Sample, Series
from tests.strategies import NOW_MS, from_bits
from timeseries.exemplar import Exemplar
from timeseries.histogram import CUSTOM_SCHEMA, Buckets, Histogram, HistogramSample, ResetHint, Span
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType
from timeseries.stale import STALE

FOLDER: Final = Path(__file__).parent

CAPTURED: Final = (
    "prometheus-2.42-exemplars",
    "prometheus-2.42-histograms",
    "prometheus-2.42-metadata",
    "prometheus-2.42-stale",
    "vmagent-1.79-samples",
    "vmagent-1.79-stale",
)


def read(name: str) -> bytes:
    """Return the bytes of one file."""
    return (FOLDER / name).read_bytes()


def _labels(name: str, **others: str) -> Labels:
    return Labels({"__name__": name, "instance": "demo:80", "job": "demo", **others})


_SPECIAL: Final = (0.0, -0.0, 1.5, float("inf"), float("-inf"), from_bits(0x7FF8000000000001), STALE)

SAMPLES: Final = (
    Series(labels=_labels("up"), samples=[Sample(NOW_MS, 1.0)]),
    Series(labels=_labels("down"), samples=[Sample(NOW_MS, 0.0)]),
    Series(
        labels=_labels("special_values", path='/café"\\'),
        samples=[Sample(NOW_MS + 15_000 * step, value) for step, value in enumerate(_SPECIAL)],
    ),
    Series(labels=_labels("before_1970"), samples=[Sample(-1, 1.0), Sample(0, 0.0), Sample(1, 2.0)]),
)

INTEGER: Final = Histogram(
    integer=True,
    schema=1,
    count=7,
    sum=7.5,
    zero_threshold=2.0**-128,
    zero_count=1,
    positive=Buckets(spans=(Span(-1, 2), Span(3, 1)), counts=(2, 0, 3)),
    negative=Buckets(spans=(Span(0, 1),), counts=(1,)),
    reset_hint=ResetHint.NOT_RESET,
)
FLOAT: Final = Histogram(
    integer=False,
    schema=-1,
    count=6.5,
    sum=-7.5,
    zero_threshold=0.001,
    zero_count=1.0,
    positive=Buckets(spans=(Span(-1, 2), Span(3, 1)), counts=(2.0, 0.0, 3.0)),
    negative=Buckets(spans=(Span(0, 1),), counts=(0.5,)),
    reset_hint=ResetHint.GAUGE,
)
CUSTOM: Final = Histogram(
    integer=True,
    schema=CUSTOM_SCHEMA,
    count=6,
    sum=9.0,
    positive=Buckets(spans=(Span(1, 2),), counts=(2, 4)),
    custom_values=(0.1, 1.0, 10.0),
)
STALE_HISTOGRAM: Final = Histogram(integer=True, schema=0, count=0, sum=STALE)

HISTOGRAMS: Final = (
    Series(
        labels=_labels("integer_seconds"),
        histograms=[HistogramSample(NOW_MS, INTEGER), HistogramSample(NOW_MS + 15_000, STALE_HISTOGRAM)],
    ),
    Series(labels=_labels("float_seconds"), histograms=[HistogramSample(NOW_MS, FLOAT)]),
    Series(labels=_labels("custom_seconds"), histograms=[HistogramSample(NOW_MS, CUSTOM, NOW_MS - 60_000)]),
)

METADATA: Final = (
    Metadata(family="demo_requests", type=MetricType.COUNTER, help="Requests served."),
    Metadata(family="demo_temperature_celsius", type=MetricType.GAUGE, help="Wärme", unit="celsius"),
)
ABOUT: Final = (
    Series(
        labels=_labels("demo_requests_total", path="/"),
        samples=[Sample(NOW_MS, 1027.0, NOW_MS - 60_000)],
        exemplars=[
            Exemplar(labels=Labels({"trace_id": "4bf92f35"}), value=0.25, time_ms=NOW_MS - 7),
            Exemplar(labels=Labels(), value=0.0, time_ms=0),
        ],
        metadata=METADATA[0],
    ),
    Series(labels=_labels("demo_temperature_celsius"), samples=[Sample(NOW_MS, 21.5)], metadata=METADATA[1]),
)

Case = tuple[tuple[Series, ...], tuple[Metadata, ...]]
CASES: Final[Mapping[str, Case]] = {
    "samples": (SAMPLES, ()),
    "histograms": (HISTOGRAMS, ()),
    "about": (ABOUT, METADATA),
}
