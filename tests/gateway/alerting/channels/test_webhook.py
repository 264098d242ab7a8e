"""Webhooks to a server on loopback: what is sent, what each answer means, how it is let in."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from alertrules.errors import BadFile, NotifyFailed
from gateway.alerting.channels.making import make_channel
from gateway.alerting.channels.payload import payload_of
from gateway.alerting.channels.webhook import MAX_REDIRECTS
from tests.delivery.receiver import Receiver, Reply, receiving, refusing_port
from tests.gateway.alerting.receivers import PlainTemplates, integration, notification

SECRET = "s3cret-of-the-test"


def send(url: str, *, timeout_s: float = 10.0, **settings: Any) -> None:
    made = integration("webhook", {"url": url, **settings})
    channel = make_channel(made, templates=PlainTemplates(), user_agent="Fleetgauge/1")
    channel.send(notification(), timeout_s=timeout_s)


def test_the_payload_is_posted_as_json() -> None:
    with receiving() as receiver:
        send(receiver.url)
    [got] = receiver.got
    assert json.loads(got.body) == payload_of(notification())
    assert (got.headers["content-type"], got.headers["user-agent"]) == ("application/json", "Fleetgauge/1")


@pytest.mark.parametrize(
    ("status", "is_final"),
    [
        (400, True),
        (404, True),
        (413, True),
        (429, False),
        (500, False),
        (503, False),
        (302, True),
    ],
)
def test_an_answer_says_whether_to_try_again(status: int, is_final: bool) -> None:
    reply = Reply(status=status, body=b"no\n such thing")
    said = pytest.raises(NotifyFailed, match=f"it answered {status}: no such thing")
    with receiving(reply) as receiver, said as failed:
        send(receiver.url)
    assert failed.value.is_final is is_final


def test_a_server_that_says_the_address_back_does_not_give_it_away() -> None:
    reply = Reply(status=404, body=f"Cannot POST /hook/{SECRET}?key=q%2F{SECRET}".encode())
    with (
        receiving(reply) as receiver,
        pytest.raises(NotifyFailed, match="404: Cannot POST /hook/…") as failed,
    ):
        send(f"{receiver.url}/hook/{SECRET}?key=q%2F{SECRET}")
    assert SECRET not in str(failed.value)


def test_a_server_that_says_the_token_back_does_not_give_it_away() -> None:
    reply = Reply(status=403, body=f"no: Bearer {SECRET}".encode())
    with receiving(reply) as receiver, pytest.raises(NotifyFailed, match="403: no: Bearer …") as failed:
        send(receiver.url, http_config={"bearer_token": SECRET})
    assert SECRET not in str(failed.value)


@pytest.mark.parametrize(
    "address", [f"http://127.0.0.1:1/hook/{SECRET} x", f"http://127.0.0.1:1/{SECRET}\x01"]
)
def test_an_address_that_cannot_be_used_is_not_told(address: str) -> None:
    with pytest.raises(NotifyFailed, match="the address holds a space") as failed:
        send(address)
    assert SECRET not in str(failed.value)
    assert failed.value.is_final


@pytest.mark.parametrize("status", [200, 202, 299])
def test_each_success_is_one(status: int) -> None:
    with receiving(Reply(status=status)) as receiver:
        send(receiver.url)


def test_who_is_not_there_is_tried_again() -> None:
    with pytest.raises(NotifyFailed) as failed:
        send(f"http://127.0.0.1:{refusing_port()}/")
    assert not failed.value.is_final


@pytest.mark.parametrize("settings", [{}, {"timeout": 300}])
def test_it_does_not_wait_longer_than_it_may(settings: dict[str, Any]) -> None:
    said = pytest.raises(NotifyFailed, match=r"no answer within 0\.3 s")
    with receiving(Reply(drip_s=20.0)) as receiver, said as failed:
        send(receiver.url, timeout_s=9.0 if settings else 0.3, **settings)
    assert not failed.value.is_final


def basic(username: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


@pytest.mark.parametrize(
    ("http", "wanted"),
    [
        ({"basic_auth": {"username": "u", "password": SECRET}}, basic("u", SECRET)),
        ({"basic_auth": {"username": "u", "password_file": "FILE"}}, basic("u", SECRET)),
        ({"authorization": {"type": "Bearer", "credentials": SECRET}}, f"Bearer {SECRET}"),
        ({"authorization": {"type": "Token", "credentials_file": "FILE"}}, f"Token {SECRET}"),
        ({"bearer_token": SECRET}, f"Bearer {SECRET}"),
        ({"bearer_token_file": "FILE"}, f"Bearer {SECRET}"),
    ],
)
def test_it_is_let_in_as_http_config_says(http: dict[str, Any], wanted: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    written = json.loads(json.dumps(http).replace("FILE", str(file)))
    with receiving() as receiver:
        send(receiver.url, http_config=written)
    assert receiver.got[0].headers["authorization"] == wanted


def test_a_name_and_a_password_in_the_address_are_a_login() -> None:
    with receiving() as receiver:
        send(receiver.url.replace("//", "//us%40er:p%3Aw@"))
    assert receiver.got[0].headers["authorization"] == basic("us@er", "p:w")


def test_a_new_address_in_its_file_counts_at_once(tmp_path: Path) -> None:
    file = tmp_path / "url"
    with receiving() as first, receiving() as second:
        made = integration("webhook", {"url_file": str(file)})
        channel = make_channel(made, templates=PlainTemplates(), user_agent="x")
        for receiver in (first, second):
            file.write_text(receiver.url)
            channel.send(notification(), timeout_s=10)
    assert (len(first.got), len(second.got)) == (1, 1)
    file.unlink()
    with pytest.raises(NotifyFailed, match=r"url_file can't be read: No such file") as failed:
        channel.send(notification(), timeout_s=10)
    assert not failed.value.is_final


def test_the_address_may_hold_templates() -> None:
    with receiving() as receiver:
        send(receiver.url + "?status={{ .Status }}")
    assert receiver.got[0].path.endswith("?status=firing")


def moved(receiver: Receiver, status: int, url: str) -> Reply:
    return Reply(status=status, headers={"Location": url})


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_body_is_followed(status: int) -> None:
    with receiving() as receiver:
        receiver.script.append(moved(receiver, status, "/new?a=1"))
        send(receiver.url)
    assert [each.path for each in receiver.got] == ["/api/v1/write", "/new?a=1"]
    assert receiver.bodies[0] == receiver.bodies[1]


def test_a_redirect_is_not_followed_where_the_settings_say_so() -> None:
    with receiving() as receiver:
        receiver.script.append(moved(receiver, 307, "/new"))
        with pytest.raises(NotifyFailed, match="it answered 307"):
            send(receiver.url, http_config={"follow_redirects": False})


@pytest.mark.parametrize("location", ["http://127.0.0.2:1/", "http://[", "ftp://127.0.0.1/"])
def test_a_redirect_does_not_lead_elsewhere(location: str) -> None:
    with receiving() as receiver:
        receiver.script.append(moved(receiver, 307, location))
        with pytest.raises(NotifyFailed, match="to another host"):
            send(receiver.url)


@pytest.mark.parametrize("times", [MAX_REDIRECTS, MAX_REDIRECTS + 1])
def test_redirects_come_to_an_end(times: int) -> None:
    with receiving() as receiver:
        receiver.script += [moved(receiver, 307, "/again")] * times
        if times <= MAX_REDIRECTS:
            send(receiver.url)
        else:
            with pytest.raises(NotifyFailed, match="without end"):
                send(receiver.url)
    assert len(receiver.got) == MAX_REDIRECTS + 1


def test_a_proxy_is_used_when_it_is_set() -> None:
    with receiving() as proxy:
        send(
            "http://receiver.example/hook", http_config={"proxy_url": proxy.url.removesuffix("/api/v1/write")}
        )
    assert proxy.got[0].path == "http://receiver.example/hook"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "it needs a url"),
        ({"url": "http://x", "payload": {"a": "b"}}, "payload: a body of your own"),
        ({"url": "http://x", "http_config": {"no_proxy": "y"}}, "http_config.no_proxy"),
        ({"url": "http://x", "http_config": {"oauth2": {"client_id": "x"}}}, "OAuth 2.0"),
        ({"url": "http://x", "http_config": {"tls_config": {"ca": "---"}}}, "tls_config.ca: give a file"),
    ],
)
def test_what_can_not_be_done_is_refused_at_once(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadFile, match=reason):
        make_channel(integration("webhook", settings), templates=PlainTemplates(), user_agent="x")


@pytest.mark.parametrize("url", ["nonsense", "http://", "http://[x", "http://x:0/"])
def test_an_address_without_sense_is_final_and_not_repeated_in_the_reason(url: str) -> None:
    with pytest.raises(NotifyFailed) as failed:
        send(url)
    assert failed.value.is_final
    assert url not in str(failed.value).replace("http://HOST", "")


def test_an_unknown_kind_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(BadFile, match=r"pigeon\[0\].*slack_configs.*webhook_configs"):
        make_channel(integration("pigeon", {}), templates=PlainTemplates(), user_agent="x")
