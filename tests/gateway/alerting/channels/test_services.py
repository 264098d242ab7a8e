"""What each service is asked, at the lowest edge: Apprise and requests are the real ones."""

from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest

from alertrules.errors import BadFile, NotifyFailed
from alertrules.notification import Notification
from gateway.alerting.channels.making import make_channel
from gateway.alerting.channels.services import NEEDS, SERVICES
from tests.gateway.alerting.channels.edge import Edge, Sent, edge_of
from tests.gateway.alerting.receivers import PlainTemplates, alert, integration, notification

FIRING = notification()
RESOLVED = notification(alert(ended=True))
KEY = sha256(FIRING.group_key.encode()).hexdigest()

SETTINGS: dict[str, dict[str, Any]] = {
    "apprise": {"url": "ntfys://ntfy.example.org/topic", "title": "{{ .Status }}", "body": "b"},
    "discord": {"webhook_url": "https://discord.com/api/webhooks/41742/JHMHI8q_s", "title": "{{ .Status }}"},
    "mattermost": {"webhook_url": "https://mm.example.org/hooks/abcdefgh", "title": "t", "text": "b"},
    "msteams": {"webhook_url": "https://x.webhook.example/webhookb2/abc", "title": "t", "text": "b"},
    "opsgenie": {
        "api_key": "og-key-1234",
        "message": "{{ .Status }}",
        "description": "d",
        "responders": [{"type": "team", "name": "ops"}],
        "tags": "a,b",
        "priority": "P1",
    },
    "pagerduty": {
        "routing_key": "rk0123456789",
        "description": "{{ .Status }}",
        "severity": "critical",
        "details": {"firing": "{{ .GroupKey }}"},
    },
    "pushover": {"user_key": "ukey123", "token": "tok123", "title": "t", "message": "m", "priority": "2"},
    "rocketchat": {
        "api_url": "https://chat.example.org", "token": "tokentoken", "token_id": "u/id", "channel": "ops",
        "text": "b",
    },
    "slack": {
        "api_url": "https://hooks.slack.com/services/T1JJ3/A1BRT/TIiajk",
        "channel": "#ops",
        "title": "{{ .Status }} a<b",
        "title_link": "http://gw/#/alerts?a=1&b=2",
        "text": "*x* <http://a|b>",
        "fields": [{"title": "host", "value": "{{ .Status }}"}],
        "color": "danger",
    },
    "sns": {
        "sigv4": {"region": "us-east-1", "access_key": "AK123456", "secret_key": "SK/123456"},
        "phone_number": "+15555550123",
        "message": "m",
    },
    "telegram": {
        "bot_token": "123456789:abcdefg_hijklmnop",
        "chat_id": -100123,
        "message": "<b>{{ .Status }}</b>",
        "parse_mode": "HTML",
        "disable_notifications": True,
    },
    "victorops": {
        "api_key": "1234abcd-1234-1234-1234-123456789abc", "routing_key": "team", "state_message": "m",
    },
    "webex": {
        "room_id": "room1234", "message": "m", "http_config": {"authorization": {"credentials": "bot-tok"}},
    },
    "wechat": {
        "corp_id": "corp1", "api_secret": "secret1", "agent_id": "1000", "to_user": "@all", "message": "m",
    },
}  # fmt: skip


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch) -> Edge:
    edge = edge_of(monkeypatch)
    edge.answer = b'{"ok":true,"requestId":"x","errcode":0,"access_token":"tok"}'
    return edge


def send(kind: str, note: Notification = FIRING, **changes: Any) -> None:
    made = integration(kind, {**SETTINGS[kind], **changes})
    make_channel(made, templates=PlainTemplates(), user_agent="x").send(note, timeout_s=20)


def sent(edge: Edge, kind: str, note: Notification = FIRING, **changes: Any) -> Sent:
    send(kind, note, **changes)
    return edge.sent.pop()


