"""What does not go together in the agent's settings is said in a sentence that begins with the key."""

from pathlib import Path

import pytest

from exporter.checks import problems
from exporter.settings import AgentSettings
from runtime.settings import load


def said(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "agent.yml"
    file.write_text(text)
    return problems(load(AgentSettings, file=file, environ={}, flags={}))


def rule_said(tmp_path: Path, rule: str) -> list[str]:
    found = said(tmp_path, f"write_relabel_configs: [{{}}, {{{rule}}}]")
    first, *others = found
    assert first == "write_relabel_configs[0]: the action replace needs a target_label."
    return [other.removeprefix("write_relabel_configs[1]: ") for other in others]


def receiver_said(tmp_path: Path, receiver: str) -> list[str]:
    found = said(tmp_path, f"remote_write: [{{url: http://a}}, {{url: http://b, {receiver}}}]")
    return [other.removeprefix("remote_write[1]") for other in found]


def test_the_defaults_are_fine() -> None:
    assert problems(AgentSettings()) == []


GOOD = """
interval: 1s
heartbeat: 1s
timeout: 1ms
gateway: https://gateway.example.org:9095/path
proxy: !!str http://me:word@proxy.example.org:3128
token_file: token
gateway_tls: {ca_file: ca, cert_file: c, key_file: k}
label: {env: prod, _team: "a b"}
collector: {container: {host: "unix:///run/podman/podman.sock"}}
snapshot: {interval: 1s, top: 1, max_processes: 1, max_size: 1B}
spool: {max_size: 1B, max_age: 1ms}
process: {max_groups: 1, min_cpu_seconds: 0}
remote_write:
  - url: http://[::1]:9090/api/v1/write
    basic_auth: {username: me}
    headers: {X-Scope-OrgID: "7"}
  - url: http://[::1]:9090/api/v1/push
    name: other
    authorization: {credentials_file: token}
"""


def test_what_is_just_within_the_limits_is_fine(tmp_path: Path) -> None:
    assert said(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("interval: 999ms", "interval: expected 1s or more, got 999ms."),
        ("heartbeat: 0s", "heartbeat: expected 1s or more, got 0s."),
        ("snapshot: {interval: 10ms}", "snapshot.interval: expected 1s or more, got 10ms."),
        ("timeout: 0s", "timeout: expected more than 0, got 0s."),
        ("process: {max_groups: 0}", "process.max_groups: expected more than 0, got 0."),
        ("process: {min_cpu_seconds: -0.5}", "process.min_cpu_seconds: expected 0 or more, got -0.5."),
        ("process: {min_cpu_seconds: .nan}", "process.min_cpu_seconds: expected 0 or more, got nan."),
        ("snapshot: {top: 0}", "snapshot.top: expected more than 0, got 0."),
        ("snapshot: {max_processes: -1}", "snapshot.max_processes: expected more than 0, got -1."),
        ("snapshot: {max_size: '0'}", "snapshot.max_size: expected more than 0, got 0."),
        ("spool: {max_size: 0MiB}", "spool.max_size: expected more than 0, got 0MiB."),
        ("spool: {max_age: 0d}", "spool.max_age: expected more than 0, got 0d."),
        ("job: ''", "job: this must not be empty."),
        ("state_dir: ''", "state_dir: this must not be empty."),
        (
            "gateway: localhost:9095",
            'gateway: expected http://HOST:PORT or https://HOST:PORT, got "localhost:9095".',
        ),
        (
            "gateway: http://a:b@",
            'gateway: expected http://HOST:PORT or https://HOST:PORT, got "http://…@".',
        ),
        ("proxy: socks5://a:1", 'proxy: expected http://HOST:PORT, got "socks5://a:1".'),
        (
            "proxy: !!str http://localhost:99999",
            'proxy: expected http://HOST:PORT, got "http://localhost:99999".',
        ),
        ("gateway_tls: {key_file: k}", "gateway_tls: there is a key_file, but no cert_file."),
        ("gateway_tls: {cert_file: c}", "gateway_tls: there is a cert_file, but no key_file."),
        (
            "collector: {container: {host: docker}}",
            'collector.container.host: expected unix:///PATH or tcp://HOST:PORT, got "docker".',
        ),
        ("label: {a-b: x}", 'label: "a-b" is no name of a label: letters, digits and _, no digit first.'),
        ("label: [a=x, a=y]", "label: a is given twice."),
        ("label: {instance: x}", "label: instance cannot be set here: the setting name gives it."),
        ("label: {job: x}", "label: job cannot be set here: the setting job gives it."),
        ("label: {__name__: x}", "label: __name__ cannot be set here: it is the name of a metric."),
    ],
)
def test_a_wrong_setting_is_said(tmp_path: Path, text: str, sentence: str) -> None:
    assert said(tmp_path, text) == [sentence]


