"""The gateway, killed at any moment while agents write to it, has all it acknowledged, bit for bit."""

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import requests

from gateway.storage.store import Store
from remotewrite.compression import compress
from remotewrite.encode.v1 import encode_v1
from remotewrite.encode.v2 import encode_v2
from remotewrite.model import Sample, Series
from tests.gateway.programs import running
from tests.gateway.storage.samples import open_store
from timeseries.columns import Floats
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType

# `make faults` kills more often.
KILLS = int(os.environ.get("FLEETGAUGE_TEST_KILLS", "3"))
AGENTS = 3
SERIES = 500
# Some requests have series that no request before had.
NEW_EVERY = 7


def test_a_gateway_killed_under_load_has_all_it_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(KILLS)
    start_ms = time.time_ns() // 1_000_000 - 3_600_000
    agents = [Agent(number, start_ms) for number in range(AGENTS)]
    for _ in range(KILLS):
        with (
            running("gateway", "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path)) as gateway,
            writing(agents, gateway.url),
        ):
            time.sleep(chance.uniform(0.1, 1.0))
            gateway.process.kill()
            gateway.process.wait(10)
    with open_store(tmp_path) as store:
        for agent in agents:
            agent.check(store)
    assert sum(len(agent.acknowledged) for agent in agents) > KILLS * AGENTS


class Agent:
    """Writes requests that can be told from their numbers, in 1.0 and 2.0 by turns."""

    def __init__(self, number: int, start_ms: int) -> None:
        self.number = number
        self.start_ms = start_ms
        self.sent = 0
        self.acknowledged: list[int] = []

    def labels(self, name: int) -> Labels:
        """Return one of the series: first those that every request has, then those of one request each."""
        return Labels({"__name__": "load", "agent": str(self.number), "name": f"{name:06}"})

    def values(self, request: int) -> Floats:
        """Return what the series that are always there have in a request."""
        return np.arange(SERIES) / 7 + request + self.number / 3

    def body(self, request: int) -> bytes:
        time_ms = self.start_ms + request
        series = [
            Series(labels=self.labels(name), samples=[Sample(time_ms, value)])
            for name, value in enumerate(self.values(request).tolist())
        ]
        if request % NEW_EVERY == 0:
            series.append(Series(labels=self.labels(SERIES + request), samples=[Sample(time_ms, 1.0)]))
        return compress((encode_v2 if request % 2 else encode_v1)(series))

    def write(self, url: str) -> None:
        """Write until the gateway is gone."""
        with requests.Session() as session:
            while True:
                proto = ";proto=io.prometheus.write.v2.Request" if self.sent % 2 else ""
                headers = {"Content-Type": f"application/x-protobuf{proto}", "Content-Encoding": "snappy"}
                request, self.sent = self.sent, self.sent + 1
                try:
                    answer = session.post(
                        f"{url}/api/v1/write", self.body(request), headers=headers, timeout=10
                    )
                except requests.RequestException:
                    return
                assert answer.status_code == 204
                self.acknowledged.append(request)

    def check(self, store: Store) -> None:
        """Compare what is there with what was sent: whole requests, and all that were acknowledged."""
        matchers = [Matcher(name="agent", type=MatchType.EQUAL, value=str(self.number))]
        found = store.select(matchers, 0, self.start_ms + self.sent)
        rows = {store.index.labels(int(ref)): row for row, ref in enumerate(found.refs)}
        usual = [found.columns.row(rows.pop(self.labels(name))) for name in range(SERIES)]
        numbers = usual[0][0] - self.start_ms
        assert set(self.acknowledged) <= set(numbers.tolist())
        wanted = np.array([self.values(number) for number in numbers.tolist()]).T
        for (times, values), expected in zip(usual, wanted, strict=True):
            assert (times - self.start_ms == numbers).all()
            assert (values.view(np.int64) == expected.view(np.int64)).all()
        for number in numbers[numbers % NEW_EVERY == 0].tolist():
            times, values = found.columns.row(rows.pop(self.labels(SERIES + number)))
            assert (times.tolist(), values.tolist()) == ([self.start_ms + number], [1.0])
        assert not any(found.columns.lengths[row] for row in rows.values())


@contextmanager
def writing(agents: list[Agent], url: str) -> Iterator[None]:
    threads = [threading.Thread(target=agent.write, args=(url,)) for agent in agents]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(20)