def test_slack(edge: Edge) -> None:
    edge.answer = b"ok"
    found = sent(edge, "slack")
    assert found.url == SETTINGS["slack"]["api_url"]
    assert found.json["channel"] == "#ops"
    [said] = found.json["attachments"]
    assert said["title"] == "firing a&lt;b"
    assert said["text"] == "*x* <http://a|b>\n*host*: firing\n<http://gw/#/alerts?a=1&b=2>"
    assert said["color"] == "#A30200"


@pytest.mark.parametrize("url", ["https://chat.example.org/hooks/abc", "https://hooks.slack.com/other/a/b/c"])
def test_what_only_talks_like_slack_gets_a_text(edge: Edge, url: str) -> None:
    found = sent(edge, "slack", api_url=url, fields=(), title_link="", username="Bot")
    assert found.url == url
    assert found.json == {
        "channel": "#ops",
        "username": "Bot",
        "text": "*firing a<b*\n*x* <http://a|b>",
    }


@pytest.mark.parametrize(
    ("mode", "text"),
    [("HTML", "<b>firing</b>"), ("", "&lt;b&gt;firing&lt;/b&gt;"), ("MarkdownV2", "<b>firing</b>")],
)
def test_telegram(edge: Edge, mode: str, text: str) -> None:
    found = sent(edge, "telegram", parse_mode=mode)
    assert found.url == "https://api.telegram.org/bot123456789:abcdefg_hijklmnop/sendMessage"
    assert found.json["text"] == text
    assert found.json["parse_mode"] == (mode or "HTML")
    assert (found.json["chat_id"], found.json["disable_notification"]) == (-100123, True)


def test_what_comes_from_alerts_is_escaped_in_html_only(edge: Edge) -> None:
    bodies = [
        sent(edge, "telegram", message="<b>{{ .GroupKey }}</b>", parse_mode=mode, api_url="http://b").json[
            "text"
        ]
        for mode in ("HTML", "Markdown")
    ]
    assert bodies == ["<b>{}:{alertname=&quot;DiskFull&quot;}</b>", '<b>{}:{alertname="DiskFull"}</b>']


def test_a_telegram_server_of_ones_own(edge: Edge) -> None:
    found = sent(edge, "telegram", api_url="http://bots.example:8081/", message_thread_id=7)
    assert found.url == "http://bots.example:8081/bot123456789:abcdefg_hijklmnop/sendMessage"
    assert found.json == {
        "chat_id": "-100123", "disable_notification": True, "parse_mode": "HTML", "message_thread_id": 7,
        "text": "<b>firing</b>",
    }  # fmt: skip


def test_a_chat_of_telegram_in_a_file(edge: Edge, tmp_path: Path) -> None:
    file = tmp_path / "chat"
    file.write_text("-100777\n")
    assert sent(edge, "telegram", chat_id=0, chat_id_file=str(file)).json["chat_id"] == -100777


def test_slack_by_the_token_of_an_app(edge: Edge) -> None:
    found = sent(edge, "slack", api_url="", app_token="xoxb-1234-1234-abcdef")
    assert found.url == "https://slack.com/api/chat.postMessage"
    assert found.headers["Authorization"] == "Bearer xoxb-1234-1234-abcdef"
    assert found.json["channel"] == "#ops"


def test_mattermost(edge: Edge) -> None:
    found = sent(edge, "mattermost", channel="ops")
    assert found.json == {"channel": "ops", "text": "**t**\nb"}


def test_details_may_lie_deep(edge: Edge) -> None:
    found = sent(edge, "pagerduty", details={"a": {"b": ["{{ .Status }}", 1]}})
    assert found.json["payload"]["custom_details"] == {"a": {"b": ["firing", 1]}}


def test_discord(edge: Edge) -> None:
    found = sent(edge, "discord", message="body")
    assert found.url == SETTINGS["discord"]["webhook_url"]
    [embed] = found.json["embeds"]
    assert (embed["title"], embed["description"], embed["color"]) == ("firing", "body", 0xA30200)


