"""What agents and people say is read strictly: good bodies whole, others with a sentence."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.reporting import messages as agent
from gateway.registry import messages
from gateway.registry.errors import BadMessage
from gateway.registry.model import Edits, Facts, Vitals
from tests.exporter.gateways import FACTS, WELL
from timeseries.labels import Labels

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


def registration(**changed: Any) -> bytes:
    said = json.loads(agent.registration(FACTS, agent_id="agent-0001", interval_s=10.0))
    return json.dumps(said | changed).encode()


def heartbeat(**changed: Any) -> bytes:
    said = json.loads(agent.heartbeat(WELL, pid=7, now_s=5.0, stopping=False))
    return json.dumps(said | changed).encode()


def test_what_the_agent_writes_is_understood() -> None:
    found = messages.registration(registration())
    assert (found.agent_id, found.name, found.labels) == ("agent-0001", "web-1", Labels({"env": "prod"}))
    assert (found.system.cpu_cores, found.system.hostname, found.collectors) == (
        2,
        "web-1",
        ("cpu", "meminfo"),
    )
    assert (found.metrics_url, found.interval_s, found.pid) == ("http://web-1:9256/metrics", 10.0, 4711)
    assert messages.heartbeat(heartbeat()) == Vitals(
        pid=7, cpu_percent=0.51, memory_bytes=30 << 20, timestamp=5.0, spool_bytes=4096, spool_oldest_s=12.3
    )


def test_little_is_needed_and_more_is_left_alone() -> None:
    assert messages.registration(b'{"agent_id": "12345678", "name": "n", "new": [1]}') == Facts(
        agent_id="12345678", name="n"
    )
    assert messages.heartbeat(b"{}") == Vitals()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"agent_id": "short"}, "agent_id"),
        ({"agent_id": "a" * 65}, "agent_id"),
        ({"agent_id": "register"}, "agent_id"),
        ({"agent_id": 12345678}, "agent_id"),
        ({"name": ""}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": "n" * (messages.MAX_NAME + 1)}, "name"),
        ({"labels": ["env"]}, "labels"),
        ({"labels": {"env": 1}}, "labels.env"),
        ({"labels": {"__name__": "x"}}, "labels."),
        ({"labels": {"": "x"}}, "labels."),
        ({"labels": {"a.b": "x"}}, "labels.a.b"),
        ({"labels": {"\udc00": "x"}}, "labels."),
        ({"labels": {"n" * (messages.MAX_LABEL_NAME + 1): "x"}}, "labels."),
        ({"labels": {"n": "x" * (messages.MAX_LABEL_VALUE + 1)}}, "labels.n"),
        ({"labels": {f"n{i}": "x" for i in range(messages.MAX_LABELS + 1)}}, "labels"),
        ({"version": "x" * (messages.MAX_TEXT + 1)}, "version"),
        ({"pid": -1}, "pid"),
        ({"pid": 1.5}, "pid"),
        ({"pid": True}, "pid"),
        ({"pid": 1 << 63}, "pid"),
        ({"system": []}, "system"),
        ({"system": {"cpu_cores": "2"}}, "system.cpu_cores"),
        ({"metrics_url": "x" * (messages.MAX_URL + 1)}, "metrics_url"),
        ({"collectors": "cpu"}, "collectors"),
        ({"collectors": [1]}, "collectors"),
        ({"collectors": ["x"] * (messages.MAX_COLLECTORS + 1)}, "collectors"),
        ({"heartbeat_interval_s": None}, "heartbeat_interval_s"),
    ],
)
def test_a_bad_registration_is_refused_by_the_name_of_its_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadMessage, match=f'^"{field}'):
        messages.registration(registration(**changed))


def test_what_is_as_long_as_it_may_be_is_taken() -> None:
    labels = {
        f"l{i:0{messages.MAX_LABEL_NAME - 1}}": "x" * messages.MAX_LABEL_VALUE
        for i in range(messages.MAX_LABELS)
    }
    collectors = ["x" * messages.MAX_NAME] * messages.MAX_COLLECTORS
    body = registration(
        agent_id="a" * 64,
        name="n" * messages.MAX_NAME,
        labels=labels,
        version="x" * messages.MAX_TEXT,
        metrics_url="x" * messages.MAX_URL,
        collectors=collectors,
    )
    assert len(body) < messages.MAX_BODY_BYTES
    found = messages.registration(body)
    assert len(found.labels) == messages.MAX_LABELS
    assert len(found.collectors) == messages.MAX_COLLECTORS


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"status": "sleeping"}, "status"),
        ({"status": []}, "status"),
        ({"spool": 5}, "spool"),
        ({"spool": {"bytes": -1}}, "spool.bytes"),
        ({"timestamp": "now"}, "timestamp"),
        ({"failing_collectors": {"a": 1}}, "failing_collectors"),
        ({"last_error": None}, "last_error"),
    ],
)
def test_a_bad_heartbeat_is_refused_by_the_name_of_its_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadMessage, match=f'^"{field}"'):
        messages.heartbeat(heartbeat(**changed))


def test_a_long_error_is_cut() -> None:
    assert messages.heartbeat(heartbeat(last_error="x" * 9999)).last_error == "x" * messages.MAX_TEXT


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff", b"[]", b"1", b'{"pid": NaN}', b'{"pid": 1e999}', b"[" * 100_000, b"9" * 5000,
        b'{"pid": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_garbage_is_refused(body: bytes) -> None:
    for read in (messages.registration, messages.heartbeat, lambda body: messages.edited(body, Edits())):
        with pytest.raises(BadMessage):
            read(body)


NAMES = sorted({"groups", *json.loads(registration()), *json.loads(heartbeat())})


@given(st.dictionaries(st.sampled_from(NAMES), JSON), st.binary(max_size=20))
def test_only_declared_errors_escape(said: dict[str, Any], noise: bytes) -> None:
    for body in (json.dumps(said).encode(), registration(**said), heartbeat(**said), noise):
        for read in (messages.registration, messages.heartbeat, lambda body: messages.edited(body, Edits())):
            sentences: list[str] = []
            try:
                read(body)
            except BadMessage as error:
                sentences.append(str(error))
            assert all(sentence.isprintable() for sentence in sentences)


def test_labels_are_edited_one_by_one_and_groups_as_a_whole() -> None:
    before = Edits(labels=Labels({"a": "1", "b": "2"}), groups=("x",))
    assert messages.edited(b"{}", before) == before
    found = messages.edited(b'{"labels": {"a": null, "c": "3"}, "groups": ["z", "y", "z"]}', before)
    assert found == Edits(labels=Labels({"b": "2", "c": "3"}), groups=("y", "z"))


@pytest.mark.parametrize(
    "said",
    [
        {"name": "x"}, {"labels": {"a": False}}, {"labels": {"a": []}}, {"groups": "x"}, {"groups": None},
        {"groups": ["a,b"]}, {"groups": [" "]}, {"groups": ["x"] * (messages.MAX_GROUPS + 1)},
        {"labels": {f"n{i}": "x" for i in range(messages.MAX_LABELS + 1)}},
    ],
)  # fmt: skip
def test_a_bad_edit_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(BadMessage):
        messages.edited(json.dumps(said).encode(), Edits())
