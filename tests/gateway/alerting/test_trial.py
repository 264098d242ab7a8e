"""A test of a receiver goes through each of its ways, and says what came of it."""

import threading
import time
from collections.abc import Mapping

import pytest

from alertrules.errors import NotifyFailed, TemplateError
from alertrules.notification import Channel, Notification
from gateway.alerting.channels.payload import payload_of
from gateway.alerting.trial import AT_ONCE, MAX_WAYS, TrialRuns, Trials, UnknownReceiver
from tests.gateway.alerting.parts import Recorder, now_ms


class Broken:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def send(self, notification: Notification, *, timeout_s: float) -> None:
        assert notification.is_test
        assert timeout_s > 0
        raise self._error


def trials(ways: Mapping[str, Channel]) -> Trials:
    return Trials(
        {"team": ways}.get, now_ms=now_ms, stopwatch=time.monotonic, external_url="http://gateway:9095"
    )


def test_each_way_gets_one_message_that_says_that_it_is_a_test() -> None:
    mail, hook = Recorder(), Recorder()
    tried = trials({"email[0]": mail, "webhook[0]": hook}).run("team")
    assert [(one.integration, one.error) for one in tried] == [("email[0]", ""), ("webhook[0]", "")]
    [note] = mail.sent
    assert hook.sent == [note]
    body = payload_of(note)
    assert (body["test"], body["status"], body["receiver"]) == (True, "firing", "team")
    assert body["commonAnnotations"]["summary"] == "This is a test of Fleetgauge. Nothing is wrong."
    assert body["externalURL"] == "http://gateway:9095"


def test_what_fails_is_told_and_costs_no_other() -> None:
    good = Recorder()
    ways: dict[str, Channel] = {
        "a": Broken(NotifyFailed("it answered 500", is_final=False)),
        "b": Broken(TemplateError("no such template")),
        "c": good,
    }
    errors = [one.error for one in trials(ways).run("team")]
    assert errors == ["it answered 500", "no such template", ""]
    assert len(good.sent) == 1


def test_a_receiver_that_is_not_there_is_told_so() -> None:
    with pytest.raises(UnknownReceiver, match="pager"):
        trials({}).run("pager")
    assert trials({}).run("team") == []


def test_one_test_runs_at_a_time() -> None:
    slow = Recorder()
    slow.free.clear()
    tester = trials({"a": slow})
    first = threading.Thread(target=tester.run, args=("team",))
    first.start()
    while not slow.attempts:
        time.sleep(0.001)
    with pytest.raises(TrialRuns):
        tester.run("team")
    slow.free.set()
    first.join()
    assert [one.error for one in tester.run("team")] == [""]


@pytest.mark.parametrize(("ways", "tried"), [(MAX_WAYS, MAX_WAYS), (MAX_WAYS + 1, MAX_WAYS)])
def test_so_many_ways_are_tried_at_most(ways: int, tried: int) -> None:
    assert len(trials({str(number): Recorder() for number in range(ways)}).run("team")) == tried


def test_ways_are_tried_at_once() -> None:
    together = threading.Barrier(AT_ONCE, timeout=5)

    class Waiting:
        def send(self, notification: Notification, *, timeout_s: float) -> None:
            assert notification.is_test
            together.wait(timeout_s)

    tried = trials({str(number): Waiting() for number in range(AT_ONCE)}).run("team")
    assert not any(one.error for one in tried)
