"""Rules, pipeline and history of the real program, killed: nothing is told twice, nothing is forgotten."""

import os
import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import requests

from tests.gateway.alertplace import FIRING, RESOLVED, Hook, Place, fingerprint, hooked, until
from tests.gateway.storage.test_faults import needs_root, small_disk
from tests.gateway.test_storing import now_ms

# `make faults` kills more often.
KILLS = int(os.environ.get("FLEETGAUGE_TEST_KILLS", "2"))
HOSTS = [f"h{number}" for number in range(4)]
BOTH = [FIRING, RESOLVED]
OWN = """- name: own
  interval: 200ms
  rules: [{alert: Level, expr: 'label_replace(vector(1), "host", "own", "", "")'}]
"""


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hooked() as found:
        yield found


def test_killed_in_the_midst_of_everything_it_goes_on_where_it_was(tmp_path: Path, hook: Hook) -> None:
    place = Place(tmp_path, hook)
    with place.runs():
        began = now_ms()
        place.write(1, "told")
        place.write(1, "ended", pace="slow")
        place.write(1, "hidden", name="source")
        hook.refuses.add("refused")
        until(lambda: hook.told("told") and hook.told("ended") and hook.told("hidden", "Source"))
        silent_until = time.time() + 8
        place.silence("silent", 8)
        place.write(1, "silent", "hidden", "refused")
        place.write(1, "late", name="waits")
        until(lambda: place.firing() >= {"silent", "hidden"} and hook.refused["refused"])
        place.write(0, "ended", pace="slow")
        place.write(1, "waiting", pace="slow")
        until(lambda: "ended" not in place.firing() and "waiting" in place.firing())
    assert hook.told("told") == hook.told("ended") == [FIRING]
    assert not any(map(hook.told, ("waiting", "refused", "silent", "hidden")))
    assert hook.told("late", "Waits") == []
    hook.refuses.clear()
    with place.runs():
        up, up_ms = time.monotonic(), now_ms()
        until(lambda: hook.told("ended") == BOTH and hook.told("waiting") and hook.told("refused"))
        until(lambda: hook.told("late", "Waits"))
        assert time.monotonic() - up > 2
        until(lambda: hook.told("silent"))
        # Silences end at whole seconds.
        assert time.time() > silent_until - 1
        assert hook.told("hidden") == []
        place.write(0, "hidden", name="source")
        until(lambda: hook.told("hidden"))
        place.write(0, "told", "silent", "hidden", "refused")
        until(lambda: all(hook.told(each) == BOTH for each in ("told", "silent", "hidden", "refused")))
        assert hook.told("hidden", "Source") == BOTH
        assert hook.told("waiting") == hook.told("late", "Waits") == [FIRING]
        for host in ("told", "ended", "silent", "hidden", "refused"):
            [one] = place.episodes(host)
            assert (one["state"], one["resolved_is_exact"]) == (RESOLVED, True)
            assert began / 1000 - 1 <= one["fired"] <= one["resolved"] <= time.time() + 1
        assert place.episodes("told")[0]["fired"] < (up_ms - 1000) / 1000


def test_ended_while_a_receiver_takes_its_time_it_ends_soon_and_tells_after_the_start(
    tmp_path: Path, hook: Hook
) -> None:
    place = Place(tmp_path, hook)
    hook.seconds = 30.0
    with place.runs() as gateway:
        place.write(1, "slow")
        until(lambda: hook.began)
        place.write(1, "next")
        until(lambda: "next" in place.firing())
        asked = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(10) == 0
        assert time.monotonic() - asked < 5
    hook.seconds = 0.0
    assert place.written() == {}
    with place.runs():
        until(lambda: hook.told("slow") and hook.told("next"))
        time.sleep(1)
        assert hook.told("slow") == hook.told("next") == [FIRING]


