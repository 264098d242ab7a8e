"""From settings to receivers."""

import json
import random
from pathlib import Path

import pytest

from delivery.relabel import Rule
from delivery.settings import Authorization, BasicAuth, RelabelRule, RemoteWrite, Tls
from delivery.spool import Limits
from delivery.transport import Target
from exporter.checks import problems
from exporter.sending.series import Identity
from exporter.sending.targets import Receiver, gateway_target, identity, limits, receivers
from exporter.settings import AgentSettings, SpoolSettings
from runtime.errors import SettingsError
from runtime.settings import load
from runtime.values import Duration, LabelPair, Pattern, Size
from tests.peers.test_relabel_rules import made

MINE, THEIRS = "http://mine:1", "http://theirs:1"
DROP = RelabelRule(action="drop", source_labels=("__name__",), regex=Pattern.parse("go_.*"))


def test_without_a_gateway_and_other_receivers_nothing_is_sent() -> None:
    assert receivers(AgentSettings(), {}) == []


def test_the_gateway_is_a_receiver() -> None:
    settings = AgentSettings(
        gateway="https://gateway:9095/",
        token_file="/token",
        gateway_tls=Tls(ca_file="/ca", cert_file="/cert", key_file="/key", server_name="gw"),
        write_relabel_configs=(DROP,),
        spool=SpoolSettings(order="oldest-first"),
    )
    [gateway] = receivers(settings, {"HTTPS_PROXY": THEIRS})
    expected = Target(
        url="https://gateway:9095/api/v1/write",
        token_file=Path("/token"),
        ca_file=Path("/ca"),
        cert_file=Path("/cert"),
        key_file=Path("/key"),
        server_name="gw",
        proxy=THEIRS,
    )
    rule = Rule(action="drop", source_labels=("__name__",), regex="go_.*")
    assert gateway == Receiver(name="gateway", target=expected, rules=(rule,), order="oldest-first")
    assert gateway_target(settings, "/api/v1/x", {}).url == "https://gateway:9095/api/v1/x"


def test_a_proxy_of_the_settings_wins_over_the_environment() -> None:
    environment = {"HTTP_PROXY": THEIRS}
    block = RemoteWrite(url="http://a/w", proxy_url=MINE)
    settings = AgentSettings(gateway="http://g", proxy=MINE, remote_write=(block,))
    assert [each.target.proxy for each in receivers(settings, environment)] == [MINE] * 2


def test_each_remote_write_block_is_a_receiver_with_its_own_rules_after_those_for_all() -> None:
    first = RemoteWrite(
        url="http://one:9090/api/v1/write",
        remote_timeout=Duration.parse("5s"),
        headers=(LabelPair.parse("X-Scope-OrgID=a"),),
        basic_auth=BasicAuth(username="ann", password_file="/secret"),
        tls_config=Tls(insecure_skip_verify=True),
        write_relabel_configs=(RelabelRule(target_label="dc", replacement="x"),),
    )
    second = RemoteWrite(
        url="http://one:9090/api/v1/write", name="two", authorization=Authorization(credentials_file="/t")
    )
    one, two = receivers(AgentSettings(remote_write=(first, second), write_relabel_configs=(DROP,)), {})
    assert (one.name, two.name) == ("one:9090", "two")
    assert one.target == Target(
        url="http://one:9090/api/v1/write",
        timeout_s=5.0,
        headers=(("X-Scope-OrgID", "a"),),
        username="ann",
        password_file=Path("/secret"),
        insecure_skip_verify=True,
    )
    assert two.target.token_file == Path("/t")
    assert [rule.action for rule in one.rules] == ["drop", "replace"]
    assert [rule.action for rule in two.rules] == ["drop"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (AgentSettings(gateway="gateway:9095"), r"^gateway: the address must be"),
        (AgentSettings(gateway="http://[x"), r"^gateway: the address must be"),
        (AgentSettings(remote_write=(RemoteWrite(),)), r"^remote_write\[0\]: give it a name"),
        (
            AgentSettings(remote_write=(RemoteWrite(name="../x", url="http://a"),)),
            "give it a name of letters",
        ),
        (AgentSettings(remote_write=(RemoteWrite(name="x", url="ftp://a"),)), "the address must be"),
        (
            AgentSettings(remote_write=(RemoteWrite(url="http://a/1"), RemoteWrite(url="http://a/2"))),
            r"^remote_write\[1\]: another receiver is called a;",
        ),
        (
            AgentSettings(gateway="http://g", remote_write=(RemoteWrite(url="http://gateway/w"),)),
            "another receiver is called gateway",
        ),
        (
            AgentSettings(write_relabel_configs=(DROP, RelabelRule(action="hashmod"))),
            r"^write_relabel_configs\[1\]: hashmod needs a target_label",
        ),
        (
            AgentSettings(
                remote_write=(RemoteWrite(url="http://a", write_relabel_configs=(RelabelRule(),)),)
            ),
            r"^remote_write\[0\].write_relabel_configs\[0\]: replace needs a target_label",
        ),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(settings: AgentSettings, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        receivers(settings, {})


def test_series_carry_the_name_of_the_host_unless_told_otherwise() -> None:
    settings = AgentSettings(label=(LabelPair.parse("env=prod"),))
    assert identity(settings, "web-1") == Identity(
        instance="web-1", job="fleetgauge", labels=(("env", "prod"),)
    )
    assert identity(AgentSettings(name="db", job="j"), "web-1") == Identity(instance="db", job="j")


def test_the_spool_has_the_limits_of_the_settings() -> None:
    spool = SpoolSettings(max_size=Size.parse("1MiB"), max_age=Duration.parse("1h"))
    assert limits(AgentSettings(spool=spool)) == Limits(bytes=1 << 20, age_ms=3_600_000)


def test_a_rule_that_the_check_of_the_settings_takes_makes_a_rule_and_no_other(tmp_path: Path) -> None:
    chance = random.Random(19)
    file = tmp_path / "agent.yml"
    for _ in range(600):
        rule = made(chance)
        file.write_text(json.dumps({"write_relabel_configs": [rule]}))
        try:
            settings = load(AgentSettings, file=file, environ={}, flags={})
        except SettingsError:
            continue
        if problems(settings):
            with pytest.raises(SettingsError):
                receivers(settings, {})
        else:
            receivers(settings, {})
