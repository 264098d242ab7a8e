"""Remote write over HTTP: every rule of the protocol by name, at the status, the headers and what is kept."""

import cramjam
import pytest
from falcon.testing import Result

from gateway.ingest.budget import Budget
from gateway.ingest.errors import Unavailable
from gateway.ingest.window import FUTURE_MS
from remotewrite.compression import compress
from remotewrite.encode.fields import varint
from remotewrite.limits import MAX_DECODED_BYTES, MAX_SERIES
from remotewrite.model import Series
from tests.gateway.http.writing import (
    DAY_MS,
    NOT_WRITTEN,
    V1,
    V2,
    Endpoint,
    body_of,
    nameless,
    series_of,
    written,
)
from tests.gateway.ingest.memory import MemoryStore
from tests.remotewrite.golden import INTEGER
from tests.strategies import NOW_MS, reference_v1
from timeseries.exemplar import Exemplar
from timeseries.histogram import Buckets, Histogram, HistogramSample
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType

VERSIONS = [pytest.param(V1, id="1.0"), pytest.param(V2, id="2.0")]

BROKEN = Histogram(integer=True, schema=0, count=5, sum=1.0, positive=Buckets())


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


def histogram_series(name: str, histogram: Histogram = INTEGER, time_ms: int = NOW_MS) -> Series:
    return Series(labels=Labels({"__name__": name}), histograms=[HistogramSample(time_ms, histogram)])


def exemplar(time_ms: int = NOW_MS) -> Exemplar:
    return Exemplar(labels=Labels({"trace_id": "t"}), value=1.0, time_ms=time_ms)


def sentence(answer: Result) -> str:
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["status"] == "error"
    assert answer.json["errorType"] == ("bad_data" if answer.status_code < 500 else "unavailable")
    return str(answer.json["error"])


# Good requests.


@pytest.mark.parametrize("version", VERSIONS)
def test_a_good_request_is_kept_and_answered_204_without_a_body(endpoint: Endpoint, version: str) -> None:
    answer = endpoint.write(series_of("up"), series_of("down", NOW_MS - 1, NOW_MS), version=version)
    assert (answer.status_code, answer.content) == (204, b"")
    assert endpoint.kept() == [("up", NOW_MS, 1.0), ("down", NOW_MS - 1, 1.0), ("down", NOW_MS, 1.0)]


def test_2_0_is_told_what_was_written(endpoint: Endpoint) -> None:
    one = Series(
        labels=Labels({"__name__": "with_exemplars"}),
        samples=series_of("x").samples,
        exemplars=[exemplar(), exemplar()],
    )
    answer = endpoint.write(series_of("up", NOW_MS - 2, NOW_MS), one, histogram_series("h"), version=V2)
    assert (answer.status_code, written(answer)) == (204, ("3", "1", "2"))


def test_1_0_is_not_told_what_was_written(endpoint: Endpoint) -> None:
    assert written(endpoint.write(series_of("up"))) == NOT_WRITTEN
    assert written(endpoint.write(nameless())) == NOT_WRITTEN
    assert written(endpoint.post(b"garbage")) == NOT_WRITTEN


def test_labels_may_come_unsorted_and_empty_values_mean_no_label(endpoint: Endpoint) -> None:
    pairs = [("job", "x"), ("empty", ""), ("__name__", "up")]
    endpoint.write(Series(labels=Labels.trusted(pairs), samples=series_of("x").samples))
    assert endpoint.store.series == [Labels({"__name__": "up", "job": "x"})]


def test_an_empty_request_is_fine_and_costs_no_commit(endpoint: Endpoint) -> None:
    assert endpoint.post(compress(b"")).status_code == 204
    assert endpoint.store.batches == []


def test_metadata_is_kept_in_both_versions(endpoint: Endpoint) -> None:
    about = Metadata(family="up", type=MetricType.GAUGE, help="Is it?", unit="")
    assert endpoint.post(body_of(metadata=[about])).status_code == 204
    only = Series(labels=Labels({"__name__": "up"}), metadata=about)
    answer = endpoint.write(only, version=V2)
    assert (answer.status_code, written(answer)) == (204, ("0", "0", "0"))
    assert [batch.metadata for batch in endpoint.store.batches] == [[about], [about]]


def test_the_path_that_mimir_made_usual_works_too(endpoint: Endpoint) -> None:
    headers = {"Content-Type": V1, "Content-Encoding": "snappy"}
    answer = endpoint.client.simulate_post("/api/v1/push", body=body_of(series_of("up")), headers=headers)
    assert answer.status_code == 204
    assert len(endpoint.kept()) == 1


