"""Sending with Apprise to servers on loopback: real sockets, real Apprise."""

import json
import logging
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from alertrules.errors import NotifyFailed
from alertrules.notification import Channel
from gateway.alerting.channels.making import make_channel
from gateway.alerting.channels.through import MAX_AT_ONCE
from tests.delivery.receiver import Reply, receiving, refusing_port
from tests.delivery.test_transport import certificate, served_with
from tests.gateway.alerting.channels.mail import MailServer, mail_server
from tests.gateway.alerting.receivers import PlainTemplates, alert, integration, notification

__all__ = ["certificate"]

SECRET = "s3cret-of-the-test"


@pytest.fixture
def root_log() -> Iterator[list[str]]:
    """What reaches the handler that the gateway has; pytest's own hears more."""
    heard: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    handler, root = Handler(), logging.getLogger()
    root.addHandler(handler)
    yield heard
    root.removeHandler(handler)


def channel(kind: str, settings: dict[str, Any]) -> Channel:
    return make_channel(integration(kind, settings), templates=PlainTemplates(), user_agent="x")


def by_address(address: str, **more: Any) -> Channel:
    return channel("apprise", {"url": address, "title": "{{ .Status }}", "body": "<b> & more", **more})


def host(url: str) -> str:
    return url.split("/")[2]


@pytest.mark.parametrize("schema", ["json", "form", "xml", "ntfy", "mmost", "gotify"])
def test_any_address_of_apprise_can_be_a_receiver(schema: str) -> None:
    path = {"mmost": "token1234567890", "gotify": "tokentoken", "ntfy": "topic"}.get(schema, "hook")
    with receiving(Reply(status=200, body=b"{}")) as receiver:
        by_address(f"{schema}://{host(receiver.url)}/{path}").send(notification(), timeout_s=10)
    [got] = receiver.got
    said = got.body.decode()
    if schema == "form":
        said = json.dumps(parse_qs(said))
    assert "firing" in said
    assert "more" in said


def test_matrix_and_rocket_chat_by_their_webhooks() -> None:
    with receiving(*[Reply(status=200, body=b'{"ok": true}')] * 2) as receiver:
        place = host(receiver.url)
        by_address(f"matrix://user:token@{place}/?mode=slack").send(notification(), timeout_s=10)
        by_address(f"rocket://webhook1234/abcdef@{place}/%23ops").send(notification(), timeout_s=10)
    assert all(b"more" in each.body for each in receiver.got)
    assert len(receiver.got) == 2


def mail(server: MailServer, **more: Any) -> Channel:
    usual = {
        "to": "Ops <ops@example.org>, dba@example.org",
        "from": "fleet@example.org",
        "smarthost": f"127.0.0.1:{server.port}",
        "require_tls": False,
        "headers": {"Subject": "[{{ .Status }}] disk", "X-Team": "ops"},
        "html": "<p>Disk <b>full</b> &amp; more</p>",
    }
    return channel("email", {**usual, **more})


def test_mail_goes_out_as_html_with_the_subject_of_the_headers() -> None:
    with mail_server() as server:
        mail(server).send(notification(), timeout_s=10)
    assert sorted(server.recipients) == ["dba@example.org", "ops@example.org"]
    message = server.messages[0]
    assert (message["Subject"], message["X-Team"]) == ("[firing] disk", "ops")
    assert "fleet@example.org" in message["From"]
    html = message.get_body(("html",))
    assert html is not None
    assert "<p>Disk <b>full</b> &amp; more</p>" in html.get_content()


def test_mail_of_plain_text_stays_plain() -> None:
    with mail_server() as server:
        mail(server, html="", text="a < b & {{ .Status }}").send(notification(), timeout_s=10)
    assert server.messages[0].get_content_type() == "text/plain"
    assert "a < b & firing" in server.messages[0].get_content()


def test_mail_is_encrypted_and_let_in_where_the_settings_say_so(
    certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{SECRET}/+:@%\n")
    login = {"auth_username": "us@er", "auth_password_file": str(file)}
    http = {"tls_config": {"insecure_skip_verify": True}}
    with mail_server(tls=served_with(certificate)) as server:
        mail(server, require_tls=True, **login, **http).send(notification(), timeout_s=10)
    assert server.encrypted[0]
    assert server.logins[0] == f"\0us@er\0{SECRET}/+:@%"


def test_mail_does_not_go_out_in_the_clear_when_tls_is_required() -> None:
    with mail_server() as server, pytest.raises(NotifyFailed):
        mail(server, require_tls=True).send(notification(), timeout_s=10)
    assert not server.messages


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate: tuple[Path, Path]) -> None:
    with mail_server(tls=served_with(certificate)) as server, pytest.raises(NotifyFailed):
        mail(server, require_tls=True).send(notification(), timeout_s=10)
    assert not server.messages


def test_a_refused_recipient_is_a_failure() -> None:
    with mail_server(refuses="550 no such user") as server, pytest.raises(NotifyFailed):
        mail(server).send(notification(), timeout_s=10)


