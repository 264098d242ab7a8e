"""Relabelling does what Prometheus does with the same rules, and refuses what it refuses."""

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.errors import BadRule
from delivery.relabel import Rule, relabel
from remotewrite.model import Sample, Series
from tests.delivery.receiver import Receiver, receiving
from tests.peers.senders import message_of, post_v1
from tests.peers.servers import Servers
from tests.peers.sink import Request
from tests.strategies import series_of_v1
from timeseries.labels import Labels

HOST = {"__name__": "cpu_total", "cpu": "0", "instance": "Web-1:9100", "job": "node"}


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        (Rule(target_label="dc", replacement="x"), {"dc": "x"}),
        (Rule(source_labels=("instance",), regex="(.+):.*", target_label="host"), {"host": "Web-1"}),
        (Rule(source_labels=("instance",), regex="(.+)-.", target_label="host"), {}),
        (Rule(source_labels=("job", "cpu"), target_label="both"), {"both": "node;0"}),
        (Rule(source_labels=("job", "none"), separator="/", target_label="both"), {"both": "node/"}),
        (Rule(target_label="job", replacement=""), {"job": ""}),
        (Rule(target_label="job", replacement="$2"), {"job": ""}),
        (
            Rule(source_labels=("job",), regex="(?P<a>n)(.*)", target_label="x", replacement="$$${a}_$2$"),
            {"x": "$n_ode$"},
        ),
        (
            Rule(source_labels=("job",), regex="(n)(.*)", target_label="x", replacement="${1}x$1x-${"),
            {"x": "nx-${"},
        ),
        (Rule(source_labels=("job",), target_label="${1}_name", replacement="y"), {"node_name": "y"}),
        (Rule(source_labels=("cpu",), target_label="$1", replacement="y"), {}),
        (Rule(action="hashmod", source_labels=("instance",), modulus=1000, target_label="h"), {"h": "554"}),
        (Rule(action="labelmap", regex="(c)pu", replacement="my_$1"), {"my_c": "0"}),
        (Rule(action="labeldrop", regex="cpu|jo"), {"cpu": ""}),
        (Rule(action="labelkeep", regex="__name__|cpu"), {"instance": "", "job": ""}),
        (Rule(action="lowercase", source_labels=("instance",), target_label="l"), {"l": "web-1:9100"}),
        (Rule(action="uppercase", source_labels=("instance",), target_label="l"), {"l": "WEB-1:9100"}),
        (Rule(action="keep", source_labels=("job",), regex="no.*"), {}),
        (Rule(action="keep", source_labels=("job",), regex="no"), None),
        (Rule(action="drop", source_labels=("job",), regex="no.*"), None),
        (Rule(action="drop", source_labels=("none",), regex=""), None),
        (Rule(action="keepequal", source_labels=("job",), target_label="cpu"), None),
        (Rule(action="dropequal", source_labels=("none",), target_label="other"), None),
        (Rule(action="dropequal", source_labels=("job",), target_label="cpu"), {}),
        (Rule(action="labelkeep", regex="none"), None),
    ],
)
def test_a_rule_changes_labels_or_drops_the_series(rule: Rule, changes: dict[str, str] | None) -> None:
    expected = None if changes is None else Labels({**HOST, **changes})
    assert relabel(Labels(HOST), [rule]) == expected


def test_a_series_that_was_dropped_stays_dropped() -> None:
    drop = Rule(action="drop", source_labels=("job",), regex="node")
    assert relabel(Labels(HOST), [drop, Rule(target_label="job", replacement="x")]) is None


def test_rules_follow_one_another() -> None:
    rules = [
        Rule(source_labels=("instance",), regex="(.*):.*", target_label="host"),
        Rule(action="lowercase", source_labels=("host",), target_label="host"),
        Rule(action="labeldrop", regex="instance"),
        Rule(action="keep", source_labels=("host",), regex="web.*"),
    ]
    assert relabel(Labels(HOST), rules) == Labels(
        {"__name__": "cpu_total", "cpu": "0", "host": "web-1", "job": "node"}
    )


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"action": "keep", "regex": "("}, "is no regular expression"),
        ({"action": "keep", "regex": "(?=a)"}, r"\(\?= is not supported"),
        ({}, "replace needs a target_label"),
        ({"target_label": "a-b"}, "a-b is no label name"),
        ({"target_label": "0${1}"}, "is no label name"),
        ({"action": "hashmod", "target_label": "a"}, "modulus"),
        ({"action": "hashmod", "target_label": "${1}", "modulus": 2}, "is no label name"),
        ({"action": "keep", "source_labels": ("a-b",)}, "source_labels: a-b is no label name"),
        ({"action": "keep", "modulus": -1}, "the modulus is below 0"),
        ({"action": "labelmap", "replacement": "a-b"}, "replacement a-b is no label name"),
        ({"action": "labeldrop", "source_labels": ("a",)}, "labeldrop takes no source_labels"),
        ({"action": "keepequal", "target_label": "a", "regex": "b"}, "keepequal takes no regex"),
        ({"action": "lowercase", "target_label": "a", "replacement": "b"}, "lowercase takes no replacement"),
        ({"action": "frobnicate"}, "no action frobnicate"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRule, match=message):
        Rule(**rule)