# Headers are looked at before the body.


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/x-protobuf",
        "application/x-protobuf;proto=prometheus.WriteRequest",
        'Application/X-Protobuf ; charset=x; Proto = "prometheus.WriteRequest"',
    ],
)
def test_1_0_is_read_by_default(endpoint: Endpoint, content_type: str | None) -> None:
    assert endpoint.post(body_of(series_of("up")), Content_Type=content_type).status_code == 204
    assert endpoint.kept() == [("up", NOW_MS, 1.0)]


@pytest.mark.parametrize(
    "content_type", [V2, 'APPLICATION/X-PROTOBUF;  PROTO="IO.Prometheus.Write.V2.Request" ;q=1']
)
def test_2_0_is_read_when_the_content_type_says_so(endpoint: Endpoint, content_type: str) -> None:
    answer = endpoint.post(body_of(series_of("up"), version=V2), Content_Type=content_type)
    assert (answer.status_code, written(answer)) == (204, ("1", "0", "0"))


def test_the_version_header_does_not_matter(endpoint: Endpoint) -> None:
    answer = endpoint.post(body_of(series_of("up")), X_Prometheus_Remote_Write_Version="2.0.0")
    assert (answer.status_code, written(answer)) == (204, NOT_WRITTEN)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "text/plain",
        "application/x-protobuf;proto=io.prometheus.write.v3.Request",
        "application/x-protobuf, application/x-protobuf",
    ],
)
def test_another_content_type_is_415_and_says_what_to_send(endpoint: Endpoint, content_type: str) -> None:
    answer = endpoint.post(b"never read", Content_Type=content_type)
    assert (answer.status_code, written(answer)) == (415, NOT_WRITTEN)
    assert content_type in sentence(answer)
    assert "Send application/x-protobuf" in sentence(answer)


@pytest.mark.parametrize("encoding", ["gzip", "identity", "snappy, zstd", "x-snappy-framed"])
@pytest.mark.parametrize("version", VERSIONS)
def test_another_content_encoding_is_415_and_says_what_to_send(
    endpoint: Endpoint, version: str, encoding: str
) -> None:
    answer = endpoint.post(b"never read", Content_Type=version, Content_Encoding=encoding)
    assert answer.status_code == 415
    assert f'"{encoding}". Send snappy or zstd.' in sentence(answer)


@pytest.mark.parametrize("encoding", [None, "Snappy", " snappy "])
def test_snappy_is_the_default_encoding(endpoint: Endpoint, encoding: str | None) -> None:
    assert endpoint.post(body_of(series_of("up")), Content_Encoding=encoding).status_code == 204


def test_zstd_is_taken_as_vmagent_sends_it(endpoint: Endpoint) -> None:
    body = bytes(cramjam.zstd.compress(reference_v1([series_of("up")]).SerializeToString()))
    answer = endpoint.post(body, Content_Encoding="zstd", X_VictoriaMetrics_Remote_Write_Version="1")
    assert answer.status_code == 204
    assert endpoint.kept() == [("up", NOW_MS, 1.0)]


# Bodies that can't be read.


@pytest.mark.parametrize("encoding", ["snappy", "zstd"])
@pytest.mark.parametrize("body", [b"", b"garbage, garbage", body_of(series_of("up"))[:-3]])
@pytest.mark.parametrize("version", VERSIONS)
def test_corrupt_compression_is_400(endpoint: Endpoint, version: str, encoding: str, body: bytes) -> None:
    answer = endpoint.post(body, Content_Type=version, Content_Encoding=encoding)
    assert answer.status_code == 400
    assert sentence(answer).startswith("The request was refused: the body is not a valid ")
    assert endpoint.store.batches == []


@pytest.mark.parametrize("version", VERSIONS)
def test_corrupt_protobuf_is_400_and_nothing_is_kept(endpoint: Endpoint, version: str) -> None:
    answer = endpoint.post(compress(b"\x0a\xff"), Content_Type=version)
    assert answer.status_code == 400
    assert "not valid protobuf" in sentence(answer)
    assert written(answer) == (NOT_WRITTEN if version == V1 else ("0", "0", "0"))


def test_a_body_over_the_decoded_limit_is_413_before_it_is_decoded(endpoint: Endpoint) -> None:
    answer = endpoint.post(varint(MAX_DECODED_BYTES + 1))
    assert answer.status_code == 413
    assert str(MAX_DECODED_BYTES) in sentence(answer)
    assert endpoint.post(varint(MAX_DECODED_BYTES)).status_code == 400, "that size is fine, the rest is not"


def test_too_many_series_in_a_request_are_413(endpoint: Endpoint) -> None:
    assert endpoint.post(compress(b"\x0a\x00" * (MAX_SERIES + 1))).status_code == 413


