"""Which format and coding are chosen, for what real clients send and for anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.http.negotiation import chosen_format, takes_gzip

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
    "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
PROMETHEUS_PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    "text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4,*/*;q=0.1"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    "accept", [PROMETHEUS_2, PROMETHEUS_3, "application/*", "Application/OpenMetrics-Text"]
)
def test_openmetrics_is_for_who_likes_it_better(accept: str) -> None:
    assert chosen_format(accept) == "openmetrics"


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        BROWSER,
        PROMETHEUS_PROTOBUF,
        "text/*",
        "image/png",
        "application/openmetrics-text;version=0.0.1",
        "application/openmetrics-text;q=0",
        "application/openmetrics-text;q=0.5,text/plain;q=0.5",
        "application/openmetrics-text;q=0,*/*",
        "application/openmetrics-text;q=2",
        ";;;,,,=",
    ],
)
def test_text_is_for_everybody_else(accept: str) -> None:
    assert chosen_format(accept) == "text"


@pytest.mark.parametrize(
    "accept", ["gzip", "deflate, gzip;q=0.5", "*", "GZIP;q=0.001", "identity;q=0, *;q=1"]
)
def test_gzip_is_taken(accept: str) -> None:
    assert takes_gzip(accept)


@pytest.mark.parametrize(
    "accept", ["", "identity", "gzip;q=0", "gzip; q=0.000", "*;q=0", "gzip;q=0, *", "br"]
)
def test_gzip_is_not_taken(accept: str) -> None:
    assert not takes_gzip(accept)


@given(st.text(alphabet='*/aptextlin;,=q.01 "', max_size=60))
def test_nothing_breaks_it(header: str) -> None:
    assert chosen_format(header) in {"text", "openmetrics"}
    assert takes_gzip(header) in {True, False}
