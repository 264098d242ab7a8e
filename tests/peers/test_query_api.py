"""The gateway answers Prometheus' API as Prometheus does: the same data, the same requests, both answers."""

import time
from collections.abc import Iterator
from typing import Any, Final

import pytest
import requests

from remotewrite.compression import compress
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Sample, Series
from tests.gateway.programs import Program, running
from tests.peers.senders import post_v1
from tests.peers.servers import Server, Servers
from tests.remotewrite.golden import FLOAT, INTEGER
from tests.strategies import from_bits
from timeseries.exemplar import Exemplar
from timeseries.histogram import HistogramSample
from timeseries.labels import Labels

# Each is written in a way of its own: at the borders of exponents, without digits after the point, and so on.
ODD_NUMBERS: Final = (
    *(0.0, -0.0, 1.0, -1.0, 0.1, 1 / 3, 100.0, 1e15, 123456789.125, 2.0**53, 2.0**63, 1e16, 1e17, 1e20),
    *(9.99999999999999e20, 1e21, 1.5e21, -1e21, 1e22, 1e100, 1.7976931348623157e308),
    *(1e-4, 1e-5, 1.25e-5, 1e-6, 1.5e-6, 9.99e-7, 1e-7, 1e-9, 1e-10, 1e-100, 5e-324, -5e-324),
    *(float("inf"), float("-inf"), from_bits(0x7FF8000000000001)),
)
FEATURES: Final = "--enable-feature=exemplar-storage,native-histograms,promql-negative-offset"
STEPS: Final = 8


class Pair:
    """A Prometheus and a gateway with the same data, the newest of it some seconds old."""

    def __init__(self, prometheus: Server, gateway: Program) -> None:
        self.prometheus = prometheus
        self.gateway = gateway
        # Times with and without digits after the point.
        self.start_ms = time.time_ns() // 1_000_000_000 * 1000 - 120_000 + 50
        data = self._data()
        assert post_v1(prometheus, data).status_code == 204
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
        body = compress(encode_v1(data))
        answer = requests.post(f"{gateway.url}/api/v1/write", data=body, headers=headers, timeout=10)
        assert answer.status_code == 204, answer.text

    def _data(self) -> list[Series]:
        at = [self.start_ms + 10_050 * step for step in range(STEPS)]
        data = [
            Series(
                labels=Labels({"__name__": "odd", "number": f"{index:02}"}), samples=[Sample(at[-1], value)]
            )
            for index, value in enumerate(ODD_NUMBERS)
        ]
        for instance in ("a", "b", 'c"\\\n✓<&>'):
            labels = Labels({"__name__": "requests_total", "instance": instance, "job": "api"})
            data.append(Series(labels=labels, samples=[Sample(time_ms, 3.5 * time_ms) for time_ms in at]))
        data.append(
            Series(
                labels=Labels({"__name__": "with_gap", "job": "api"}),
                samples=[Sample(at[0], 1), Sample(at[1], from_bits(0x7FF0000000000002)), Sample(at[5], 2)],
                exemplars=[Exemplar(labels=Labels({"trace_id": "4bf9"}), value=0.25, time_ms=at[5])],
            )
        )
        for name, histogram in (("integer_seconds", INTEGER), ("float_seconds", FLOAT)):
            samples = [HistogramSample(time_ms, histogram) for time_ms in at]
            data.append(Series(labels=Labels({"__name__": name, "job": "api"}), histograms=samples))
        return data

    def ask(
        self, path: str, parameters: dict[str, object], method: str = "get"
    ) -> tuple[requests.Response, requests.Response]:
        """Ask both."""
        given = {"params" if method == "get" else "data": self._timed(parameters)}
        both = [
            requests.request(method, f"{url}/api/v1/{path}", timeout=10, **given)  # type: ignore[arg-type]
            for url in (self.prometheus.url, self.gateway.url)
        ]
        return both[0], both[1]

    def _timed(self, parameters: dict[str, object]) -> dict[str, object]:
        """Seconds after the first sample, as times."""
        return {
            name.replace("match", "match[]"): (
                f"{self.start_ms / 1000 + value:.3f}" if isinstance(value, float) else value
            )
            for name, value in parameters.items()
        }


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with (
        Servers(tmp_path_factory.mktemp("peers")) as servers,
        running("gateway", "--listen", "127.0.0.1:0", "--enable-admin-api") as gateway,
    ):
        yield Pair(servers.prometheus("scrape_configs: []\n", FEATURES, "--web.enable-admin-api"), gateway)


