"""The rules of remote write, one test each, from real connections to a real store, in both versions.

How the answers are worded, and what else there is, is in test_write.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cramjam
import pytest
import requests

from gateway.http import application
from gateway.http.accounting import Accounting
from gateway.http.errors import Errors
from gateway.http.routes import write_routes
from gateway.ingest.budget import Budget
from gateway.ingest.receiver import Clocks, Receiver
from gateway.ingest.window import FUTURE_MS
from gateway.keeper import Shelf
from gateway.metrics import Metrics
from gateway.storage.errors import StorageUnavailable
from gateway.storage.store import Store
from remotewrite.compression import compress
from remotewrite.encode.fields import varint
from remotewrite.limits import MAX_DECODED_BYTES
from remotewrite.model import Sample, Series
from runtime.logs import Log
from tests.gateway.http.test_server import running
from tests.gateway.http.writing import DAY_MS, V1, V2, body_of, nameless, series_of
from tests.gateway.storage.samples import Point, contents, open_store
from tests.remotewrite.golden import INTEGER
from tests.remotewrite.schema import write_v2_pb2 as v2
from tests.strategies import NOW_MS, bits, from_bits, reference_v1, reference_v2
from timeseries.exemplar import Exemplar
from timeseries.histogram import Buckets, Histogram, HistogramSample
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType
from timeseries.stale import STALE_BITS

UP = Labels({"__name__": "up"})
COUNTS = ("Samples", "Histograms", "Exemplars")
BROKEN = Histogram(integer=True, schema=0, count=5, sum=1.0, positive=Buckets())
EXEMPLAR = Exemplar(labels=Labels({"trace_id": "t"}), value=1.0, time_ms=NOW_MS)

both = pytest.mark.parametrize("version", [pytest.param(V1, id="1.0"), pytest.param(V2, id="2.0")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A server with a store; it is NOW_MS, and what is older than a day is not kept."""

    url: str
    store: Store

    def post(self, body: bytes | Iterable[bytes], version: str = V1, **headers: str) -> requests.Response:
        """Send a body; a header that is empty is left out."""
        given = {"Content-Type": version, "Content-Encoding": "snappy"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        sent = {name: value for name, value in given.items() if value}
        return requests.post(self.url, data=body, headers=sent, timeout=10)

    def write(self, *series: Series, version: str) -> requests.Response:
        """Send series."""
        return self.post(body_of(*series, version=version), version)

    def kept(self) -> dict[Labels, list[Point]]:
        """Return all samples of the store."""
        return contents(self.store)

    def names(self) -> set[str]:
        """Return the metrics that have samples."""
        return {labels.metric_name for labels in self.kept()}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    metrics = Metrics(version="", python="")
    with open_store(tmp_path) as store:
        shelf = Shelf(store, oldest_ms=lambda: NOW_MS - DAY_MS, stopwatch=float, committed=metrics.committed)
        clocks = Clocks(now_ms=lambda: NOW_MS, stopwatch=float)
        app = application.create(
            routes=write_routes(receiver=Receiver(shelf, clocks=clocks, budget=Budget()), metrics=metrics),
            accounting=Accounting(metrics, clock=float),
            errors=Errors(log=Log("test"), new_id=str),
        )
        with running(app) as server:
            yield Gateway(url=f"http://127.0.0.1:{server.port}/api/v1/write", store=store)


def counts(answer: requests.Response) -> list[str | None]:
    """Return the counts of 2.0."""
    return [answer.headers.get(f"X-Prometheus-Remote-Write-{kind}-Written") for kind in COUNTS]


def of_version(version: str, *numbers: int) -> list[str | None]:
    """Return what the counts should be: 1.0 has none."""
    return [str(number) if version == V2 else None for number in numbers]


def error_of(answer: requests.Response) -> str:
    return str(answer.json()["error"])


def point(time_ms: int = NOW_MS, value: float = 1.0, start_ms: int = 0) -> Point:
    return time_ms, bits(value), start_ms


# Receiving.


@pytest.mark.parametrize("content_type", ["application/json", f"{V1};proto=io.prometheus.write.v3.Request"])
def test_another_content_type_is_415_whatever_the_body(gateway: Gateway, content_type: str) -> None:
    assert gateway.post(b"garbage", Content_Type=content_type).status_code == 415


@pytest.mark.parametrize("content_type", ["", V1, f"{V1};proto=prometheus.WriteRequest"])
def test_no_content_type_is_1_0(gateway: Gateway, content_type: str) -> None:
    assert gateway.post(body_of(series_of("up")), Content_Type=content_type).status_code == 204
    assert gateway.kept() == {UP: [point()]}


@both
def test_another_content_encoding_is_415_whatever_the_body(gateway: Gateway, version: str) -> None:
    assert gateway.post(b"garbage", version, Content_Encoding="gzip").status_code == 415


@both
def test_corrupt_snappy_is_400(gateway: Gateway, version: str) -> None:
    assert gateway.post(b"garbage", version).status_code == 400


@both
def test_corrupt_protobuf_is_400_and_nothing_of_it_is_kept(gateway: Gateway, version: str) -> None:
    build = reference_v1 if version == V1 else reference_v2
    broken = build([series_of("up")]).SerializeToString() + b"\x2a\x02\xff\xff\x0a\x02\xff\xff"
    answer = gateway.post(compress(broken), version)
    assert (answer.status_code, counts(answer)) == (400, of_version(version, 0, 0, 0))
    assert gateway.kept() == {}


@both
def test_a_declared_size_over_the_limit_is_refused_before_it_is_decoded(
    gateway: Gateway, version: str
) -> None:
    assert gateway.post(varint(MAX_DECODED_BYTES + 1) + b"never read", version).status_code == 413


@both
def test_success_is_204_without_a_body_and_tells_2_0_alone_what_was_written(
    gateway: Gateway, version: str
) -> None:
    one = Series(labels=UP, samples=[Sample(NOW_MS, 1.0)], exemplars=[EXEMPLAR, EXEMPLAR])
    two = Series(labels=Labels({"__name__": "h"}), histograms=[HistogramSample(NOW_MS, INTEGER)])
    answer = gateway.write(one, two, version=version)
    assert (answer.status_code, answer.content) == (204, b"")
    assert counts(answer) == of_version(version, 1, 1, 2)


@both
def test_the_counts_are_true_on_a_partial_400(gateway: Gateway, version: str) -> None:
    answer = gateway.write(series_of("up", NOW_MS - 1, NOW_MS), nameless(), version=version)
    assert (answer.status_code, counts(answer)) == (400, of_version(version, 2, 0, 0))
    assert gateway.kept() == {UP: [point(NOW_MS - 1), point()]}


@both
def test_a_store_that_fails_is_5xx_and_nothing_of_the_request_is_kept_until_it_is_sent_again(
    gateway: Gateway, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise StorageUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(gateway.store, "commit", full)
        answer = gateway.write(series_of("up"), nameless(), version=version)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert (counts(answer), gateway.kept()) == (of_version(version, 0, 0, 0), {})
    assert gateway.write(series_of("up"), version=version).status_code == 204
    assert gateway.kept() == {UP: [point()]}


@both
@pytest.mark.parametrize("pairs", [[("job", "x")], [("__name__", ""), ("job", "x")]])
def test_no_or_an_empty_name_is_400_and_the_valid_series_are_kept(
    gateway: Gateway, version: str, pairs: list[tuple[str, str]]
) -> None:
    bad = Series(labels=Labels.trusted(pairs), samples=series_of("x").samples)
    answer = gateway.write(series_of("up"), bad, series_of("down"), version=version)
    assert (answer.status_code, counts(answer)) == (400, of_version(version, 2, 0, 0))
    assert gateway.names() == {"up", "down"}


@both
def test_labels_in_any_order_are_the_same_series(gateway: Gateway, version: str) -> None:
    pairs = [("z", "1"), ("__name__", "up"), ("a", "2")]
    for at, some in enumerate((pairs, pairs[::-1])):
        one = Series(labels=Labels.trusted(some), samples=[Sample(NOW_MS + at, 1.0)])
        assert gateway.write(one, version=version).status_code == 204
    assert gateway.kept() == {Labels(dict(pairs)): [point(), point(NOW_MS + 1)]}


@both
def test_a_duplicate_label_name_costs_that_series(gateway: Gateway, version: str) -> None:
    pairs = [("__name__", "twice"), ("a", "1"), ("a", "1")]
    bad = Series(labels=Labels.trusted(pairs), samples=series_of("x").samples)
    assert gateway.write(bad, series_of("up"), version=version).status_code == 400
    assert gateway.names() == {"up"}


@both
def test_an_empty_label_value_is_no_label(gateway: Gateway, version: str) -> None:
    one = Series(labels=Labels.trusted([("__name__", "up"), ("a", "")]), samples=series_of("x").samples)
    assert gateway.write(one, version=version).status_code == 204
    assert gateway.kept() == {UP: [point()]}


@both
def test_a_histogram_whose_count_is_not_the_sum_of_its_buckets_is_400(gateway: Gateway, version: str) -> None:
    samples = [HistogramSample(NOW_MS - 1, BROKEN), HistogramSample(NOW_MS, INTEGER)]
    answer = gateway.write(Series(labels=UP, histograms=samples), version=version)
    assert (answer.status_code, counts(answer)) == (400, of_version(version, 0, 1, 0))
    refs = gateway.store.index.select([])
    assert gateway.store.histograms.select(refs, 0, NOW_MS) == {0: samples[1:]}


def test_a_2_0_series_with_nothing_but_metadata_is_204_and_1_0_sends_it_apart(gateway: Gateway) -> None:
    about = Metadata(family="up", type=MetricType.GAUGE, help="Is it?", unit="")
    answer = gateway.write(Series(labels=UP, metadata=about), version=V2)
    assert (answer.status_code, counts(answer)) == (204, ["0", "0", "0"])
    other = Metadata(family="down", type=MetricType.GAUGE, help="Isn't it?", unit="")
    assert gateway.post(body_of(metadata=[other])).status_code == 204
    assert gateway.store.metadata == {"up": about, "down": other}


@both
def test_exemplars_of_a_rejected_series_are_rejected(gateway: Gateway, version: str) -> None:
    bad = Series(labels=Labels({"job": "x"}), samples=series_of("x").samples, exemplars=[EXEMPLAR])
    good = Series(labels=UP, samples=series_of("x").samples, exemplars=[EXEMPLAR])
    answer = gateway.write(bad, good, version=version)
    assert (answer.status_code, counts(answer)) == (400, of_version(version, 1, 0, 1))
    refs = gateway.store.index.select([])
    assert gateway.store.exemplars.select(refs, 0, NOW_MS) == {0: [EXEMPLAR]}


@both
def test_a_body_may_come_in_chunks(gateway: Gateway, version: str) -> None:
    body = body_of(series_of("up"), version=version)
    assert gateway.post((body[at : at + 7] for at in range(0, len(body), 7)), version).status_code == 204
    assert gateway.kept() == {UP: [point()]}


@both
def test_zstd_is_taken(gateway: Gateway, version: str) -> None:
    build = reference_v1 if version == V1 else reference_v2
    body = bytes(cramjam.zstd.compress(build([series_of("up")]).SerializeToString()))
    assert gateway.post(body, version, Content_Encoding="zstd").status_code == 204
    assert gateway.kept() == {UP: [point()]}


@both
def test_the_error_names_the_first_offending_series_and_why(gateway: Gateway, version: str) -> None:
    answer = gateway.write(series_of("up"), nameless(), nameless(), version=version)
    assert error_of(answer) == (
        'Rejected 2 samples, the first: series {job="x"}: it has no metric name (label __name__). '
        "The rest was kept: 1 sample."
    )


def test_what_older_2_0_senders_call_created_timestamp_is_the_start_time(gateway: Gateway) -> None:
    request = v2.Request(symbols=["", "__name__", "up", "new"])
    old = request.timeseries.add(labels_refs=[1, 2], created_timestamp=NOW_MS - 5)
    old.samples.add(value=1.0, timestamp=NOW_MS)
    new = request.timeseries.add(labels_refs=[1, 3])
    new.samples.add(value=1.0, timestamp=NOW_MS, start_timestamp=NOW_MS - 7)
    assert gateway.post(compress(request.SerializeToString()), V2).status_code == 204
    starts = {labels.metric_name: rows for labels, rows in gateway.kept().items()}
    assert starts == {"up": [point(start_ms=NOW_MS - 5)], "new": [point(start_ms=NOW_MS - 7)]}


@pytest.mark.parametrize("symbols", [["__name__", "up"], []])
def test_2_0_symbols_that_do_not_begin_with_the_empty_one_are_400(
    gateway: Gateway, symbols: list[str]
) -> None:
    request = v2.Request(symbols=symbols)
    request.timeseries.add(labels_refs=[0, 1]).samples.add(value=1.0, timestamp=NOW_MS)
    assert gateway.post(compress(request.SerializeToString()), V2).status_code == 400
    assert gateway.kept() == {}


# Storing.


@both
def test_samples_inside_the_retention_are_taken_in_any_order(gateway: Gateway, version: str) -> None:
    times = [NOW_MS, NOW_MS - DAY_MS, NOW_MS - 5, NOW_MS + FUTURE_MS, NOW_MS - 7]
    for some in (times[:3], times[3:]):
        assert gateway.write(series_of("up", *some), version=version).status_code == 204
    gateway.store.flush()
    assert gateway.write(series_of("up", NOW_MS - 6), version=version).status_code == 204
    assert gateway.kept() == {UP: [point(time_ms) for time_ms in sorted([*times, NOW_MS - 6])]}


@both
@pytest.mark.parametrize(
    ("time_ms", "why"),
    [
        (NOW_MS - DAY_MS - 1, "the oldest time that is kept"),
        (NOW_MS + FUTURE_MS + 1, "over 10 minutes after"),
    ],
)
def test_a_sample_past_the_retention_or_ten_minutes_ahead_is_400_with_counts(
    gateway: Gateway, version: str, time_ms: int, why: str
) -> None:
    answer = gateway.write(series_of("up", NOW_MS, time_ms), series_of("bad", time_ms), version=version)
    assert (answer.status_code, counts(answer)) == (400, of_version(version, 1, 0, 0))
    assert error_of(answer).startswith('Rejected 2 samples, the first: series {__name__="up"}: its time, ')
    assert why in error_of(answer)
    assert gateway.kept() == {UP: [point()]}


@both
@pytest.mark.parametrize("flushed", [False, True])
def test_to_send_the_same_again_changes_nothing(gateway: Gateway, version: str, flushed: bool) -> None:
    for _ in range(2):
        answer = gateway.write(series_of("up", NOW_MS - 1, NOW_MS), version=version)
        assert (answer.status_code, counts(answer)) == (204, of_version(version, 2, 0, 0))
        if flushed:
            gateway.store.flush()
    assert gateway.kept() == {UP: [point(NOW_MS - 1), point()]}
    gateway.store.flush()
    assert gateway.store.readings()["replaced_samples"]() == 0


@both
@pytest.mark.parametrize("flushed", [False, True])
def test_of_two_values_for_one_time_the_later_write_wins(
    gateway: Gateway, version: str, flushed: bool
) -> None:
    for value in (2.0, 1.0):
        one = Series(labels=UP, samples=[Sample(NOW_MS, value)])
        assert gateway.write(one, version=version).status_code == 204
        if flushed:
            gateway.store.flush()
    assert gateway.kept() == {UP: [point(value=1.0)]}


@both
def test_a_value_that_another_took_the_place_of_is_counted(gateway: Gateway, version: str) -> None:
    for value in (2.0, 1.0, 1.0):
        gateway.write(Series(labels=UP, samples=[Sample(NOW_MS, value)]), version=version)
    gateway.store.flush()
    assert gateway.store.readings()["replaced_samples"]() == 1


@both
@pytest.mark.parametrize("mark", [STALE_BITS, 0x7FF8000000000001, 0xFFF8000000000005, bits(-0.0)])
def test_the_stale_marker_and_every_other_nan_are_kept_bit_for_bit(
    gateway: Gateway, version: str, mark: int
) -> None:
    one = Series(labels=UP, samples=[Sample(NOW_MS, from_bits(mark))])
    assert gateway.write(one, version=version).status_code == 204
    assert gateway.kept() == {UP: [(NOW_MS, mark, 0)]}
    gateway.store.flush()
    assert gateway.kept() == {UP: [(NOW_MS, mark, 0)]}