def test_who_is_not_there_is_tried_again_and_the_address_is_not_told() -> None:
    with pytest.raises(NotifyFailed, match="Connection error") as failed:
        by_address(f"json://user:{SECRET}@127.0.0.1:{refusing_port()}/{SECRET}").send(
            notification(), timeout_s=10
        )
    assert not failed.value.is_final
    assert SECRET not in str(failed.value)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("telegram", {"bot_token": f"{SECRET} no token", "chat_id": "1", "message": "m"}),
        ("slack", {"api_url": f"https://hooks.slack.com/services/T/B/{SECRET}!", "text": "m"}),
        ("victorops", {"api_key": f"{SECRET} no key", "routing_key": "r", "state_message": "m"}),
    ],
)
def test_arguments_that_make_no_sense_are_final_and_hide_secrets(
    kind: str, settings: dict[str, Any], root_log: list[str]
) -> None:
    with pytest.raises(NotifyFailed) as failed:
        channel(kind, settings).send(notification(), timeout_s=10)
    assert failed.value.is_final
    assert not root_log
    assert SECRET not in f"{failed.value} {failed.value!r}"


def test_nothing_shows_the_settings(capfd: pytest.CaptureFixture[str]) -> None:
    made = integration("apprise", {"url": f"json://127.0.0.1/{SECRET}", "body": "b"})
    assert SECRET not in repr(made) + repr(channel("apprise", dict(made.settings)))
    assert SECRET not in "".join(capfd.readouterr())


def test_a_message_for_which_there_is_no_thread_takes_no_place_of_later_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_more(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with receiving(Reply(status=200)) as receiver:
        way = by_address(f"json://{receiver.url.removeprefix('http://')}")
        for _ in range(MAX_AT_ONCE + 1):
            with monkeypatch.context() as patched:
                patched.setattr(threading.Thread, "start", no_more)
                with pytest.raises(NotifyFailed, match="can't start") as failed:
                    way.send(notification(), timeout_s=10)
            assert not failed.value.is_final
        way.send(notification(), timeout_s=10)
        assert len(receiver.got) == 1


def test_one_that_hangs_is_given_up_in_time_and_holds_up_no_other() -> None:
    with receiving(*[Reply(drip_s=4.0)] * MAX_AT_ONCE) as slow, receiving(Reply(status=200)) as quick:
        hanging = by_address(f"json://{host(slow.url)}/")
        began = time.monotonic()
        failures: list[NotifyFailed] = []

        def send() -> None:
            try:
                hanging.send(notification(), timeout_s=0.4)
            except NotifyFailed as failed:
                failures.append(failed)

        threads = [threading.Thread(target=send) for _ in range(MAX_AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - began < 3
        assert [str(each) for each in failures] == ["no answer within 0.4 s"] * MAX_AT_ONCE
        with pytest.raises(NotifyFailed, match="not yet answered earlier messages"):
            hanging.send(notification(), timeout_s=0.4)
        by_address(f"json://{host(quick.url)}/").send(notification(), timeout_s=5)


def test_channels_of_many_threads_do_not_mix_their_failures() -> None:
    with receiving(*[Reply(status=403)] * 8) as bad, receiving(*[Reply(status=200)] * 8) as good:
        channels = {name: by_address(f"json://{host(each.url)}/") for name, each in [("b", bad), ("g", good)]}
        found: list[tuple[str, bool]] = []

        def send(name: str) -> None:
            try:
                channels[name].send(notification(), timeout_s=10)
                found.append((name, True))
            except NotifyFailed as failed:
                found.append((name, "403" not in str(failed)))

        threads = [threading.Thread(target=send, args=[name]) for name in "bgbgbgbg"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found) == [("b", False)] * 4 + [("g", True)] * 4


def test_resolved_and_firing_differ_in_their_type() -> None:
    with receiving(Reply(status=200), Reply(status=200)) as receiver:
        made = by_address(f"json://{host(receiver.url)}/")
        made.send(notification(), timeout_s=10)
        made.send(notification(alert(ended=True)), timeout_s=10)
    assert [json.loads(body)["type"] for body in receiver.bodies] == ["failure", "success"]


def test_a_url_in_a_file_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "url"
    made = channel("apprise", {"url_file": str(file), "body": "b"})
    with pytest.raises(NotifyFailed, match="url_file can't be read"):
        made.send(notification(), timeout_s=5)
    with receiving(Reply(status=200)) as receiver:
        file.write_text(f"json://{host(receiver.url)}/")
        made.send(notification(), timeout_s=10)
    assert receiver.got


def test_apprise_is_loaded_only_for_those_who_need_it() -> None:
    code = (
        "import sys, gateway.alerting.channels.making, gateway.alerting.alertmanagers\n"
        "assert not {'apprise', 'requests'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_server_with_tls_is_checked(certificate: tuple[Path, Path]) -> None:
    context: ssl.SSLContext = served_with(certificate)
    with receiving(Reply(status=200), tls=context) as receiver, pytest.raises(NotifyFailed):
        by_address(f"jsons://{host(receiver.url)}/").send(notification(), timeout_s=10)


@pytest.mark.parametrize(("asked", "followed"), [("", 0), ("?redirect=yes", 1)])
@pytest.mark.parametrize("address", ["gotify://{}/tokentoken", "json://{}/hook"])
def test_redirects_are_not_followed_unless_asked_for_because_keys_would_go_along(
    address: str, asked: str, followed: int
) -> None:
    with receiving(Reply(status=200)) as other:
        moved = Reply(status=307, headers={"Location": f"http://localhost:{other.url.rsplit(':')[-1]}"})
        with receiving(moved) as receiver:
            way = by_address(address.format(host(receiver.url)) + asked)
            with nullcontext() if followed else pytest.raises(NotifyFailed):
                way.send(notification(), timeout_s=10)
    assert (len(receiver.got), len(other.got)) == (1, followed)