@given(st.text(max_size=30), st.text(max_size=10))
def test_any_text_is_a_template(template: str, value: str) -> None:
    rule = Rule(source_labels=("a",), target_label="b", replacement=template)
    relabel(Labels.trusted([("a", value)]), [rule])


# --- the same rules in Prometheus ---

BLOCKS = 120
SECONDS = 30.0

NAMES = ["__name__", "job", "instance", "mode", "device", "a_b", "A", "none"]
VALUES = ["node", "Web-1:9100", "idle", "/dev/sda1", "a;b", "äÖ", "10", "x", "$1", "A"]
REGEXES = [
    "(.*)", ".+", "", "(?P<first>[^;]*);(.*)", "(.+):[0-9]+", "no.*|x", "(?i)WEB-(.)(:)?.*", r"(\w+)_(\w+)",
    "[[:alpha:]]+", "(a)|(b)", "[^:]*", r"(?i:I)dle|\d+", "(node)()", "mode|device", "__name__|job|A",
    "x(?i)|a", "(.*)(;.*)?", r"\Q$1\E",
]  # fmt: skip
REPLACEMENTS = [
    "$1",
    "${1}",
    "$2$1",
    "${first}",
    "$$1",
    "x",
    "",
    "$1x",
    "${1}x",
    "a${2}b$",
    "$01",
    "-$1-",
    "$0",
]
TARGETS = ["job", "mode", "new", "a_b", "__name__", "x_${1}", "$1"]


def some_rule(chance: random.Random) -> dict[str, Any]:
    """A rule as it stands in YAML."""
    action = chance.choice([
        "replace", "replace", "replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap",
        "labeldrop", "labelkeep", "lowercase", "uppercase",
    ])  # fmt: skip
    rule: dict[str, Any] = {"action": action}
    if action not in ("labelmap", "labeldrop", "labelkeep"):
        rule["source_labels"] = chance.choices(NAMES, k=chance.choice([1, 1, 2, 3]))
    if action not in ("keepequal", "dropequal") and chance.random() < 0.9:
        rule["regex"] = chance.choice(REGEXES)
    if action in ("replace", "keep", "hashmod") and chance.random() < 0.3:
        rule["separator"] = chance.choice(["", "/", ";;"])
    if action == "replace":
        rule["target_label"] = chance.choice(TARGETS)
        rule["replacement"] = chance.choice(REPLACEMENTS)
    elif action in ("keepequal", "dropequal", "hashmod", "lowercase", "uppercase"):
        rule["target_label"] = chance.choice(TARGETS[:5])
    if action == "labelmap":
        rule["replacement"] = chance.choice(["my_$1", "other", "x${1}_$2"])
    if action == "hashmod":
        rule["modulus"] = chance.choice([1, 7, 2**40])
    return rule


def some_series(chance: random.Random, number: int) -> Labels:
    names = chance.sample(NAMES[1:-1], k=chance.randint(1, 5))
    return Labels({"__name__": f"cpu_{number % 3}_total", **{name: chance.choice(VALUES) for name in names}})


def ours(rules: list[dict[str, Any]], series: list[Labels]) -> dict[int, Labels]:
    made = [Rule(**{**rule, "source_labels": tuple(rule.get("source_labels", ()))}) for rule in rules]
    results = {number: relabel(labels, made) for number, labels in enumerate(series)}
    return {number: labels for number, labels in results.items() if labels is not None}


def theirs(receiver: Receiver, series: int) -> dict[str, dict[int, Labels]]:
    got: dict[str, dict[int, Labels]] = {}
    for each in receiver.got:
        for one in series_of_v1(message_of(Request(headers=dict(each.headers), body=each.body)))[0]:
            got.setdefault(each.path, {})[int(one.samples[0].value) % series] = one.labels
    return got


@pytest.mark.peer("prometheus")
def test_prometheus_does_the_same_with_generated_rules(tmp_path: Path) -> None:
    chance = random.Random(2042)
    blocks = [[some_rule(chance) for _ in range(chance.choice([1, 1, 2, 3]))] for _ in range(BLOCKS)]
    series = list(dict.fromkeys(some_series(chance, number) for number in range(30)))
    expected = {f"/{number}": ours(rules, series) for number, rules in enumerate(blocks)}
    with receiving() as receiver, Servers(tmp_path) as servers:
        base = receiver.url.removesuffix("/api/v1/write")
        remotes = [
            {
                "url": f"{base}/{number}",
                "write_relabel_configs": rules,
                "queue_config": {"max_shards": 1, "batch_send_deadline": "100ms"},
                "metadata_config": {"send": False},
            }
            for number, rules in enumerate(blocks)
        ]
        prometheus = servers.prometheus(json.dumps({"remote_write": remotes}))
        start, end = time.time_ns() // 1_000_000, time.monotonic() + SECONDS
        wanted = {path: results for path, results in expected.items() if results}
        for step in range(100):
            sent = [
                Series(labels=labels, samples=[Sample(start + 1 + step, float(number))])
                for number, labels in enumerate(series)
            ]
            assert post_v1(prometheus, sent).status_code == 204
            time.sleep(0.5)
            if {each.path for each in receiver.got} >= wanted.keys() or time.monotonic() > end:
                break
        time.sleep(1)
        got = theirs(receiver, len(series))
    for path, results in expected.items():
        assert got.get(path, {}) == results, blocks[int(path[1:])]
    assert sum(map(len, wanted.values())) > 10 * BLOCKS, "many series come through"