@pytest.mark.parametrize(
    ("receiver", "sentence"),
    [
        ("remote_timeout: 0s", ".remote_timeout: expected more than 0, got 0s."),
        ("basic_auth: {password_file: p}", ".basic_auth: there is a password_file, but no username."),
        (
            "basic_auth: {username: u}, authorization: {credentials_file: c}",
            ": it has both basic_auth and authorization; only one of them can be used.",
        ),
        ("tls_config: {key_file: k}", ".tls_config: there is a key_file, but no cert_file."),
        ("proxy_url: 'https://a'", '.proxy_url: expected http://HOST:PORT, got "https://a".'),
        ("headers: {a b: x}", '.headers: "a b" is no name of a header.'),
        ("headers: {Host: x}", ".headers: Host cannot be set here: the request has it already."),
        ("headers: {A: x, a: y}", ".headers: a is given twice."),
        ('headers: {A: "x\\r\\ny"}', ".headers: the value of A must be printable ASCII."),
        ("headers: {A: é}", ".headers: the value of A must be printable ASCII."),
        (
            "write_relabel_configs: [{action: hashmod, target_label: a}]",
            ".write_relabel_configs[0]: the action hashmod needs a modulus above 0.",
        ),
        ("name: a", ': it has the same name as remote_write[0], "a". Give each its own name.'),
    ],
)
def test_a_wrong_receiver_is_said_with_its_place(tmp_path: Path, receiver: str, sentence: str) -> None:
    assert receiver_said(tmp_path, receiver) == [sentence]


@pytest.mark.parametrize("url", ["''", "ftp://a", "http://", "http://a:0", "http://[::1", "/a"])
def test_a_receiver_needs_a_url_of_http(tmp_path: Path, url: str) -> None:
    (sentence,) = said(tmp_path, f"remote_write: [{{url: '{url.strip(chr(39))}'}}]")
    assert sentence.startswith("remote_write[0].url: expected http://HOST:PORT or https://HOST:PORT, got ")


def test_a_password_in_a_url_is_refused_and_not_shown(tmp_path: Path) -> None:
    (sentence,) = said(tmp_path, "remote_write: [{url: 'https://me:secret@a'}]")
    assert sentence == (
        "remote_write[0].url: a URL is no place for a name and a password; "
        "there are settings with files for them."
    )
    (sentence,) = said(tmp_path, "gateway: ftp://me:secret@a")
    assert "secret" not in sentence


@pytest.mark.parametrize(
    "rule",
    [
        "target_label: a",
        "target_label: '${1}_x'",
        "target_label: a, modulus: 3",
        "action: keep",
        "action: drop, source_labels: [a]",
        "action: hashmod, modulus: 1, target_label: __tmp",
        "action: labelmap, regex: 'a_(.+)'",
        "action: labelmap, replacement: 'x_$1'",
        "action: labeldrop, regex: a",
        "action: keepequal, source_labels: [a], target_label: b",
        "action: lowercase, source_labels: [a], target_label: b",
    ],
)
def test_a_complete_rule_is_fine(tmp_path: Path, rule: str) -> None:
    assert rule_said(tmp_path, rule) == []


@pytest.mark.parametrize(
    ("rule", "sentences"),
    [
        ("target_label: a, modulus: -1", ["modulus: expected 0 or more, got -1."]),
        ("target_label: 1a", ['target_label: "1a" cannot become the name of a label.']),
        ("target_label: 'a-$1'", ['target_label: "a-$1" cannot become the name of a label.']),
        (
            "action: hashmod",
            ["the action hashmod needs a modulus above 0.", "the action hashmod needs a target_label."],
        ),
        (
            "action: hashmod, modulus: 2, target_label: $1",
            ['target_label: "$1" is no name of a label.'],
        ),
        ("action: uppercase", ["the action uppercase needs a target_label."]),
        ("action: dropequal, target_label: a-b", ['target_label: "a-b" is no name of a label.']),
        ("action: labelmap, replacement: a-b", ['replacement: "a-b" cannot become the name of a label.']),
        ("action: labeldrop, source_labels: [a]", ["the action labeldrop takes no source_labels."]),
        ("action: labelkeep, modulus: 2", ["the action labelkeep takes no modulus."]),
        ("action: keepequal, target_label: a, regex: a", ["the action keepequal takes no regex."]),
        (
            "action: lowercase, target_label: a, replacement: a",
            ["the action lowercase takes no replacement."],
        ),
        ("action: keep, source_labels: [a b]", ['source_labels: "a b" is no name of a label.']),
    ],
)
def test_an_incomplete_rule_is_said(tmp_path: Path, rule: str, sentences: list[str]) -> None:
    assert rule_said(tmp_path, rule) == sentences
