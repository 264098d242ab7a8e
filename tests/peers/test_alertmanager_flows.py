"""Alerts through a running gateway, from a real Prometheus and beside a real Alertmanager, to a webhook."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.access.desk import Order
from gateway.access.roles import Role
from gateway.app import open_desk
from tests.gateway.access.gateways import TESTER, bearer
from tests.gateway.history.snapshots import sent
from tests.gateway.programs import Program, running
from tests.gateway.test_agents import registration
from tests.peers.pair import Side, pair, soon
from tests.peers.servers import Servers
from tests.peers.sink import Request, Sink

pytestmark = pytest.mark.peer("alertmanager")

ROUTES = """\
global:
  resolve_timeout: 5m
route:
  receiver: office
  group_by: [alertname]
  group_wait: 300ms
  group_interval: 700ms
  routes:
  - matchers: [severity="page"]
    receiver: 'pager (1)'
    group_by: [cluster, alertname]
    continue: true
  - matchers: [severity=~"page|info"]
    receiver: quiet
    group_by: ['...']
  - matchers: [team="few"]
    receiver: few
receivers:
- name: office
  webhook_configs:
  - url: URL
- name: pager (1)
  webhook_configs:
  - url: URL
    http_config: {basic_auth: {username: u, password: pässword}}
- name: quiet
  webhook_configs:
  - url: URL
    send_resolved: false
- name: few
  webhook_configs:
  - url: URL
    max_alerts: 2
  - url: URL
inhibit_rules:
- source_matchers: [alertname="Down"]
  target_matchers: [severity="info"]
  equal: [host]
"""
ONE = """\
route:
  receiver: team
  group_by: [alertname]
  group_wait: 100ms
  group_interval: 300ms
receivers:
- name: team
  webhook_configs: [{url: URL}]
"""


def with_url(config: str, sink: Sink) -> str:
    return config.replace("URL", f"http://{sink.address}/hook")


def body_of(request: Request) -> Any:
    return json.loads(request.body)


def told(sink: Sink, agent: str = "") -> list[Any]:
    """What came from whoever calls itself so."""
    return [body_of(one) for one in sink.requests.copy() if one.headers["user-agent"].startswith(agent)]


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as opened:
        yield opened


def post(side: Side, *alerts: dict[str, Any]) -> None:
    assert side.ask("POST", "alerts", list(alerts)).status_code == 200


def alert(name: str, ended: datetime | None = None, **labels: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "labels": {"alertname": name, **labels},
        "annotations": {"summary": f"{name} <b>ä&amp;</b>", "host": labels.get("host", "")},
        "startsAt": (now - timedelta(minutes=3)).replace(second=0, microsecond=120_000).isoformat(),
        "endsAt": (ended or now + timedelta(minutes=5)).isoformat(timespec="milliseconds"),
        "generatorURL": "http://prometheus/graph?g0.expr=up+%3D%3D+0&g0.tab=1",
    }


def plain(request: Request) -> tuple[str, str, str]:
    """A webhook's request without what is of one side or one moment."""
    body = body_of(request)
    body["externalURL"] = ""
    for each in body["alerts"]:
        each["ended"] = each.pop("endsAt") != "0001-01-01T00:00:00Z"
    body["alerts"].sort(key=lambda each: str(each["fingerprint"]))
    headers = {name: request.headers.get(name, "") for name in ("authorization", "content-type")}
    return body["groupKey"], json.dumps(body), json.dumps(headers)


def latest(sink: Sink, agent: str) -> dict[tuple[str, str, int], tuple[str, str, str]]:
    """The newest message of each group of each way."""
    found = {}
    for request in sink.requests.copy():
        if request.headers["user-agent"].startswith(agent):
            body = body_of(request)
            found[body["receiver"], body["groupKey"], body["truncatedAlerts"]] = plain(request)
    return found


def equal_soon(sink: Sink, done: Callable[[dict[Any, Any]], bool]) -> None:
    soon(lambda: done(latest(sink, "Alertmanager/")) and done(latest(sink, "fleetgauge/")))
    # A batch may be cut in two by the end of an interval: the rest follows.
    time.sleep(1.0)
    assert latest(sink, "fleetgauge/") == latest(sink, "Alertmanager/")


