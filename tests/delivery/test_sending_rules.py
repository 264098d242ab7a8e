"""Each rule of sending, against a receiver on a real socket that misbehaves as its script says."""

import logging
from email.utils import formatdate

import pytest

from delivery.batches import MAX_SAMPLES, batched
from delivery.retry import MAX_EXCERPT_BYTES, MAX_RETRY_AFTER_S, MEND_WAIT_S
from delivery.transport import Target
from remotewrite.compression import decompress
from remotewrite.encode.downgrade import v1_from_v2 as encode_v1_of
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Sample, Series
from tests.delivery.parts import NOW_MS, Senders, batch_of, series, version_of
from tests.delivery.receiver import Reply, receiving, refusing_port
from tests.remotewrite.schema import write_v2_pb2 as v2
from timeseries.histogram import Histogram, HistogramSample
from timeseries.labels import Labels
from timeseries.metadata import Metadata

ONE = batch_of(series(1))
TWO = batch_of(series(2))
FOR_EVER = 3600.0


def test_a_request_carries_the_headers_of_2_0_and_the_batch_as_it_lay_there(sender_to: Senders) -> None:
    with receiving() as receiver:
        sender, clock = sender_to(receiver.url + "?tenant=a", ONE, TWO)
        assert sender.drain(FOR_EVER, clock.sleep)
    first, second = receiver.got
    assert [first.body, second.body] == [ONE.body, TWO.body]
    assert first.path == "/api/v1/write?tenant=a"
    sent = {name: first.headers[name] for name in ("content-type", "content-encoding", "user-agent")}
    assert sent == {
        "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        "content-encoding": "snappy",
        "user-agent": "fleetgauge/test",
    }
    assert first.headers["x-prometheus-remote-write-version"] == "2.0.0"
    assert "retry-attempt" not in first.headers
    assert first.port == second.port, "one connection serves both"
    assert (sender.sent.batches, sender.sent.samples, clock.slept) == (2, 2, [])


@pytest.mark.parametrize(
    "reply", [Reply(status=415), Reply(status=204, headers={}), Reply(status=200, headers={}, body=b"ok")]
)
def test_a_receiver_without_2_0_gets_1_0_and_this_is_remembered(reply: Reply, sender_to: Senders) -> None:
    with receiving(reply, Reply(headers={}), Reply(headers={})) as receiver:
        sender, clock = sender_to(receiver.url, ONE, TWO)
        assert sender.drain(FOR_EVER, clock.sleep)
    assert [each.headers["x-prometheus-remote-write-version"] for each in receiver.got] == [
        "2.0.0",
        "0.1.0",
        "0.1.0",
    ]
    assert receiver.got[1].headers["content-type"] == "application/x-protobuf"
    assert [decompress(body) for body in receiver.bodies[1:]] == [
        encode_v1([series(1)]),
        encode_v1([series(2)]),
    ]
    assert (sender.sent.batches, version_of(sender), sender.sent.refused) == (2, 1, 0)


def test_415_to_1_0_is_final(sender_to: Senders) -> None:
    with receiving(Reply(status=415), Reply(status=415, headers={})) as receiver:
        sender, clock = sender_to(receiver.url, ONE)
        assert sender.drain(FOR_EVER, clock.sleep)
    assert (len(receiver.got), sender.sent.refused) == (2, 1)


@pytest.mark.parametrize("status", [500, 502, 503, 429, 599, 302, 0])
def test_a_failure_is_tried_again_and_says_how_often_it_was_tried(status: int, sender_to: Senders) -> None:
    with receiving(*[Reply(status=status)] * 3) as receiver:
        sender, clock = sender_to(receiver.url, ONE)
        assert sender.drain(FOR_EVER, clock.sleep)
    assert [each.headers.get("retry-attempt") for each in receiver.got] == [None, "1", "2", "3"]
    assert set(receiver.bodies) == {ONE.body}
    assert clock.slept == [0.03, 0.06, 0.12]
    assert (sender.sent.failures, sender.sent.batches, sender.sent.refused) == (3, 1, 0)