def plain(answer: requests.Response) -> Any:
    """The answer without the order of series, which is each server's own, and without statistics."""
    content = answer.json()
    data = content.get("data")
    if isinstance(data, dict) and "result" in data and isinstance(data["result"], list):
        data["result"].sort(key=str)
        data.pop("stats", None)
    if isinstance(data, list):
        data.sort(key=str)
    return content


SAME: Final[list[tuple[str, dict[str, object]]]] = [
    ("query", {"query": "1+1", "time": "4"}),
    ("query", {"query": '"text ✓"', "time": 1.5}),
    ("query", {"query": "time()", "time": "1790000000.1239"}),
    ("query", {"query": "vector(-0.5)", "time": "-0.5"}),
    ("query", {"query": "vector(1)", "time": "2026-11-20T16:00:00.25+02:00"}),
    ("query", {"query": "odd", "time": 75.0}),
    ("query", {"query": "odd[1m]", "time": 75.0}),
    ("query", {"query": "requests_total[30s]", "time": 60.0, "stats": "all"}),
    ("query", {"query": "rate(requests_total[1m])", "time": 70.0, "timeout": "10s"}),
    ("query", {"query": "sum by (job) (requests_total)", "time": 70.0}),
    ("query", {"query": "sort_desc(requests_total)", "time": 70.0}),
    ("query", {"query": "absent(nothing)", "time": 70.0}),
    ("query", {"query": "nothing", "time": 70.0}),
    ("query", {"query": "float_seconds", "time": 70.0}),
    ("query_range", {"query": "float_seconds", "start": 0.0, "end": 20.0, "step": "5"}),
    ("query", {"query": "float_seconds[20s]", "time": 19.0}),
    ("query", {"query": "with_gap", "time": 15.0}),
    ("query", {"query": "scalar(with_gap)", "time": 15.0}),
    ("query_range", {"query": "1", "start": 0.0, "end": 20.0, "step": "5"}),
    ("query_range", {"query": "time() / 3", "start": 0.0, "end": 20.0, "step": "1.7"}),
    ("query_range", {"query": "requests_total", "start": 0.0, "end": 70.0, "step": "5s"}),
    ("query_range", {"query": "with_gap", "start": -10.0, "end": 90.0, "step": "1s"}),
    ("query_range", {"query": "odd * 1", "start": 70.0, "end": 75.0, "step": "1"}),
    ("query_range", {"query": "nothing", "start": 70.0, "end": 75.0, "step": "1"}),
    ("query_range", {"query": "vector(1)", "start": 70.0, "end": 70.0, "step": "1m30s"}),
    ("series", {"match": "requests_total"}),
    ("series", {"match": ["with_gap", '{job="api", __name__=~"r.*"}'], "start": 0.0, "end": 90.0}),
    ("series", {"match": "nothing"}),
    ("series", {"match": "requests_total", "start": 5000.0}),
    ("labels", {}),
    ("labels", {"match": "requests_total", "start": 0.0}),
    ("labels", {"start": "-292273086-05-16T16:47:06Z", "end": "292277025-08-18T07:12:54.999999999Z"}),
    ("label/job/values", {}),
    ("label/__name__/values", {"match": '{job="api"}'}),
    ("label/nothing/values", {}),
    ("label/instance/values", {"start": 0.0, "end": 90.0}),
    ("format_query", {"query": "sum by(job)(rate(a[5m]))>1"}),
    ("query_exemplars", {"query": "rate(with_gap[5m])", "start": 0.0, "end": 90.0}),
    ("query_exemplars", {"query": "requests_total", "start": 0.0, "end": 90.0}),
    ("targets/metadata", {}),
    ("metadata", {}),
    ("metadata", {"metric": "nothing"}),
    ("rules", {}),
    ("rules", {"type": "alert"}),
    ("alerts", {}),
    ("alertmanagers", {}),
]


