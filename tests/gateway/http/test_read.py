"""Remote read: raw samples and histograms, as protobuf's own classes read them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.query.pieces import FIRST_SERIES
from remotewrite.compression import compress, decompress
from remotewrite.model import Series
from remotewrite.read.request import MAX_READ_BYTES
from tests.gateway.http.sharing import Shared, gauge, sharing
from tests.gateway.storage.samples import EVERYTHING
from tests.remotewrite.golden import FLOAT, INTEGER
from tests.remotewrite.read.reading import request_of, results_of
from tests.remotewrite.reading import expected
from tests.remotewrite.schema import read_v1_pb2 as reference
from tests.strategies import NOW_MS
from timeseries.histogram import HistogramSample, ResetHint
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType
from timeseries.stale import STALE

READ = "/api/v1/read"
HEADERS = {"Content_Type": "application/x-protobuf", "Content_Encoding": "snappy"}
UP = Matcher(name="__name__", type=MatchType.EQUAL, value="up")


def read(shared: Shared, request: reference.ReadRequest) -> list[list[Series]]:
    """Return the series of each result."""
    answer = shared.post(READ, compress(request.SerializeToString()), **HEADERS)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/x-protobuf"
    assert answer.headers["Content-Encoding"] == "snappy"
    return results_of(decompress(answer.content))


def assert_same(found: Sequence[Series], wanted: Sequence[Series]) -> None:
    """Compare bit for bit."""
    assert expected(found, [], starts=False) == expected(wanted, [], starts=False)


def test_each_query_gets_its_series_sorted_with_both_ends_included(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        b = gauge("up", (3000, 1.0), (2000, STALE), (1000, 0.0), (0, float("nan")), instance="b")
        a = gauge("up", (2500, 5.0), instance="a")
        shared.put(b, a, gauge("load", (0, 7.0)))
        found = read(
            shared,
            request_of(
                ([UP], NOW_MS - 2500, NOW_MS - 1000),
                (EVERYTHING, NOW_MS, NOW_MS),
                ([UP], NOW_MS, NOW_MS - 1),
                accepted=[1, 0],
            ),
        )
        assert len(found) == 3
        assert_same(found[0], [a, gauge("up", (2000, STALE), (1000, 0.0), instance="b")])
        assert_same(found[1], [gauge("load", (0, 7.0)), gauge("up", (0, float("nan")), instance="b")])
        assert found[2] == []


def test_histograms_are_read_with_the_floats_of_other_times(tmp_path: Path) -> None:
    with sharing(tmp_path) as shared:
        labels = Labels({"__name__": "x", "job": "demo"})
        histograms = [HistogramSample(NOW_MS - 4000, INTEGER), HistogramSample(NOW_MS - 2000, FLOAT)]
        shared.put(gauge("x", (5000, 1.0), (4000, 2.0), job="demo"), gauge("y", (4000, 3.0)))
        shared.put(Series(labels=labels, histograms=histograms))
        [found] = read(shared, request_of((EVERYTHING, 0, NOW_MS)))
        assert [one.labels.metric_name for one in found] == ["x", "y"]
        assert [(sample.time_ms, sample.value) for sample in found[0].samples] == [(NOW_MS - 5000, 1.0)]
        assert list(found[0].histograms) == histograms
        assert found[0].histograms[0].histogram.reset_hint is ResetHint(INTEGER.reset_hint)


@given(st.lists(st.integers(0, 200), max_size=8), st.sampled_from([MatchType.EQUAL, MatchType.REGEX]))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_matches_is_answered_with_any_matcher(many: Shared, numbers: list[int], kind: MatchType) -> None:
    value = "|".join(map(str, numbers)) if kind is MatchType.REGEX else str(next(iter(numbers), 0))
    matcher = Matcher(name="instance", type=kind, value=value)
    [found] = read(many, request_of(([matcher], 0, NOW_MS)))
    wanted = {str(number) for number in range(200) if matcher.matches(str(number))}
    assert {one.labels.get("instance") for one in found} == wanted


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """200 series with 3 samples each, under a limit of 600."""
    with sharing(tmp_path_factory.mktemp("many"), max_read_samples=600) as shared:
        shared.put(
            *(gauge("up", (2000, 1.0), (1000, 2.0), (0, 3.0), instance=str(number)) for number in range(200))
        )
        yield shared


def test_many_series_are_read_piece_by_piece_up_to_the_limit(many: Shared) -> None:
    assert FIRST_SERIES < 200
    [found] = read(many, request_of((EVERYTHING, 0, NOW_MS)))
    assert [len(one.samples) for one in found] == [3] * 200
    assert [one.labels for one in found] == sorted(one.labels for one in found)


def test_one_sample_above_the_limit_is_refused(many: Shared) -> None:
    few = Matcher(name="instance", type=MatchType.EQUAL, value="7")
    request = request_of((EVERYTHING, 0, NOW_MS), ([few], NOW_MS, NOW_MS))
    answer = many.post(READ, compress(request.SerializeToString()), **HEADERS)
    assert answer.status_code == 400
    assert answer.json()["error"] == "exceeded sample limit (600). Ask for fewer series or less time."


@pytest.mark.parametrize(
    ("headers", "status", "sentence"),
    [
        (
            {"Content_Type": "text/plain"},
            415,
            'The Content-Type must be application/x-protobuf, not "text/plain".',
        ),
        ({"Content_Encoding": "gzip"}, 415, 'The Content-Encoding must be snappy, not "gzip".'),
    ],
)
def test_other_media_are_refused(many: Shared, headers: dict[str, str], status: int, sentence: str) -> None:
    answer = many.post(READ, b"", **(HEADERS | headers))
    assert (answer.status_code, answer.json()["error"]) == (status, sentence)


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"", 400, "the body is not a valid snappy block"),
        (compress(b"\xff"), 400, "the body is not valid protobuf: its ReadRequest can't be read"),
        (
            compress(request_of(([UP], 0, 1), accepted=[1]).SerializeToString()),
            400,
            "the reader takes only the response types 1, and the gateway answers with samples (0)",
        ),
        (compress(request_of(*[([UP], 0, 1)] * 65).SerializeToString()), 413, "the request has 65 queries"),
        (compress(bytes(MAX_READ_BYTES + 1)), 413, f"the body is {MAX_READ_BYTES + 1} bytes decoded"),
        (bytes(MAX_READ_BYTES + 1), 413, f"The body is larger than {MAX_READ_BYTES} bytes."),
    ],
    ids=["no snappy", "no protobuf", "only chunks", "too many queries", "too large decoded", "too large"],
)
def test_what_can_not_be_answered_is_told(many: Shared, body: bytes, status: int, sentence: str) -> None:
    answer = many.post(READ, body, **HEADERS)
    assert answer.status_code == status
    assert answer.json()["error"].startswith(sentence)


def test_an_answer_is_never_compressed_twice(many: Shared) -> None:
    request = request_of((EVERYTHING, 0, NOW_MS))
    body = compress(request.SerializeToString())
    answer = many.post(READ, body, **HEADERS, Accept_Encoding="gzip, zstd")
    assert answer.headers["Content-Encoding"] == "snappy"
    assert len(results_of(decompress(answer.content))[0]) == 200