@pytest.mark.parametrize("status", [400, 405, 413, 422, 499])
def test_a_refusal_is_final_counted_and_logged_with_the_start_of_the_answer(
    status: int, sender_to: Senders, caplog: pytest.LogCaptureFixture
) -> None:
    said = b"no: " + b"x" * 2_000
    with receiving(Reply(status=status, body=said, headers={})) as receiver:
        sender, clock = sender_to(receiver.url, ONE, TWO)
        assert sender.drain(FOR_EVER, clock.sleep)
    assert receiver.bodies == [ONE.body, TWO.body]
    assert (sender.sent.refused, sender.sent.samples, clock.slept) == (1, 1, [])
    [line] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert line.__dict__["fields"] == {
        "receiver": "",
        "status": status,
        "samples": 1,
        "reason": said[:MAX_EXCERPT_BYTES].decode(),
    }


@pytest.mark.parametrize("status", [401, 403, 404, 407])
def test_what_people_can_mend_costs_no_sample_and_is_asked_again_now_and_then(
    status: int, sender_to: Senders, caplog: pytest.LogCaptureFixture
) -> None:
    with receiving(*[Reply(status=status, body=b"who?")] * 3) as receiver:
        sender, clock = sender_to(receiver.url, ONE, TWO)
        assert not sender.drain(MEND_WAIT_S + 1, clock.sleep)
        assert sender.sent.trouble == f"{status}: who?"
        assert sender.drain(FOR_EVER, clock.sleep)
    assert [record.msg for record in caplog.records] == ["sending.not_allowed"]
    assert clock.slept == [MEND_WAIT_S, 1.0, MEND_WAIT_S]
    assert (sender.sent.samples, sender.sent.refused, sender.sent.trouble) == (2, 0, "")


def test_a_batch_that_is_too_large_goes_in_halves_and_is_counted_once(sender_to: Senders) -> None:
    five = [series(number) for number in range(5)]
    too_large = Reply(status=413)
    with receiving(too_large, too_large, Reply(), Reply(status=500), Reply(), too_large, Reply()) as receiver:
        sender, clock = sender_to(receiver.url, batch_of(*five))
        assert sender.drain(FOR_EVER, clock.sleep)
    sizes = [decompress(body).count(b"spooled_total") for body in receiver.bodies]
    assert sizes == [1] * len(sizes), "each part has the whole table"
    assert (sender.sent.batches, sender.sent.samples, sender.sent.refused) == (1, 5, 0)
    taken = [decompress(receiver.bodies[at]) for at in (2, 4, 6, 7)]
    assert b"".join(encode_v1_of(body) for body in taken) == encode_v1(five)


def test_one_series_that_is_too_large_is_refused(sender_to: Senders) -> None:
    with receiving(*[Reply(status=413, headers={})] * 2) as receiver:
        sender, clock = sender_to(receiver.url, batch_of(series(1), series(2)))
        assert sender.drain(FOR_EVER, clock.sleep)
    assert (len(receiver.got), sender.sent.samples, sender.sent.refused) == (3, 1, 1)


def test_what_a_receiver_kept_of_a_refused_batch_is_not_counted_as_lost(sender_to: Senders) -> None:
    with receiving(Reply(status=400, headers={"X-Prometheus-Remote-Write-Samples-Written": "2"})) as receiver:
        sender, clock = sender_to(receiver.url, batch_of(series(1), series(2), series(3)))
        assert sender.drain(FOR_EVER, clock.sleep)
    assert (sender.sent.samples, sender.sent.refused) == (2, 1)


def test_waits_double_up_to_5_s_and_never_shrink_by_more_than_a_fifth(sender_to: Senders) -> None:
    with receiving(*[Reply(status=500)] * 12) as receiver:
        sender, clock = sender_to(receiver.url, ONE, chance=0.999)
        assert sender.drain(FOR_EVER, clock.sleep)
    assert 0.02 < clock.slept[0] <= 0.03
    assert 4.4 < max(clock.slept) <= 5.0
    assert all(late >= 0.8 * early for early, late in zip(clock.slept, clock.slept[1:], strict=False))


