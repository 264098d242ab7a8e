"""The sender with another conversation than remote write: it may wait, and may have nothing to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from delivery.errors import NotYet, Unsendable
from delivery.records import Batch
from delivery.retry import Answer, Backoff, Verdict
from delivery.sender import IDLE_S, WAIT_S, Sender
from delivery.spool import Limits, Spool
from delivery.transport import Target, Transport
from tests.delivery.parts import NOW_MS, FakeClock
from tests.delivery.receiver import Receiver, Reply, receiving


@dataclass(slots=True)
class Talk:
    """A conversation that is not ready some times, and knows an answer that means "wait"."""

    not_ready: int = 0
    asked: list[bytes] = field(default_factory=list)

    def request(self, body: bytes) -> tuple[bytes, Mapping[str, str]]:
        self.asked.append(body)
        if len(self.asked) <= self.not_ready:
            raise NotYet("not registered")
        if body == b"bad":
            raise Unsendable("it is bad")
        return b"<" + body + b">", {"Content-Type": "text/plain"}

    def judge(self, answer: Answer) -> Verdict:
        return Verdict.WAIT if answer.status == 409 else Verdict.TAKEN

    def kept(self, answer: Answer) -> int | None:
        return 1 if answer.status == 400 else None

    def halves(self, body: bytes) -> Sequence[Batch]:
        raise AssertionError(body)


def sending(
    directory: Path, receiver: Receiver, talk: Talk, *bodies: bytes, seconds: float
) -> tuple[Sender, FakeClock]:
    clock = FakeClock()
    spool = Spool(directory / "spool", Limits(), order="oldest-first")
    for body in bodies:
        spool.append(Batch(body=body, samples=1, oldest_ms=NOW_MS), now_ms=NOW_MS)
    transport = Transport(Target(url=receiver.url))
    sender = Sender(
        spool=spool,
        transport=transport,
        conversation=talk,
        clock=clock,
        backoff=Backoff(lambda: 0.0),
        user_agent="fleetgauge/test",
    )
    end_s = clock.seconds + seconds
    sender.run(lambda: not spool.filling().batches or clock.seconds >= end_s, clock.sleep)
    transport.close()
    spool.close()
    return sender, clock


def test_what_is_not_ready_waits_and_has_not_failed(tmp_path: Path) -> None:
    with receiving() as receiver:
        sender, clock = sending(tmp_path, receiver, Talk(not_ready=3), b"a", seconds=60)
    assert (receiver.bodies, clock.slept) == ([b"<a>"], [IDLE_S] * 3)
    assert receiver.got[0].headers["content-type"] == "text/plain"
    assert "retry-attempt" not in receiver.got[0].headers
    assert (sender.sent.batches, sender.sent.failures, sender.sent.trouble) == (1, 0, "")


def test_the_end_does_not_wait_for_what_is_not_ready(tmp_path: Path) -> None:
    with receiving() as receiver:
        sender, clock = sending(tmp_path, receiver, Talk(not_ready=9), b"a", seconds=0)
        sender.spool = Spool(tmp_path / "spool", Limits())
        assert not sender.drain(60, clock.sleep)
    assert (receiver.bodies, clock.slept, sender.spool.filling().batches) == ([], [], 1)
    sender.spool.close()


def test_an_answer_may_say_wait_and_for_how_long(tmp_path: Path) -> None:
    with receiving(Reply(status=409), Reply(status=409, headers={"Retry-After": "17"})) as receiver:
        sender, clock = sending(tmp_path, receiver, Talk(), b"a", seconds=60)
    assert (receiver.bodies, clock.slept) == ([b"<a>"] * 3, [WAIT_S, 17.0])
    assert (sender.sent.batches, sender.sent.failures) == (1, 0)


def test_what_makes_no_request_is_refused_and_costs_no_other(tmp_path: Path) -> None:
    with receiving() as receiver:
        sender, _ = sending(tmp_path, receiver, Talk(), b"bad", b"good", seconds=60)
    assert receiver.bodies == [b"<good>"]
    assert (sender.sent.batches, sender.sent.refused) == (1, 1)
