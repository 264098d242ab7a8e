"""What the receiver remembers, in which order it does things, and what it does when they fail."""

import threading
from collections.abc import Callable

import pytest

from gateway.ingest.budget import Budget
from gateway.ingest.errors import Unavailable
from gateway.ingest.outcome import Counts
from gateway.ingest.receiver import Clocks, Receiver
from remotewrite.compression import compress, decompress
from remotewrite.decode.batch import Batch
from remotewrite.model import Series
from tests.gateway.http.writing import V1, V2, body_of, nameless, series_of
from tests.gateway.ingest.memory import MemoryStore
from tests.strategies import NOW_MS
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType

ABOUT = Metadata(family="up", type=MetricType.GAUGE, help="Is it?", unit="")
WITH_METADATA = Series(labels=Labels({"__name__": "up"}), samples=series_of("up").samples, metadata=ABOUT)
FULL = Unavailable("the disk is full", retry_after_s=30)


class CountingStore(MemoryStore):
    """Counts how often it is asked for a reference."""

    asked = 0

    def register(self, labels: Labels) -> int:
        self.asked += 1
        return super().register(labels)


def receiver_of(store: MemoryStore, budget: Budget | None = None) -> Receiver:
    clocks = Clocks(now_ms=lambda: NOW_MS, stopwatch=lambda: 0.0)
    return Receiver(store, clocks=clocks, budget=budget or Budget())


def receive(receiver: Receiver, body: bytes, version: str = V1) -> int:
    outcome = receiver.receive(content_type=version, encoding="snappy", read=lambda: body)
    return outcome.status


@pytest.mark.parametrize("version", [V1, V2])
def test_a_known_series_is_not_asked_for_again(version: str) -> None:
    store = CountingStore()
    receiver = receiver_of(store)
    body = body_of(series_of("up"), series_of("down"), version=version)
    assert [receive(receiver, body, version) for _ in range(3)] == [204, 204, 204]
    assert store.asked == 2


def test_what_was_partly_rejected_is_remembered_too() -> None:
    store = CountingStore(oldest_ms=NOW_MS)
    receiver = receiver_of(store)
    body = body_of(series_of("up", NOW_MS), series_of("old", NOW_MS - 1))
    assert [receive(receiver, body) for _ in range(2)] == [400, 400]
    assert store.asked == 2


@pytest.mark.parametrize("version", [V1, V2])
def test_nothing_is_remembered_of_a_request_that_was_not_committed(version: str) -> None:
    store = CountingStore()
    receiver = receiver_of(store)
    body = body_of(WITH_METADATA, version=version)
    for failure, status in ((FULL, 503), (None, 204)):
        store.failure = failure
        assert receive(receiver, body, version) == status
    assert store.asked == 2
    assert len(store.batches) == 1
    assert version == V1 or store.batches[0].metadata == [ABOUT], "2.0 tells it once, so it must not be lost"


def test_nothing_is_remembered_of_a_request_that_turned_out_malformed() -> None:
    store = CountingStore()
    receiver = receiver_of(store)
    good = body_of(WITH_METADATA, version=V2)
    # A series that is no message stands behind one with metadata.
    decoded = decompress(good) + b"\x2a\x02\xff\xff"
    assert receive(receiver, compress(decoded), V2) == 400
    assert receive(receiver, good, V2) == 204
    assert [batch.metadata for batch in store.batches] == [[ABOUT]]


def test_a_defect_of_the_store_escapes_and_is_not_remembered() -> None:
    store = CountingStore()
    receiver = receiver_of(store)
    store.failure = RuntimeError("secret")
    with pytest.raises(RuntimeError, match="secret"):
        receive(receiver, body_of(series_of("up")))
    store.failure = None
    assert receive(receiver, body_of(series_of("up"))) == 204
    assert store.asked == 2


def test_a_request_of_which_nothing_is_left_is_not_committed() -> None:
    store = MemoryStore()
    assert receive(receiver_of(store), body_of(nameless())) == 400
    assert store.batches == []


def test_a_body_is_not_read_when_its_headers_are_reason_to_refuse() -> None:
    def read() -> bytes:
        raise AssertionError("read")

    receiver = receiver_of(MemoryStore())
    assert receiver.receive(content_type="a/b", encoding="", read=read).status == 415
    assert receiver.receive(content_type="", encoding="gzip", read=read).status == 415


def test_room_is_held_for_what_the_body_decodes_to_until_it_is_committed() -> None:
    decoded = len(decompress(body_of(series_of("up"))))
    statuses = {}
    for size in (decoded, decoded - 1):
        receiver = receiver_of(MemoryStore(), Budget(size, wait_s=0.01))
        statuses[size] = [receive(receiver, body_of(series_of("up"))) for _ in range(2)]
    assert statuses == {decoded: [204, 204], decoded - 1: [503, 503]}


def test_the_outcome_counts_what_was_kept() -> None:
    body = body_of(series_of("up", NOW_MS - 1, NOW_MS), nameless())
    outcome = receiver_of(MemoryStore()).receive(content_type=V1, encoding="", read=lambda: body)
    assert outcome.kept == Counts(samples=2)
    assert [each.code for each in outcome.rejected] == ["no_metric_name"]
    assert outcome.work is not None
    assert outcome.work.compressed_bytes == len(body)


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        (Counts(samples=1), "1 sample"),
        (Counts(samples=2, exemplars=1), "2 samples and 1 exemplar"),
        (Counts(samples=2, histograms=3, exemplars=1), "2 samples, 3 histograms and 1 exemplar"),
        (Counts(), ""),
    ],
)
def test_counts_are_written_as_people_do(counts: Counts, text: str) -> None:
    assert str(counts) == text


def test_many_threads_write_the_same_series_at_once() -> None:
    store = MemoryStore()
    receiver = receiver_of(store)
    wrong: list[int] = []

    def run(version: str) -> Callable[[], None]:
        body = body_of(*(series_of("up", job=str(job)) for job in range(200)), version=version)

        def send() -> None:
            wrong.extend(status for _ in range(20) if (status := receive(receiver, body, version)) != 204)

        return send

    threads = [threading.Thread(target=run(version)) for version in (V1, V2) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert len(store.series) == 200
    assert len(store.batches) == 160
    assert all(names_of(store, batch) == [str(job) for job in range(200)] for batch in store.batches)


def names_of(store: MemoryStore, batch: Batch) -> list[str]:
    return [store.labels(ref).get("job") for ref in batch.samples.refs.tolist()]