def test_waits_begin_anew_after_a_success(sender_to: Senders) -> None:
    failed = Reply(status=500)
    with receiving(failed, failed, Reply(), failed) as receiver:
        sender, clock = sender_to(receiver.url, ONE, TWO)
        assert sender.drain(FOR_EVER, clock.sleep)
    assert clock.slept == [0.03, 0.06, 0.03]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("asked", "slept"),
    [
        ("7", 7.0),
        (formatdate(NOW_MS / 1000 + 42, usegmt=True), 42.0),
        (formatdate(NOW_MS / 1000 - 42, usegmt=True), 0.03),
        ("0", 0.03),
        ("soon", 0.03),
        ("9" * 400, MAX_RETRY_AFTER_S),
        ("Fri, 31 Dec 99999 23:59:59 GMT", 0.03),
    ],
)
def test_retry_after_is_honoured_in_seconds_and_as_a_date(
    asked: str, slept: float, status: int, sender_to: Senders
) -> None:
    with receiving(Reply(status=status, headers={"Retry-After": asked})) as receiver:
        sender, clock = sender_to(receiver.url, ONE)
        assert sender.drain(2 * FOR_EVER, clock.sleep)
    assert clock.slept == [slept]


def test_an_error_body_of_1_mb_is_survived(sender_to: Senders) -> None:
    with receiving(Reply(status=500, body=b"x" * 1_000_000), Reply(status=400, body=b"x" * 1_000_000)) as bad:
        sender, clock = sender_to(bad.url, ONE, TWO)
        assert sender.drain(FOR_EVER, clock.sleep)
    assert bad.bodies == [ONE.body, ONE.body, TWO.body]


def test_a_receiver_that_drips_its_answer_runs_into_the_time_out(sender_to: Senders) -> None:
    with receiving(Reply(drip_s=20.0)) as receiver:
        sender, clock = sender_to(Target(url=receiver.url, timeout_s=0.3), ONE)
        assert sender.drain(FOR_EVER, clock.sleep)
    assert receiver.bodies == [ONE.body, ONE.body]
    assert sender.sent.failures == 1


@pytest.mark.parametrize("url", [f"http://127.0.0.1:{refusing_port()}/w", "http://nowhere.invalid/w"])
def test_a_refused_connection_and_a_bad_name_are_failures_that_wait(url: str, sender_to: Senders) -> None:
    sender, _ = sender_to(url, ONE)
    assert [sender.step(), sender.step()] == [0.03, 0.06]
    assert sender.spool.filling().batches == 1


def test_a_connection_closed_while_idle_is_no_failure(sender_to: Senders) -> None:
    with receiving(Reply(), Reply(status=0)) as receiver:
        sender, clock = sender_to(receiver.url, ONE, TWO)
        assert sender.drain(FOR_EVER, clock.sleep)
    assert receiver.bodies == [ONE.body, TWO.body, TWO.body]
    assert (sender.sent.failures, clock.slept) == (0, [])


