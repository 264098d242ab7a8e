"""Receivers away for an hour, an agent that is killed meanwhile: every sample arrives, with its own time."""

import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import requests

from remotewrite.compression import decompress
from remotewrite.encode.downgrade import v1_from_v2
from tests.delivery.receiver import Receiver, Reply, receiving, refusing_port
from tests.exporter.sending.agent import SERIES, STEP_MS, value_of
from tests.gateway.programs import running
from tests.remotewrite.schema import write_v1_pb2 as v1

# Rounds of 15 s: an hour away, then some minutes with the receivers back.
AWAY = [0, 17, 60, 62, 150, 240]
BACK = [240, 245, 250, 264]
BAD_START = [Reply(status=500), Reply(status=401), Reply(status=0), Reply(status=429)]

Samples = dict[tuple[int, int], float]


def go_through(rounds: range, directory: Path, start_ms: int, *urls: str, drain: bool = False) -> list[int]:
    """Let an agent do these rounds and drain, or be killed at the last one. Return what it told of."""
    command = [sys.executable, "-m", "tests.exporter.sending.agent", str(directory), str(start_ms), *urls]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as agent:
        assert agent.stdin is not None
        assert agent.stdout is not None
        told = []
        for number in rounds:
            agent.stdin.write(f"{number}\n")
            agent.stdin.flush()
            if drain or number != rounds[-1]:
                told.append(int(agent.stdout.readline()))
        if drain:
            agent.stdin.write("drain\n")
            agent.stdin.flush()
            assert agent.stdout.readline() == "drained\n"
        else:
            time.sleep(0.001 * len(told) % 0.005)
            agent.send_signal(signal.SIGKILL)
        return told + [int(line) for line in agent.stdout if line.endswith("\n")]


def kept_by_gateway(url: str, start_ms: int) -> Samples:
    end_s = start_ms // 1000 + BACK[-1] * STEP_MS // 1000
    asked = {"query": "away[2h]", "time": str(end_s)}
    answer = requests.get(f"{url}/api/v1/query", params=asked, timeout=10).json()
    kept: Samples = {}
    for one in answer["data"]["result"]:
        assert {**one["metric"], "n": ""} == {"__name__": "away", "instance": "web-1", "job": "node", "n": ""}
        for seconds, value in one["values"]:
            place = (int(one["metric"]["n"]), round(seconds * 1000))
            assert place not in kept
            kept[place] = float(value)
    return kept


def got_by(receiver: Receiver) -> Samples:
    """What was taken. The same may come twice, but never with another value."""
    got: Samples = {}
    for body in receiver.bodies[len(BAD_START) :]:
        for series in v1.WriteRequest.FromString(v1_from_v2(decompress(body))).timeseries:
            labels = {label.name: label.value for label in series.labels}
            for sample in series.samples:
                if labels["__name__"] == "away":
                    place = (int(labels["n"]), sample.timestamp)
                    assert got.setdefault(place, sample.value) == sample.value
    return got


def test_after_an_hour_away_and_five_kills_every_sample_is_there_with_its_own_time(tmp_path: Path) -> None:
    start_ms = (time.time_ns() // 1_000_000_000 - BACK[-1] * STEP_MS // 1000) * 1000
    away = [f"http://127.0.0.1:{refusing_port()}/w"] * 2
    told: list[int] = []
    for first, last in pairwise(AWAY):
        told += go_through(range(first, last), tmp_path, start_ms, *away)
    with running("gateway", "--listen", "127.0.0.1:0") as gateway, receiving(*BAD_START) as scripted:
        back = [f"{gateway.url}/api/v1/write", scripted.url]
        for first, last in pairwise(BACK):
            drain = last == BACK[-1]
            told += go_through(range(first, last), tmp_path, start_ms, *back, drain=drain)
        arrived = [kept_by_gateway(gateway.url, start_ms), got_by(scripted)]
    assert len(told) > BACK[-1] - len(AWAY) - len(BACK)
    expected = {
        (series, start_ms + number * STEP_MS): value_of(series, number)
        for number in range(BACK[-1])
        for series in range(SERIES)
    }
    promised = {place: expected[place] for place in expected if (place[1] - start_ms) // STEP_MS in set(told)}
    for samples in arrived:
        assert samples.items() >= promised.items()
        assert samples.items() <= expected.items()