def test_webhooks_get_the_same_as_from_an_alertmanager(tmp_path: Path, sink: Sink) -> None:
    with pair(tmp_path, with_url(ROUTES, sink)) as both:
        names: list[tuple[str, dict[str, Any]]] = [
            ("Down", {"severity": "page", "cluster": "a", "host": "x"}),
            ("Down", {"severity": "page", "cluster": "a", "host": "y"}),
            ("Down", {"severity": "page", "cluster": "b", "host": "z"}),
            ("Note", {"severity": "info", "host": "x"}),
            ("Note", {"severity": "info", "host": "q"}),
            ("Other", {"host": "x", "empty": ""}),
            *(("Many", {"team": "few", "host": f"h{number}"}) for number in range(4)),
        ]
        firing = [alert(name, **labels) for name, labels in names]
        for side in (both.theirs, both.ours):
            post(side, *firing)
        # Two groups of the pager, four of the quiet one (Note on x is inhibited), two ways of the few.
        equal_soon(sink, lambda found: len(found) == 2 + 4 + 2 + 1)
        ended = datetime.now(UTC)
        over = [
            each | {"endsAt": ended.isoformat(timespec="milliseconds")}
            for each in firing
            if each["labels"]["host"] not in ("y", "h0")
        ]
        for side in (both.theirs, both.ours):
            post(side, *over)
        equal_soon(sink, lambda found: sum('"resolved"' in body for _, body, _ in found.values()) >= 5)
        quiet = [each for each in told(sink) if each["receiver"] == "quiet"]
        assert {each["status"] for each in quiet} == {"firing"}
        assert {one.headers["authorization"] for one in sink.requests if b'"pager' in one.body[:40]} == {
            "Basic dTpww6Rzc3dvcmQ="
        }


PROMETHEUS = """\
global: {evaluation_interval: 1s, external_labels: {site: here}}
rule_files: [RULES]
alerting:
  alertmanagers:
  - authorization: {credentials: TOKEN}
    static_configs: [{targets: ['TARGET']}]
"""


def rules(*alerts: str) -> str:
    return "groups:\n- name: g\n  interval: 1s\n  rules:\n" + "".join(alerts)


def rule(name: str, expr: str, labels: str = "") -> str:
    return (
        f"  - alert: {name}\n    expr: {expr}\n    labels: {{{labels}}}\n"
        "    annotations: {summary: 'It is {{ $value }}'}\n"
    )


@pytest.mark.peer("prometheus")
def test_a_prometheus_sends_its_alerts_with_an_editors_token(
    tmp_path: Path, servers: Servers, sink: Sink
) -> None:
    data, file, config = tmp_path / "data", tmp_path / "rules.yml", tmp_path / "am.yml"
    config.write_text(with_url(ONE, sink))
    file.write_text(rules(rule("High", "vector(7)", "host: a"), rule("High2", "vector(8)")))
    with gateway(data, config) as program:
        with open_desk(str(data)) as desk:
            tokens = {
                role: desk.create_token(Order(role=role), TESTER)[1] for role in (Role.VIEWER, Role.EDITOR)
            }
        viewer = bearer(tokens[Role.VIEWER])
        text = PROMETHEUS.replace("RULES", str(file)).replace("TARGET", program.url.partition("//")[2])
        # What it sends before it has looked for Alertmanagers, after five seconds, is lost.
        server = servers.prometheus(
            text.replace("TOKEN", tokens[Role.EDITOR]),
            "--web.enable-lifecycle",
            "--rules.alert.resend-delay=1s",
        )
        soon(lambda: {each["groupLabels"]["alertname"] for each in told(sink)} == {"High", "High2"})
        [body] = [each for each in told(sink) if each["groupLabels"] == {"alertname": "High"}][:1]
        assert body["commonLabels"] == {"alertname": "High", "host": "a", "site": "here"}
        assert body["commonAnnotations"] == {"summary": "It is 7"}
        assert "/graph?g0.expr=vector" in body["alerts"][0]["generatorURL"]
        assert [one["state"] for one in history(program, viewer)] == ["firing", "firing"]
        assert requests.get(f"{program.url}/api/v2/alerts", timeout=5).status_code == 401
        # A viewer may not send: the gateway says no, and Prometheus counts it.
        answer = requests.post(f"{program.url}/api/v2/alerts", json=[], headers=viewer, timeout=5)
        assert answer.status_code == 403
        file.write_text(rules(rule("High", "vector(7) > 9", "host: a"), rule("High2", "vector(8)")))
        requests.post(f"{server.url}/-/reload", timeout=5)
        soon(lambda: told(sink)[-1]["status"] == "resolved")
        assert told(sink)[-1]["alerts"][0]["labels"]["alertname"] == "High"
        soon(lambda: {one["state"] for one in history(program, viewer, "name=High")} == {"resolved"})
        [entry] = history(program, viewer, "name=High")
        assert entry["resolved_is_exact"]


def gateway(data: Path, config: Path, *arguments: str) -> Any:
    return running(
        "gateway", "--listen=127.0.0.1:0", f"--data-dir={data}", f"--alertmanager-config={config}", *arguments
    )


def history(program: Program, headers: Any = None, query: str = "") -> list[Any]:
    answer = requests.get(f"{program.url}/api/v1/alerts/history?{query}", headers=headers, timeout=5)
    return list(answer.json()["data"]["episodes"])