def test_killed_at_any_moment_each_firing_and_each_end_is_told_once(tmp_path: Path, hook: Hook) -> None:
    chance = random.Random(KILLS)
    place = Place(tmp_path, hook)
    twice = dict.fromkeys(HOSTS, 0)
    for _ in range(KILLS):
        with place.runs():
            ends = time.monotonic() + chance.uniform(0.2, 3.0)
            drive(place, partial(is_before, ends))
        # What it sent with its last breath is being taken.
        time.sleep(0.3)
        written = place.written()
        for host in HOSTS:
            # Told, but not written down: only this may be told again.
            last = hook.told(host)[-1:]
            twice[host] += last != [written[each] for each in [fingerprint(host)] if each in written]
    with place.runs():
        drive(place, lambda: not is_quiet(place), again=False)
        time.sleep(1)
        for host in HOSTS:
            told = hook.told(host)
            news = [each for at, each in enumerate(told) if told[at - 1 : at] != [each]]
            assert len(told) - len(news) <= twice[host], (host, told)
            assert news == BOTH * (len(news) // 2)
            episodes = place.episodes(host)
            assert len(episodes) >= len(news) // 2
            assert {(each["state"], each["resolved_is_exact"]) for each in episodes} == {(RESOLVED, True)}
            times = [each[name] for each in episodes for name in ("fired", "resolved")]
            assert times == sorted(times)


@needs_root
def test_with_a_full_disk_receivers_are_told_and_the_history_follows_when_there_is_room(
    tmp_path: Path, hook: Hook
) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk:
        place = Place(tmp_path, hook, disk / "data")
        with place.runs() as gateway:
            place.write(1, "before")
            until(lambda: hook.told("before"))
            filler = disk / "filler"
            fill(filler)
            alert = {"labels": {"alertname": "Level", "host": "full"}}
            until(lambda: requests.post(f"{gateway.url}/api/v2/alerts", json=[alert], timeout=10).ok)
            place.rules.write_text(place.rules.read_text() + OWN)
            assert requests.post(f"{gateway.url}/-/reload", timeout=10).ok
            until(lambda: hook.told("full") and hook.told("own"))
            metrics = requests.get(f"{gateway.url}/metrics", timeout=10).text
            assert re.search(
                r'^fleetgauge_notification_failures_total\{.*"save"\} [1-9]', metrics, re.MULTILINE
            )
            assert place.episodes("full") == place.episodes("own") == []
            filler.unlink()
            ended = alert | {"endsAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
            until(lambda: requests.post(f"{gateway.url}/api/v2/alerts", json=[alert], timeout=10).ok)
            until(lambda: place.episodes("full"))
            assert gateway.process.poll() is None
            requests.post(f"{gateway.url}/api/v2/alerts", json=[ended], timeout=10)
            until(lambda: hook.told("full") == BOTH)
        with place.runs():
            until(lambda: "before" in place.firing())
            time.sleep(1)
            assert (hook.told("before"), hook.told("own"), hook.told("full")) == ([FIRING], [FIRING], BOTH)
            assert place.episodes("own")
            assert [one["state"] for one in place.episodes("full")] == [RESOLVED]


def fill(file: Path) -> None:
    """Take all the room that is left on a disk."""
    with suppress(OSError), file.open("wb", buffering=0) as open_file:
        while True:
            open_file.write(bytes(4096))


def drive(place: Place, goes_on: Callable[[], bool], *, again: bool = True) -> None:
    """Let each host fire, and end when that was told and seen by this process; and again if so wanted."""
    seen: set[str] = set()
    while goes_on():
        seen |= place.firing()
        for host in HOSTS:
            last = place.hook.told(host)[-1:]
            if last == [FIRING] and host in seen:
                place.write(0, host)
            elif again or last != [RESOLVED]:
                place.write(1, host)
                seen.discard(host)
        time.sleep(0.1)


def is_before(end: float) -> bool:
    return time.monotonic() < end


def is_quiet(place: Place) -> bool:
    """Tell whether nothing fires, and all of it was told."""
    told = (place.hook.told(host)[-1:] for host in HOSTS)
    return not place.ask("/api/v2/alerts") and all(last == [RESOLVED] for last in told)
