"""PromQL: thousands of generated queries, the same answers as a real Prometheus gives.

`make differential` runs 5,000; a seed that is printed with a difference runs alone with
FLEETGAUGE_TEST_SEEDS=seed-seed.
"""

import os
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Final, NamedTuple

import pytest
import requests

from remotewrite.compression import compress
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Series
from tests.gateway.programs import running
from tests.peers.differential.answers import Asked, difference
from tests.peers.differential.data import INTERVAL_MS, SAMPLES, series
from tests.peers.differential.expressions import expressions
from tests.peers.differential.queries import Maker
from tests.peers.servers import Servers

SEEDS: Final = os.environ.get("FLEETGAUGE_TEST_SEEDS", "0-249")
SHOWN: Final = 20


class Both(NamedTuple):
    """The addresses of the two, and when the data begins."""

    ours: str
    theirs: str
    start: int


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    # A multiple of every step, an hour before now at the latest.
    start = (int(time.time()) - 7200) // 3600 * 3600
    with ExitStack() as stack:
        servers = stack.enter_context(Servers(tmp_path_factory.mktemp("differential")))
        theirs = servers.prometheus().url
        ours = stack.enter_context(running("gateway", "--listen", "127.0.0.1:0")).url
        for url in (ours, theirs):
            write(url, start)
        yield Both(ours, theirs, start)


def write(url: str, start: int) -> None:
    """Send all series, each alone: Prometheus takes nothing out of order."""
    for one in series(start * 1000):
        body = compress(encode_v1([Series(labels=one.labels, samples=one.samples)]))
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
        answer = requests.post(f"{url}/api/v1/write", body, headers=headers, timeout=10)
        assert answer.status_code == 204, answer.text


def asked(seed: int, start: int) -> Asked:
    """Make the query of a seed, at one time or over a range; never at a multiple of 15 s."""
    rng = random.Random(seed)
    query = Maker(seed).query()
    span = SAMPLES * INTERVAL_MS // 1000
    at = start + rng.randrange(500, span + 200) // 15 * 15 + 7
    if rng.random() < 0.4:
        return Asked(path="/api/v1/query", parameters={"query": query, "time": str(at)})
    step = rng.choice([15, 60, 75, 300])
    end = at + step * rng.randrange(30)
    parameters = {"query": query, "start": str(at), "end": str(end), "step": str(step)}
    return Asked(path="/api/v1/query_range", parameters=parameters)


@pytest.mark.peer("prometheus")
@pytest.mark.timeout(900)
def test_generated_queries_have_the_same_answers(both: Both) -> None:
    first, last = map(int, SEEDS.split("-"))
    questions = {f"seed {seed}": asked(seed, both.start) for seed in range(first, last + 1)}
    answered = compare(both, questions)
    assert answered > len(questions) // 2, "most queries are wrong, and tell nothing"


@pytest.mark.peer("prometheus")
def test_the_usual_expressions_have_the_same_answers(both: Both) -> None:
    times = {"start": str(both.start + 607), "end": str(both.start + 1807), "step": "60"}
    questions = {
        query: Asked(path="/api/v1/query_range", parameters={"query": query, **times})
        for query in expressions()
    }
    questions['"text"'] = Asked(path="/api/v1/query", parameters={"query": '"text"', "time": times["end"]})
    assert compare(both, questions) > 500


def compare(both: Both, questions: Mapping[str, Asked]) -> int:
    """Ask both everything; return how many questions had an answer."""
    differences = []
    answered = 0
    with requests.Session() as session:
        for name, question in questions.items():
            ours, theirs = (
                session.post(url + question.path, question.parameters, timeout=60)
                for url in (both.ours, both.theirs)
            )
            answered += theirs.status_code == 200
            found = difference(ours, theirs)
            if found is not None:
                differences.append(f"{name}: {question}: {found}")
    told = "\n".join(differences[:SHOWN])
    assert not differences, f"{len(differences)} of {len(questions)} queries differ:\n{told}"
    return answered
