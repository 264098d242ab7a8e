"""A read token sees what a gateway would that holds nothing but what it is confined to, on every route."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import pytest

from gateway.access.desk import Order
from gateway.access.roles import Role
from remotewrite.compression import compress, decompress
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Series
from runtime.values import Duration
from tests.gateway.access.gateways import Headers, House, house
from tests.peers.differential.data import INTERVAL_MS, SAMPLES, series
from tests.peers.differential.expressions import expressions
from tests.peers.differential.queries import Maker
from tests.remotewrite.read.reading import request_of, results_of
from tests.remotewrite.reading import expected
from timeseries.exemplar import Exemplar
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType
from timeseries.metadata import Metadata, MetricType

SELECTOR: Final = '{instance=~"web-.*", mode!="idle"}'
HIDDEN: Final = ("db-1", "db-2", '"db"', "idle", "hidden", "secret")
SEEDS: Final = 400
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
PROTOBUF: Final = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}


class Both(NamedTuple):
    """A gateway that holds all, with a token for some; and one that holds only those, open to all."""

    full: House
    token: Headers
    part: House
    start: int

    def ask(self, path: str, **parameters: object) -> tuple[Any, Any]:
        """Ask both with a form."""
        body = urlencode(
            {"match[]" if key == "match" else key: one for key, one in parameters.items()}, doseq=True
        )
        full = self.full.ask("POST", path, {**self.token, **FORM}, body=body)
        part = self.part.ask("POST", path, FORM, body=body)
        return (full.status_code, full.text), (part.status_code, part.text)

    def get(self, path: str, **parameters: object) -> tuple[Any, Any]:
        """Ask both with a URL."""
        query = urlencode(
            {"match[]" if key == "match" else key: one for key, one in parameters.items()}, doseq=True
        )
        full = self.full.ask("GET", path, self.token, query_string=query)
        part = self.part.ask("GET", path, query_string=query)
        return (full.status_code, full.text), (part.status_code, part.text)


def sees(labels: Labels) -> bool:
    return labels.get("instance").startswith("web-") and labels.get("mode") != "idle"


def put(
    to: House, all_series: Sequence[Series], metadata: Sequence[Metadata], who: Headers | None = None
) -> None:
    body = compress(encode_v1(all_series, metadata))
    answer = to.ask("POST", "/api/v1/write", {**PROTOBUF, **(who or {})}, body=body)
    assert answer.status_code == 204, answer.text


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    # Times that are kept, and that two stores agree on.
    start = 1_700_000_000
    everything = list(series(start * 1000))
    for instance, note in (("web-1", "seen"), ("db-1", "hidden")):
        everything.append(
            Series(
                labels=Labels({"__name__": f"traced_{note}_total", "instance": instance, "note": note}),
                samples=everything[0].samples,
                exemplars=[
                    Exemplar(labels=Labels({"trace": note}), value=1.0, time_ms=start * 1000 + 500_000)
                ],
            )
        )
    told = [
        Metadata(family="memory_bytes", type=MetricType.GAUGE, help="Seen.", unit=""),
        Metadata(family="latency_seconds", type=MetricType.HISTOGRAM, help="Seen.", unit=""),
    ]
    secret = Metadata(family="traced_hidden", type=MetricType.COUNTER, help="A secret.", unit="")
    ages = {"retention": Duration.parse("100y")}
    full_dir, part_dir = tmp_path_factory.mktemp("full"), tmp_path_factory.mktemp("part")
    with house(full_dir, **ages) as full, house(part_dir, **ages) as part:
        put(full, everything, [*told, secret])
        put(part, [one for one in everything if sees(one.labels)], told)
        yield Both(full, full.token(Order(selector=SELECTOR)), part, start)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # numpy, of the bits of a stale marker
def test_generated_queries_have_the_answers_of_a_gateway_without_the_rest(both: Both) -> None:
    answered = 0
    for seed in range(SEEDS):
        rng = random.Random(seed)
        query = Maker(seed).query()
        at = both.start + rng.randrange(500, SAMPLES * INTERVAL_MS // 1000)
        full, part = both.ask("/api/v1/query", query=query, time=at)
        assert full == part, query
        answered += full[0] == 200 and '"result":[]' not in full[1]
        ranged = both.ask("/api/v1/query_range", query=query, start=at - 300, end=at, step=60)
        assert ranged[0] == ranged[1], query
    assert answered > SEEDS // 3, "most queries have no answer, and tell nothing"


def test_the_usual_expressions_too(both: Both) -> None:
    for query in expressions()[::4]:
        full, part = both.ask("/api/v1/query", query=query, time=both.start + 1207)
        assert full == part, query


@pytest.mark.parametrize(
    "query",
    [
        '{__name__!=""}',
        'count({__name__=~".+"})',
        'memory_bytes{instance="db-1"}',
        'absent(memory_bytes{instance="db-1"})',
        'absent_over_time(memory_bytes{job="db"}[5m])',
        "topk(100, memory_bytes)",
        "count_values('v', host_info)",
        "max_over_time(sum(memory_bytes)[10m:1m])",
        'memory_bytes or memory_bytes{instance="db-2"}',
        'memory_bytes unless on (os) host_info{instance="db-1"}',
        "memory_bytes * on (instance) group_left (rack) host_info",
        "scalar(sum(memory_bytes))",
        'label_replace(memory_bytes, "x", "$1", "instance", "(.*)")',
        "sort_by_label(memory_bytes, 'instance')",
        "histogram_quantile(0.9, rate(latency_seconds_bucket[5m]))",
        "memory_bytes @ start() offset 5m",
        "timestamp(memory_bytes)",
    ],
)
def test_whatever_a_query_does_it_reads_nothing_else(both: Both, query: str) -> None:
    full, part = both.ask("/api/v1/query", query=query, time=both.start + 1207)
    assert (full[0], full) == (200, part)


ALL: Final = '{__name__!=""}'
LISTS: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = {
    "series": ("/api/v1/series", {"match": ALL}),
    "series that are hidden": ("/api/v1/series", {"match": '{instance="db-1"}'}),
    "series of two selectors": ("/api/v1/series", {"match": ['{job="db"}', "memory_bytes"]}),
    "labels": ("/api/v1/labels", {}),
    "labels of a selector": ("/api/v1/labels", {"match": "cpu_seconds_total"}),
    "names": ("/api/v1/label/__name__/values", {}),
    "instances": ("/api/v1/label/instance/values", {}),
    "jobs": ("/api/v1/label/job/values", {}),
    "notes": ("/api/v1/label/note/values", {}),
    "modes of a selector": ("/api/v1/label/mode/values", {"match": "cpu_seconds_total"}),
    "hidden instances": ("/api/v1/label/instance/values", {"match": '{job="db"}'}),
    "metadata": ("/api/v1/metadata", {}),
    "hidden metadata": ("/api/v1/metadata", {"metric": "traced_hidden"}),
    "exemplars": ("/api/v1/query_exemplars", {"query": ALL, "start": 0, "end": 2e9}),
    "hidden exemplars": ("/api/v1/query_exemplars", {"query": "traced_hidden_total", "start": 0, "end": 2e9}),
}


@pytest.mark.parametrize("what", LISTS)
def test_a_list_has_nothing_of_the_rest(both: Both, what: str) -> None:
    path, parameters = LISTS[what]
    (status, text), part = both.get(path, **parameters)
    assert (status, text) == (200, part[1])
    hidden = [word for word in HIDDEN if word in text]
    assert not hidden


@pytest.mark.parametrize("span", [{"start": 1_700_000_100}, {"end": 1_700_000_100}, {"start": 1_800_000_000}])
@pytest.mark.parametrize("what", ["series", "labels", "names", "instances"])
def test_a_list_of_a_span_has_nothing_of_the_rest(both: Both, what: str, span: Mapping[str, object]) -> None:
    path, parameters = LISTS[what]
    full, part = both.get(path, **parameters, **span)
    assert full == part


@pytest.mark.parametrize("named", [("instance", ".*"), ("instance", "db-1"), ("__name__", ".+")])
def test_a_remote_reader_gets_nothing_of_the_rest(both: Both, named: tuple[str, str]) -> None:
    wanted = Matcher(name=named[0], type=MatchType.REGEX, value=named[1])
    request = compress(request_of(([wanted], 0, 2_000_000_000_000)).SerializeToString())
    full, part = (
        one.ask("POST", "/api/v1/read", {**PROTOBUF, **who}, body=request)
        for one, who in ((both.full, both.token), (both.part, {}))
    )
    assert full.status_code == part.status_code == 200
    (found,), (rest,) = (results_of(decompress(each.content)) for each in (full, part))
    assert expected(found, [], starts=False) == expected(rest, [], starts=False)
    assert all(sees(one.labels) for one in found)


def test_a_federating_server_gets_nothing_of_the_rest(
    both: Both, tmp_path_factory: pytest.TempPathFactory
) -> None:
    now = int(time.time() * 1000) - (SAMPLES - 1) * INTERVAL_MS
    with house(tmp_path_factory.mktemp("federated")) as full:
        admin = full.token(Order(role=Role.ADMIN))
        put(full, series(now), [], admin)
        who = full.token(Order(selector=SELECTOR))
        asked = urlencode({"match[]": ALL})
        everything = full.ask("GET", "/federate", admin, query_string=asked).text
        page = full.ask("GET", "/federate", who, query_string=asked).text
    assert "db-1" in everything
    assert "web-1" in page
    kept = [line for line in everything.splitlines() if "web-" in line and "idle" not in line]
    assert [line for line in page.splitlines() if not line.startswith("#")] == kept


def test_what_shows_more_than_series_is_not_for_those_who_are_confined(both: Both) -> None:
    for path in (
        "/api/v1/status/tsdb",
        "/api/v1/status/config",
        "/metrics",
        "/api/v1/rules",
        "/api/v1/tokens",
    ):
        answer = both.full.ask("GET", path, both.token)
        assert answer.status_code == 403
        assert answer.json["error"].startswith("Token ")


def test_an_agent_that_is_hidden_is_in_no_list_and_found_by_nobody(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with house(tmp_path_factory.mktemp("fleet")) as fleet:
        agents = fleet.token(Order(agents=["web-1", "db-1"]))
        viewer = fleet.token(Order(role=Role.VIEWER))
        who = fleet.token(Order(selector=SELECTOR))
        for name in ("web-1", "db-1", "web-2"):
            document = {
                "agent_id": f"id-of-{name}",
                "name": name,
                "metrics_url": f"http://{name}:9256/metrics",
            }
            answer = fleet.ask("POST", "/api/v1/agents/register", agents, json=document)
            assert answer.status_code == (403 if name == "web-2" else 200), answer.text
        for path in ("agents", "agents/events", "sd/agents"):
            assert "db-1" in fleet.ask("GET", f"/api/v1/{path}", viewer).text, path
            text = fleet.ask("GET", f"/api/v1/{path}", who).text
            assert ("web-1" in text, "db-1" in text) == (True, False), path
        for hidden in ("db-1", "id-of-db-1", "nobody"):
            for path in (f"agents/{hidden}", f"agents/{hidden}/events"):
                assert fleet.ask("GET", f"/api/v1/{path}", who).status_code == 404
        assert fleet.ask("POST", "/api/v1/agents/id-of-db-1/heartbeat", agents, json={}).status_code != 403
        other = fleet.token(Order(agents=["web-*"]))
        assert fleet.ask("POST", "/api/v1/agents/id-of-db-1/heartbeat", other, json={}).status_code == 403


def test_whoever_takes_the_id_of_a_deleted_agent_does_not_take_its_processes(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with house(tmp_path_factory.mktemp("deleted")) as fleet:
        admin = fleet.token(Order(role=Role.ADMIN))
        ours, theirs = {"agent_id": "agent-0001", "name": "web-1"}, {"agent_id": "agent-0001", "name": "db-1"}
        at_ms = int(time.time() * 1000)
        snapshot = {"version": 1, "agent": "agent-0001", "time": at_ms, "processes": []}
        path = "/api/v1/agents/agent-0001"
        assert fleet.ask("POST", "/api/v1/agents/register", admin, json=ours).status_code == 200
        assert fleet.ask("POST", f"{path}/processes", admin, json=snapshot).status_code == 200
        assert fleet.ask("GET", f"{path}/processes", admin).json["data"]["time"] == at_ms / 1000
        assert fleet.ask("DELETE", path, admin).status_code == 204
        assert fleet.ask("POST", "/api/v1/agents/register", admin, json=theirs).status_code == 200
        assert fleet.ask("GET", f"{path}/processes", admin).json["data"]["time"] is None