# What can't be taken never costs the rest.


@pytest.mark.parametrize("version", VERSIONS)
def test_a_series_without_a_name_is_named_and_the_others_are_kept(endpoint: Endpoint, version: str) -> None:
    answer = endpoint.write(series_of("up"), nameless(), series_of("down"), version=version)
    assert answer.status_code == 400
    assert sentence(answer) == (
        'Rejected 1 sample: series {job="x"}: it has no metric name (label __name__). '
        "The rest was kept: 2 samples."
    )
    assert [name for name, _, _ in endpoint.kept()] == ["up", "down"]
    assert written(answer) == (NOT_WRITTEN if version == V1 else ("2", "0", "0"))


@pytest.mark.parametrize("version", VERSIONS)
def test_an_empty_name_is_no_name(endpoint: Endpoint, version: str) -> None:
    pairs = [("__name__", ""), ("job", "x")]
    unnamed = Series(labels=Labels.trusted(pairs), samples=series_of("x").samples)
    answer = endpoint.write(unnamed, version=version)
    assert answer.status_code == 400
    assert sentence(answer).endswith("No sample, histogram or exemplar was kept.")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_duplicate_label_costs_its_own_series(endpoint: Endpoint, version: str) -> None:
    pairs = [("__name__", "up"), ("a", "1"), ("a", "2")]
    twice = Series(labels=Labels.trusted(pairs), samples=series_of("x").samples)
    answer = endpoint.write(twice, series_of("down"), version=version)
    assert answer.status_code == 400
    assert 'label "a" appears twice' in sentence(answer)
    assert [name for name, _, _ in endpoint.kept()] == ["down"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_histogram_whose_count_is_not_its_buckets_is_400(endpoint: Endpoint, version: str) -> None:
    answer = endpoint.write(histogram_series("good"), histogram_series("bad", BROKEN), version=version)
    assert answer.status_code == 400
    assert "Rejected 1 histogram: a histogram of series " in sentence(answer)
    assert "The rest was kept: 1 histogram." in sentence(answer)
    assert written(answer) == (NOT_WRITTEN if version == V1 else ("0", "1", "0"))


@pytest.mark.parametrize("version", VERSIONS)
def test_exemplars_of_a_rejected_series_are_rejected(endpoint: Endpoint, version: str) -> None:
    bad = Series(labels=Labels({"job": "x"}), samples=series_of("x").samples, exemplars=[exemplar()])
    answer = endpoint.write(bad, series_of("up"), version=version)
    assert "Rejected 1 sample and 1 exemplar: " in sentence(answer)
    assert [len(batch.exemplars) for batch in endpoint.store.batches] == [0]


@pytest.mark.parametrize("version", VERSIONS)
def test_several_kinds_of_rejection_are_one_answer_with_counts(endpoint: Endpoint, version: str) -> None:
    answer = endpoint.write(
        nameless(NOW_MS - 1, NOW_MS),
        series_of("up", job="good"),
        nameless(),
        histogram_series("bad", BROKEN),
        series_of("old", 5, job="x"),
        series_of("new", NOW_MS + DAY_MS),
        version=version,
    )
    first, second, *rest, last = sentence(answer).split(" Rejected ")
    assert first.startswith("Rejected 3 samples, the first: series {job=")
    assert second.startswith("1 histogram: a histogram of series {__name__=")
    assert [part.split(":")[0] for part in rest] == ["1 sample"]
    assert last.endswith("The rest was kept: 1 sample.")
    assert endpoint.kept() == [("up", NOW_MS, 1.0)]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_sample_over_ten_minutes_in_the_future_is_400(endpoint: Endpoint, version: str) -> None:
    assert endpoint.write(series_of("up", NOW_MS + FUTURE_MS), version=version).status_code == 204
    answer = endpoint.write(series_of("up", NOW_MS, NOW_MS + FUTURE_MS + 1), version=version)
    assert answer.status_code == 400
    assert 'series {__name__="up"}: its time, ' in sentence(answer)
    assert "over 10 minutes after now" in sentence(answer)
    assert [time for _, time, _ in endpoint.kept()] == [NOW_MS + FUTURE_MS, NOW_MS]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_sample_older_than_what_is_kept_is_400(endpoint: Endpoint, version: str) -> None:
    edge = NOW_MS - DAY_MS
    assert endpoint.write(series_of("up", edge), version=version).status_code == 204
    answer = endpoint.write(series_of("up", edge - 1, NOW_MS), version=version)
    assert answer.status_code == 400
    assert "the oldest time that is kept" in sentence(answer)
    assert [time for _, time, _ in endpoint.kept()] == [edge, NOW_MS]


@pytest.mark.parametrize("version", VERSIONS)
def test_out_of_order_and_repeated_samples_are_fine(endpoint: Endpoint, version: str) -> None:
    for _ in range(2):
        answer = endpoint.write(series_of("up", NOW_MS, NOW_MS - 1, NOW_MS), version=version)
        assert answer.status_code == 204
    assert len(endpoint.kept()) == 6


def test_a_series_too_many_is_400_and_says_so() -> None:
    endpoint = Endpoint(MemoryStore(limit=1))
    assert endpoint.write(series_of("first")).status_code == 204
    answer = endpoint.write(series_of("first"), series_of("second"))
    assert answer.status_code == 400
    assert "series second: there are 1 already" in sentence(answer)
    assert [name for name, _, _ in endpoint.kept()] == ["first", "first"]


# What is not the sender's fault.


@pytest.mark.parametrize("version", VERSIONS)
def test_a_store_that_cannot_keep_anything_is_503_with_a_time_to_come_back(
    endpoint: Endpoint, version: str
) -> None:
    endpoint.store.failure = Unavailable("the disk is full", retry_after_s=30)
    answer = endpoint.write(series_of("up"), nameless(), version=version)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert sentence(answer) == "The request was refused: the disk is full."
    assert written(answer) == (NOT_WRITTEN if version == V1 else ("0", "0", "0"))
    assert endpoint.kept() == []


def test_no_room_in_memory_for_too_long_is_503() -> None:
    endpoint = Endpoint(budget=Budget(10, wait_s=0.01))
    answer = endpoint.write(series_of("up"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "as it has memory for" in sentence(answer)


def test_a_defect_is_500_with_an_id_and_nothing_is_kept(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(_ref: int) -> Labels:
        raise RuntimeError("secret")

    monkeypatch.setattr(endpoint.store, "labels", defect)
    answer = endpoint.write(series_of("up"), series_of("old", 5))
    assert answer.status_code == 500
    assert "id-7" in answer.json["error"]
    assert "secret" not in answer.text
    assert endpoint.store.batches == []


# Other methods.


@pytest.mark.parametrize("path", ["/api/v1/write", "/api/v1/push"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_only_post_writes(endpoint: Endpoint, path: str, method: str) -> None:
    answer = endpoint.client.simulate_request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    if method != "HEAD":
        assert sentence(answer) == f"{path} does not take {method}. It takes POST, OPTIONS."


def test_options_says_what_is_allowed(endpoint: Endpoint) -> None:
    answer = endpoint.client.simulate_options("/api/v1/write")
    assert (answer.status_code, answer.headers["allow"]) == (200, "POST")


# Counting.


def test_what_is_taken_is_counted(endpoint: Endpoint) -> None:
    endpoint.write(series_of("up", NOW_MS - 1, NOW_MS), histogram_series("h"), version=V2)
    endpoint.write(series_of("up"))
    endpoint.post(b"", Content_Type="text/plain")
    assert endpoint.counted("requests_total", version="2.0", code="204") == 1
    assert endpoint.counted("requests_total", version="1.0", code="204") == 1
    assert endpoint.counted("requests_total", version="unknown", code="415") == 1
    assert endpoint.counted("samples_total") == 3
    assert endpoint.counted("histograms_total") == 1
    assert endpoint.counted("exemplars_total") == 0
    assert endpoint.counted("decode_duration_seconds_count") == 2
    assert endpoint.counted("decode_duration_seconds_sum") == 2.0


def test_bytes_are_counted_as_they_came_and_decompressed(endpoint: Endpoint) -> None:
    body = reference_v1([series_of("up")]).SerializeToString()
    endpoint.post(compress(body))
    assert endpoint.counted("bytes_total", form="compressed") == len(compress(body))
    assert endpoint.counted("bytes_total", form="decoded") == len(body)


def test_what_is_rejected_is_counted_by_kind_and_reason(endpoint: Endpoint) -> None:
    endpoint.write(nameless(NOW_MS - 1, NOW_MS), series_of("old", 5), histogram_series("bad", BROKEN))
    long_help = Metadata(family="up", type=MetricType.GAUGE, help="x" * 100_000, unit="")
    answer = endpoint.post(body_of(metadata=[long_help]))
    assert "Rejected 1 entry: metadata of " in sentence(answer)
    assert endpoint.counted("rejected_total", kind="sample", reason="no_metric_name") == 2
    assert endpoint.counted("rejected_total", kind="sample", reason="too_old") == 1
    assert endpoint.counted("rejected_total", kind="histogram", reason="invalid_histogram") == 1
    assert endpoint.counted("rejected_total", kind="entry", reason="metadata_too_long") == 1