@pytest.mark.peer("prometheus")
@pytest.mark.parametrize(("path", "parameters"), SAME, ids=[f"{path} {given}" for path, given in SAME])
def test_both_answer_the_same(pair: Pair, path: str, parameters: dict[str, object]) -> None:
    theirs, ours = pair.ask(path, parameters)
    assert ours.status_code == theirs.status_code == 200, (theirs.text, ours.text)
    assert plain(ours) == plain(theirs)
    assert ours.headers["Content-Type"] == theirs.headers["Content-Type"]


POSTED: Final = ("query", "query_range", "series", "labels", "query_exemplars")


@pytest.mark.peer("prometheus")
@pytest.mark.parametrize(
    ("path", "parameters"), [(path, given) for path, given in SAME if path in POSTED and given]
)
def test_both_take_a_form(pair: Pair, path: str, parameters: dict[str, object]) -> None:
    theirs, ours = pair.ask(path, parameters, "post")
    assert ours.status_code == theirs.status_code == 200
    assert plain(ours) == plain(theirs)


@pytest.mark.peer("prometheus")
def test_sample_values_are_the_same_bytes(pair: Pair) -> None:
    theirs, ours = pair.ask("query", {"query": "odd", "time": 75.0})
    values = [
        sorted(text.split('"metric":')[1:])
        for text in (theirs.text.partition("]]")[0], ours.text.partition("]]")[0])
    ]
    assert values[0]
    assert [each.rstrip(",]}") for each in values[1]] == [each.rstrip(",]}") for each in values[0]]


REFUSED: Final[list[tuple[str, dict[str, object]]]] = [
    ("query", {"query": "1", "timeout": "soon"}),
    ("query", {"query": "1", "timeout": "1e30"}),
    ("query", {"query": "requests_total * on(job) requests_total", "time": 70.0}),
    ("query_range", {"query": "1", "end": 1.0, "step": "1"}),
    ("query_range", {"query": "1", "start": 1.0, "step": "1"}),
    ("query_range", {"query": "1", "start": "x", "end": 1.0, "step": "1"}),
    ("query_range", {"query": "1", "start": 2.0, "end": 1.0, "step": "1"}),
    ("query_range", {"query": "1", "start": 1.0, "end": 2.0}),
    ("query_range", {"query": "1", "start": 1.0, "end": 2.0, "step": "0"}),
    ("query_range", {"query": "1", "start": 1.0, "end": 2.0, "step": "-1"}),
    ("query_range", {"query": "1", "start": 1.0, "end": 2.0, "step": "1x"}),
    ("query_range", {"query": "1", "start": 0.0, "end": 11_001.0, "step": "1"}),
    ("series", {}),
    ("query_exemplars", {"query": "a", "start": 2.0, "end": 1.0}),
    ("metadata", {"limit": "x"}),
    ("query_exemplars", {"query": "a{"}),
    ("query", {"query": "sum("}),
    ("series", {"match": "{}"}),
    ("series", {"match": "a{"}),
    ("labels", {"match": "{}"}),
    ("label/job/values", {"match": "a["}),
    ("rules", {"type": "x"}),
    ("format_query", {"query": "sum("}),
]


@pytest.mark.peer("prometheus")
@pytest.mark.parametrize(("path", "parameters"), REFUSED, ids=[f"{path} {given}" for path, given in REFUSED])
def test_both_refuse_the_same_in_the_same_words(pair: Pair, path: str, parameters: dict[str, object]) -> None:
    theirs, ours = pair.ask(path, parameters)
    assert ours.status_code == theirs.status_code
    assert plain(ours) == plain(theirs)


@pytest.mark.peer("prometheus")
def test_both_show_a_histogram_with_the_same_buckets(pair: Pair) -> None:
    """The bounds of some schemas differ in the last digit."""
    theirs, ours = (
        answer.json()["data"]["result"][0]["histogram"][1]
        for answer in pair.ask("query", {"query": "integer_seconds", "time": 70.0})
    )
    assert (ours["count"], ours["sum"]) == (theirs["count"], theirs["sum"])
    for own, other in zip(ours["buckets"], theirs["buckets"], strict=True):
        assert (own[0], own[3]) == (other[0], other[3])
        assert [float(bound) for bound in own[1:3]] == pytest.approx([float(bound) for bound in other[1:3]])