def test_an_outage_is_logged_once_and_its_end_once(
    sender_to: Senders, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with receiving(*[Reply(status=500, body=b"broken")] * 5) as receiver:
        sender, clock = sender_to(receiver.url, ONE)
        sender.drain(FOR_EVER, clock.sleep)
    assert [record.msg for record in caplog.records] == ["sending.failed", "sending.recovered"]


def test_draining_ends_in_time_and_leaves_the_rest_for_the_next_start(sender_to: Senders) -> None:
    with receiving(*[Reply(status=500)] * 99) as receiver:
        sender, clock = sender_to(receiver.url, ONE, TWO)
        assert not sender.drain(4.0, clock.sleep)
    assert sum(clock.slept) == pytest.approx(4.0)
    assert sender.spool.filling().batches == 2


def test_it_runs_until_it_is_stopped_and_sleeps_when_nothing_waits(sender_to: Senders) -> None:
    with receiving() as receiver:
        sender, clock = sender_to(receiver.url, ONE)
        sender.run(lambda: len(clock.slept) == 3, clock.sleep)
    assert (receiver.bodies, clock.slept) == ([ONE.body], [1.0, 1.0, 1.0])


def test_a_poisonous_batch_does_not_keep_the_present_from_getting_out(sender_to: Senders) -> None:
    poison, *others = [batch_of(series(number)) for number in range(5)]
    with receiving(*[Reply(), Reply(status=500)] * 4) as receiver:
        sender, clock = sender_to(receiver.url, poison, *others, order="interleaved")
        assert sender.drain(FOR_EVER, clock.sleep)
    assert receiver.bodies == [body for other in reversed(others) for body in (other.body, poison.body)] + [
        poison.body
    ]


def test_a_request_keeps_to_the_rules_of_2_0_for_symbols_references_labels_and_times() -> None:
    labels = Labels({"zone": "b", "__name__": "a_total", "host": "zone"})
    again = Labels({"__name__": "b_total", "host": "zone", "zone": "a_total"})
    many = [
        Series(labels=labels, samples=[Sample(NOW_MS, 0.0), Sample(NOW_MS + 1, 2.0)]),
        Series(labels=again, samples=[Sample(NOW_MS, 3.0)], metadata=Metadata(family="b_total", help="zone")),
    ]
    [batch] = batched(many).batches
    request = v2.Request.FromString(decompress(batch.body))
    assert request.symbols[0] == ""
    assert len(set(request.symbols)) == len(request.symbols)
    for one in request.timeseries:
        refs = list(one.labels_refs)
        assert len(refs) % 2 == 0
        assert max(refs) < len(request.symbols)
        names = [request.symbols[ref] for ref in refs[::2]]
        assert names == sorted(names)
        assert "__name__" in names
        times = [sample.timestamp for sample in one.samples]
        assert times == sorted(set(times))
        assert not (one.samples and one.histograms)
    assert request.timeseries[0].samples[1].timestamp == NOW_MS + 1, "times are milliseconds"


@pytest.mark.parametrize(
    "bad",
    [
        Series(labels=Labels({"a": "b"}), samples=[Sample(NOW_MS, 1.0)]),
        Series(labels=Labels({"__name__": "a"}), samples=[Sample(NOW_MS, 1.0), Sample(NOW_MS, 2.0)]),
        Series(labels=Labels({"__name__": "a"}), samples=[Sample(NOW_MS, 1.0), Sample(NOW_MS - 1, 2.0)]),
        Series(
            labels=Labels({"__name__": "a"}),
            samples=[Sample(NOW_MS, 1.0)],
            histograms=[HistogramSample(NOW_MS, Histogram(count=0.0, sum=0.0, schema=0, integer=True))],
        ),
    ],
    ids=["no name", "the same time twice", "back in time", "samples and histograms"],
)
def test_what_the_rules_forbid_never_leaves(bad: Series) -> None:
    assert batched([bad]).batches == []


def test_a_request_has_2_000_samples_at_most_and_so_never_10_000_series() -> None:
    sizes = [each.samples for each in batched([series(number) for number in range(10_001)]).batches]
    assert sizes == [MAX_SAMPLES] * 5 + [1]


def test_the_first_1_024_bytes_of_an_answer_are_logged_even_if_they_are_no_text(
    sender_to: Senders, caplog: pytest.LogCaptureFixture
) -> None:
    with receiving(Reply(status=400, body=b"\xff\x00" * 1000, headers={})) as receiver:
        sender, clock = sender_to(receiver.url, ONE)
        assert sender.drain(FOR_EVER, clock.sleep)
    assert "\ufffd\x00" in caplog.records[0].__dict__["fields"]["reason"]


@pytest.mark.parametrize("status", [600, 999, 199, 304])
def test_a_status_that_nobody_knows_is_tried_again(status: int, sender_to: Senders) -> None:
    with receiving(Reply(status=status)) as receiver:
        sender, _ = sender_to(Target(url=receiver.url, timeout_s=2), ONE)
        sender.step()
        assert sender.spool.filling().batches == 1
    assert sender.sent.failures == 1