def test_own_rules_tell_what_ran_on_the_host(tmp_path: Path, servers: Servers, sink: Sink) -> None:
    config, file = tmp_path / "am.yml", tmp_path / "rules.yml"
    config.write_text(with_url(ONE, sink))
    file.write_text("groups: []\n")
    beside = servers.alertmanager(with_url(ONE, sink))
    with gateway(tmp_path / "data", config, f"--rules={file}", f"--alertmanager={beside.url}") as program:
        said = json.loads(registration(1))
        assert requests.post(f"{program.url}/api/v1/agents/register", json=said, timeout=5).ok
        row = {"pid": 7, "start": 1_790_000_000_000, "name": "miner", "cpu": 99.0, "rss": 1 << 20}
        answer = requests.post(
            f"{program.url}/api/v1/agents/agent-0001/processes",
            data=sent(int(time.time() * 1000), [row], agent="agent-0001"),
            headers={"Content-Type": "application/json"},
            timeout=5,
        )
        assert answer.ok, answer.text
        file.write_text(rules(rule("Busy", "vector(99)", "instance: web-1")))
        assert requests.post(f"{program.url}/-/reload", timeout=10).ok
        soon(lambda: told(sink, "fleetgauge/") and told(sink, "Alertmanager/"))
        [mine] = told(sink, "fleetgauge/")[0]["alerts"]
        assert mine["evidence"]["agent"] == "web-1"
        assert mine["evidence"]["summary"].startswith("CPU: miner[7] 99 %")
        assert mine["evidence"]["processes"][0]["pid"] == 7
        assert mine["annotations"] == {"summary": "It is 99"}
        [theirs] = told(sink, "Alertmanager/")[0]["alerts"]
        assert theirs["annotations"] == {"summary": "It is 99", "evidence": mine["evidence"]["summary"]}
        assert theirs["fingerprint"] == mine["fingerprint"]
        listed = requests.get(f"{program.url}/api/v2/alerts", timeout=5).json()
        assert listed[0]["evidence"] == mine["evidence"]
        assert history(program)[0]["number"] == mine["evidence"]["history"]


def test_a_changed_file_is_used_and_a_wrong_one_refused(tmp_path: Path, sink: Sink) -> None:
    config = tmp_path / "am.yml"
    config.write_text(with_url(ONE, sink))
    with gateway(tmp_path / "data", config) as program:
        side = Side(url=program.url)
        post(side, alert("First"))
        soon(lambda: told(sink))

        def reloaded(text: str) -> requests.Response:
            config.write_text(with_url(text, sink))
            return requests.post(f"{program.url}/-/reload", timeout=10)

        def receivers() -> list[str]:
            return [each["name"] for each in side.ask("GET", "receivers").json()]

        for text, line in (
            (ONE.replace("group_wait", "group_weight"), f"{config}, line 4"),
            (ONE.replace("receiver: team", "receiver: pager"), f"{config}, line 2"),
            (ONE.replace("webhook_configs: [{url: URL}]", "apprise_configs: [{url: 'x://y'}]"), "team"),
            (f"{ONE}templates: [broken.tmpl]\n", "broken.tmpl"),
            (f"{ONE}templates: [directory.tmpl]\n", "directory.tmpl"),
        ):
            (tmp_path / "broken.tmpl").write_text("{{ if }}")
            (tmp_path / "directory.tmpl").mkdir(exist_ok=True)
            answer = reloaded(text)
            assert (answer.status_code, line in answer.text) == (400, True), answer.text
            assert receivers() == ["team"]
        config.unlink()
        answer = requests.post(f"{program.url}/-/reload", timeout=10)
        assert (answer.status_code, str(config) in answer.text) == (400, True)
        post(side, alert("Second"))
        soon(lambda: told(sink)[-1]["groupLabels"] == {"alertname": "Second"})
        # Templates that are not there yet may come later, as with Alertmanager.
        text = f"{ONE.replace('team', 'other')}templates: [none.tmpl, 'none/*.tmpl']\n"
        assert reloaded(text).status_code == 200
        assert receivers() == ["other"]
        post(side, alert("Third"))
        soon(lambda: "Third" in str(told(sink)[-1]))
        assert told(sink)[-1]["receiver"] == "other"


def test_a_test_message_arrives_and_says_so(tmp_path: Path, sink: Sink) -> None:
    config = tmp_path / "am.yml"
    refused = "  - url: http://127.0.0.1:9/none\n"
    config.write_text(with_url(ROUTES.replace("    max_alerts: 2\n", f"    max_alerts: 2\n{refused}"), sink))
    with gateway(tmp_path / "data", config) as program:
        path = f"{program.url}/api/v1/notifications/test"
        answer = requests.post(path, json={"receiver": "few"}, timeout=20).json()["data"]
        assert [(one["integration"], one["ok"]) for one in answer] == [
            ("webhook[0]", True),
            ("webhook[1]", False),
            ("webhook[2]", True),
        ]
        assert answer[1]["error"]
        assert [(one["test"], one["receiver"], one["status"]) for one in told(sink)] == [
            (True, "few", "firing")
        ] * 2
        assert requests.post(path, json={"receiver": "nobody"}, timeout=5).status_code == 404
        assert requests.post(path, json={}, timeout=5).status_code == 400
        assert requests.get(f"{program.url}/api/v1/notifications", timeout=5).json()["data"] == []
