"""Alertmanager's configuration means here what it means to the real amtool and the real Alertmanager."""

import json
import random
import re
import subprocess
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from alertrules.errors import BadFile
from alertrules.routing.configuration import Configuration
from alertrules.routing.loading import load_configuration
from alertrules.routing.matchers import format_matchers
from alertrules.routing.tree import all_routes, routes_of
from runtime.documents import parse_document
from runtime.errors import SettingsError
from tests.alertrules.routing.corpus import BAD, GOOD, NEWER, STRICTER
from tests.peers.required import find_program
from tests.peers.servers import Server, free_port
from tests.peers.sink import Sink
from timeseries.labels import Labels

TREES = 40
ALERTS_OF_A_TREE = 8
NAMES = "abc"
VALUES = ("", "1", "2", "12")

pytestmark = pytest.mark.peer("alertmanager")


def load(text: str) -> Configuration:
    return load_configuration(parse_document(text, "F"), "F")


def is_good(text: str) -> bool:
    try:
        load(text)
    except (BadFile, SettingsError):
        return False
    return True


def amtool(*arguments: str | Path) -> str:
    found = subprocess.run(
        [find_program("amtool") or "amtool", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout


def verdicts(directory: Path, texts: Sequence[str]) -> list[bool]:
    files = [directory / f"{place}.yml" for place in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    said = re.findall(r"Checking '[^']*/(\d+)\.yml'  (SUCCESS|FAILED)", amtool("check-config", *files))
    assert [int(place) for place, _ in said] == list(range(len(texts)))
    return [verdict == "SUCCESS" for _, verdict in said]


def test_amtool_has_the_same_verdict_on_every_file(tmp_path: Path) -> None:
    texts = [*GOOD, *(text for text, _ in BAD)]
    differing = [
        (text, theirs)
        for text, theirs in zip(texts, verdicts(tmp_path, texts), strict=True)
        if theirs != is_good(text)
    ]
    assert not differing


def test_only_what_is_named_so_is_newer_or_stricter_than_this_amtool(tmp_path: Path) -> None:
    newer, stricter = ([text for text, _ in several] for several in (NEWER, STRICTER))
    assert verdicts(tmp_path, newer + stricter) == [False] * len(newer) + [True] * len(stricter)
    assert list(map(is_good, newer + stricter)) == [True] * len(newer) + [False] * len(stricter)


def test_amtool_reads_the_original_without_secrets(tmp_path: Path) -> None:
    originals = [load(text).original for text in GOOD]
    assert verdicts(tmp_path, originals) == [True] * len(originals)


# --- routes ---


def made_tree(chance: random.Random) -> tuple[dict[str, Any], list[str]]:
    """A tree whose every route has a receiver of its own, so that receivers tell which routes were taken."""
    receivers = ["r0"]

    def matcher() -> str:
        operator = chance.choice(["=", "=", "!=", "=~", "!~"])
        value = chance.choice(["1|2", "1.*", ".+", ""]) if "~" in operator else chance.choice(VALUES)
        return f'{chance.choice(NAMES)}{operator}"{value}"'

    def below(depth: int) -> list[dict[str, Any]]:
        routes: list[dict[str, Any]] = []
        for _ in range(chance.randint(0, 3) if depth < 3 else 0):
            receivers.append(f"r{len(receivers)}")
            one: dict[str, Any] = {
                "receiver": receivers[-1],
                "matchers": [matcher() for _ in range(chance.randint(0, 2))],
                "continue": chance.random() < 0.7,
            }
            if chance.random() < 0.3:
                one["match_re"] = {chance.choice(NAMES): "1|12"}
            one["routes"] = below(depth + 1)
            routes.append(one)
        return routes

    return {"receiver": "r0", "routes": below(0)}, receivers


def test_alerts_go_to_the_routes_that_amtool_says(tmp_path: Path) -> None:
    chance = random.Random(7)
    file = tmp_path / "tree.yml"
    several = 0
    for _ in range(TREES):
        tree, receivers = made_tree(chance)
        # JSON is YAML.
        text = json.dumps({"route": tree, "receivers": [{"name": name} for name in receivers]})
        file.write_text(text)
        top = load(text).route
        for _ in range(ALERTS_OF_A_TREE):
            labels = {name: chance.choice(VALUES) for name in NAMES if chance.random() < 0.8}
            arguments = [f"{name}={value}" for name, value in labels.items() if value]
            said = amtool("config", "routes", "test", f"--config.file={file}", *arguments).splitlines()[-1]
            ours = [route.receiver for route in routes_of(top, Labels(labels))]
            assert said.split(",") == ours, (text, labels)
            several += len(ours) > 1
    assert several > TREES


def test_matchers_are_written_as_amtool_does(tmp_path: Path) -> None:
    file = tmp_path / "tree.yml"
    routes: list[dict[str, Any]] = [
        {"matchers": ['z="1"', 'a!~"q"', "a=q", 'a!="q"', "a=~p"]},
        {"match_re": {"b": 'x|"y'}, "match": {"c": 'é\\"\n'}},
        {"matchers": [r'a="\"\n\\\x"']},
    ]
    text = json.dumps({"route": {"receiver": "x", "routes": routes}, "receivers": [{"name": "x"}]})
    file.write_text(text)
    said = amtool("config", "routes", "show", f"--config.file={file}")
    for route in load(text).route.routes:
        assert f" {format_matchers(route.matchers)}  receiver: x" in said


# --- group keys ---

KEYED = """\
route:
  receiver: hook
  group_wait: 0s
  group_by: [alertname]
  routes:
    - matchers: ['b="1"']
      continue: true
      routes: [{match_re: {c: x|y}, matchers: ['a!="q\\"r"'], group_by: ['...']}]
    - matchers: ['b="1"']
receivers: [{name: hook, webhook_configs: [{url: URL}]}]
"""


def test_group_keys_begin_with_the_keys_of_routes(tmp_path: Path) -> None:
    with Sink() as sink:
        text = KEYED.replace("URL", sink.url)
        config = tmp_path / "am.yml"
        config.write_text(text)
        server = started(tmp_path, config)
        try:
            post(server, [{"labels": {"alertname": "A", "b": "1", "c": "x"}}])
            keys = {each.key for each in all_routes(load(text).route) if not each.routes} - {"{}"}
            for key in keys:
                sink.wait(lambda request, key=key: group_key(request.body).startswith(f"{key}:{{"))  # type: ignore[misc]
        finally:
            server.stop()


def started(directory: Path, config: Path) -> Server:
    port = free_port()
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                find_program("prometheus-alertmanager") or "prometheus-alertmanager",
                f"--config.file={config}",
                f"--storage.path={directory}/data",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server = Server(url=f"http://127.0.0.1:{port}", dir=directory, process=process)
    try:
        server.wait_ready("/-/ready")
    except Exception:
        server.stop()
        raise
    return server


def post(server: Server, alerts: list[dict[str, Any]]) -> None:
    request = urllib.request.Request(
        f"{server.url}/api/v2/alerts",
        json.dumps(alerts).encode(),
        {"Content-Type": "application/json"},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=10) as answer:
        assert answer.status == 200


def group_key(body: bytes) -> str:
    return str(json.loads(body)["groupKey"])