def test_pagerduty_opens_and_resolves_by_the_key_of_the_group(edge: Edge) -> None:
    opened, closed = sent(edge, "pagerduty"), sent(edge, "pagerduty", RESOLVED)
    assert opened.url == "https://events.pagerduty.com/v2/enqueue"
    assert opened.json["payload"]["summary"] == "firing"
    assert opened.json["payload"]["severity"] == "critical"
    assert opened.json["payload"]["custom_details"] == {"firing": FIRING.group_key}
    assert (opened.json["event_action"], opened.json["dedup_key"]) == ("trigger", KEY)
    assert closed.json == {"routing_key": "rk0123456789", "event_action": "resolve", "dedup_key": KEY}


def test_pagerduty_elsewhere(edge: Edge) -> None:
    opened = sent(edge, "pagerduty", url="https://events.eu.pagerduty.com/v2/enqueue")
    assert opened.url == "https://events.eu.pagerduty.com/v2/enqueue"
    own = sent(edge, "pagerduty", RESOLVED, url="http://pd.example/v2/enqueue")
    assert own.url == "http://pd.example/v2/enqueue"
    assert (own.json["event_action"], own.json["dedup_key"]) == ("resolve", KEY)
    assert own.json["payload"]["summary"] == "resolved"


def test_opsgenie_opens_and_closes_by_the_alias_of_the_group(edge: Edge) -> None:
    opened, closed = sent(edge, "opsgenie"), sent(edge, "opsgenie", RESOLVED)
    assert opened.url == "https://api.opsgenie.com/v2/alerts"
    assert opened.headers["Authorization"] == closed.headers["Authorization"] == "GenieKey og-key-1234"
    wanted = {"message": "firing", "description": "d", "alias": KEY, "priority": "P1", "tags": ["a", "b"]}
    assert wanted.items() <= opened.json.items()
    assert opened.json["responders"] == [{"type": "team", "name": "ops"}]
    assert closed.url == f"https://api.opsgenie.com/v2/alerts/{KEY}/close?identifierType=alias"
    assert closed.json == {"source": "Fleetgauge"}


def test_opsgenie_elsewhere_says_the_same(edge: Edge) -> None:
    usual, own = sent(edge, "opsgenie"), sent(edge, "opsgenie", api_url="https://og.example/")
    assert own.url == "https://og.example/v2/alerts"
    assert own.headers["Authorization"] == "GenieKey og-key-1234"
    assert own.json | {"details": {}} == usual.json | {"details": {}}


def test_teams(edge: Edge) -> None:
    card = sent(edge, "msteams")
    assert (card.json["title"], card.json["text"], card.json["@type"]) == ("t", "b", "MessageCard")
    flow = "https://prod-15.westus.logic.azure.com:443/workflows/abc123/triggers/manual/paths/invoke"
    adaptive = sent(edge, "msteams", webhook_url=f"{flow}?api-version=2016-06-01&sig=sigsig")
    assert adaptive.url.startswith(flow)
    assert b"AdaptiveCard" in adaptive.body


def test_webex_and_wechat_and_pushover_and_victorops_and_rocketchat_and_sns(edge: Edge) -> None:
    webex = sent(edge, "webex")
    assert webex.headers["Authorization"] == "Bearer bot-tok"
    assert webex.json == {"roomId": "room1234", "markdown": "m"}
    wechat = sent(edge, "wechat", to_party="2")
    assert (wechat.json["touser"], wechat.json["toparty"], wechat.json["text"]) == (
        "@all",
        "2",
        {"content": "m"},
    )
    pushover = sent(edge, "pushover", retry=60_000, expire=3_600_000)
    wanted = {
        "token": "tok123",
        "user": "ukey123",
        "retry": "60",
        "expire": "3600",
        "title": "t",
        "message": "m",
    }
    assert wanted.items() <= pushover.form.items()
    kinds = [sent(edge, "victorops", note).json["message_type"] for note in (FIRING, RESOLVED)]
    assert kinds == ["CRITICAL", "RECOVERY"]
    rocket = sent(edge, "rocketchat")
    assert (rocket.headers["X-User-Id"], rocket.headers["X-Auth-Token"]) == ("u/id", "tokentoken")
    assert rocket.json == {"channel": "#ops", "text": "b"}
    edge.answer = b"<PublishResponse/>"
    assert sent(edge, "sns").form["PhoneNumber"] == "+15555550123"