# Where Prometheus 3 answers otherwise than 2.42, we follow 3: path, parameters, both statuses, our sentence.
NEWER: Final[list[tuple[str, dict[str, object], int, int, str]]] = [
    ("query", {"query": ""}, 400, 400, 'invalid parameter "query": unknown position: parse error: '),
    (
        "query",
        {"query": "1", "time": "x"},
        400,
        400,
        "invalid parameter \"time\": invalid time value for 'time'",
    ),
    (
        "query",
        {"query": "1", "limit": "-1"},
        200,
        400,
        'invalid parameter "limit": limit must be non-negative',
    ),
    (
        "query",
        {"query": "1", "lookback_delta": "x"},
        200,
        400,
        "error parsing lookback delta duration: cannot ",
    ),
    (
        "query_range",
        {"query": "a[5m]", "start": 1.0, "end": 2.0, "step": "1"},
        400,
        400,
        'invalid parameter "query"',
    ),
    (
        "query_range",
        {"query": "a{", "start": 1.0, "end": 2.0, "step": "1"},
        400,
        400,
        'invalid parameter "query"',
    ),
    (
        "series",
        {"match": "a", "end": "x"},
        400,
        400,
        "invalid parameter \"end\": invalid time value for 'end'",
    ),
    ("label/a-b/values", {}, 400, 200, ""),
    ("metadata", {"limit_per_metric": "x"}, 200, 400, "limit_per_metric must be a number"),
    ("parse_query", {"query": "1"}, 404, 200, ""),
    # A time beyond 64 bits, which Prometheus takes for some other one.
    ("query", {"query": "1", "time": "1e30"}, 200, 400, 'invalid parameter "time"'),
    # A step of less than a millisecond, on which 2.42 divides by zero.
    ("query_range", {"query": "1", "start": 1.0, "end": 1.5, "step": "0.0001"}, 422, 200, ""),
]


@pytest.mark.peer("prometheus")
@pytest.mark.parametrize("case", NEWER, ids=[f"{case[0]} {case[1]}" for case in NEWER])
def test_the_gateway_follows_prometheus_3(
    pair: Pair, case: tuple[str, dict[str, object], int, int, str]
) -> None:
    path, parameters, theirs, ours, sentence = case
    answers = pair.ask(path, parameters)
    assert [answer.status_code for answer in answers] == [theirs, ours]
    assert answers[0].text != answers[1].text
    assert str(answers[1].json().get("error", "")).startswith(sentence)


# Keys of ours that 2.42 does not have yet; there is none that only it has.
NEWER_KEYS: Final = {
    "status/buildinfo": set[str](),
    "status/runtimeinfo": {"hostname", "serverTime", "GOMEMLIMIT"},
    "status/config": set[str](),
    "status/tsdb": {"bytesByMetricName", "store"},
    "targets": {"droppedTargetCounts"},
}


@pytest.mark.peer("prometheus")
@pytest.mark.parametrize("path", NEWER_KEYS)
def test_what_is_told_of_the_server_has_all_keys(pair: Pair, path: str) -> None:
    theirs, ours = (answer.json()["data"] for answer in pair.ask(path, {}))
    assert set(ours) == set(theirs) | NEWER_KEYS[path]
    assert {name: type(ours[name]) for name in theirs} == {name: type(theirs[name]) for name in theirs}


@pytest.mark.peer("prometheus")
def test_flags_have_the_names_that_prometheus_gives_them(pair: Pair) -> None:
    theirs, ours = (answer.json()["data"] for answer in pair.ask("status/flags", {}))
    shared = {"query.timeout", "query.max-concurrency", "query.max-samples", "query.lookback-delta"}
    assert shared <= set(ours) & set(theirs)
    assert {name: ours[name] for name in shared - {"query.max-concurrency"}} == {
        name: theirs[name] for name in shared - {"query.max-concurrency"}
    }