@pytest.mark.parametrize("kind", sorted(SETTINGS))
def test_a_test_says_that_it_is_one(edge: Edge, kind: str) -> None:
    edge.answer = b"ok" if kind == "slack" else edge.answer
    found = sent(edge, kind, notification(is_test=True))
    assert "This is a test of Fleetgauge" in unquote_plus(found.body.decode())


@pytest.mark.parametrize("kind", sorted(SETTINGS))
def test_a_refusal_is_told_without_secrets(edge: Edge, kind: str) -> None:
    edge.status, edge.answer = 400, b'{"ok": false}'
    with pytest.raises(NotifyFailed) as failed:
        send(kind)
    assert failed.value.is_final or kind in ("wechat", "sns")
    for secret in (
        "hijklmnop",
        "TIiajk",
        "JHMHI8q_s",
        "rk0123456789",
        "og-key-1234",
        "tokentoken",
        "SK/123456",
    ):
        assert secret not in str(failed.value)


@pytest.mark.parametrize(
    ("status", "is_final"), [(403, True), (404, True), (408, False), (429, False), (503, False)]
)
def test_an_answer_says_whether_to_try_again(edge: Edge, status: int, is_final: bool) -> None:
    edge.status = status
    with pytest.raises(NotifyFailed, match=str(status)) as failed:
        send("pagerduty")
    assert failed.value.is_final is is_final


def test_certificates_are_checked_unless_the_settings_say_otherwise(edge: Edge) -> None:
    assert sent(edge, "pagerduty").verified is not False
    http = {"tls_config": {"insecure_skip_verify": True}}
    assert sent(edge, "pagerduty", http_config=http).verified is False


@pytest.mark.parametrize(
    "http",
    [
        {"proxy_url": "http://p:1"},
        {"basic_auth": {"username": "u"}},
        {"authorization": {"credentials": "x"}},
        {"tls_config": {"ca_file": "/x"}},
        {"oauth2": {"client_id": "x"}},
    ],
)
def test_what_apprise_can_not_do_is_refused_at_once(http: dict[str, Any]) -> None:
    [name] = http
    with pytest.raises(BadFile, match=rf"pagerduty\[0\]: http_config\.{name}"):
        make_channel(
            integration("pagerduty", {**SETTINGS["pagerduty"], "http_config": http}),
            templates=PlainTemplates(),
            user_agent="x",
        )


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in NEEDS.items() for name in names])
def test_what_a_kind_needs_must_be_there(kind: str, name: str) -> None:
    said = name.replace("|", " or ")
    with pytest.raises(BadFile, match=rf"{kind}\[0\]: it needs {said}\."):
        make_channel(integration(kind, {}), templates=PlainTemplates(), user_agent="x")


def test_every_kind_is_tried_here_or_with_a_server() -> None:
    assert set(SERVICES) == set(SETTINGS) | {"email", "msteamsv2"}


def test_an_address_that_apprise_does_not_know_is_refused() -> None:
    with pytest.raises(BadFile, match="none that Apprise knows") as failed:
        make_channel(
            integration("apprise", {"url": "pigeon://secretloft/"}),
            templates=PlainTemplates(),
            user_agent="x",
        )
    assert "secretloft" not in str(failed.value)
