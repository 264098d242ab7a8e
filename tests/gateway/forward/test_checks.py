"""What does not go together in the settings of forwarding is said; the examples are right."""

from pathlib import Path

import pytest

from gateway.forward.checks import MAX_SHARDS, problems
from gateway.forward.places import places
from gateway.settings import GatewaySettings
from runtime.settings import load
from runtime.values import LabelPair
from tests.house.tree import ROOT


def read(tmp_path: Path, text: str) -> GatewaySettings:
    file = tmp_path / "gateway.yml"
    file.write_text(text)
    return load(GatewaySettings, file=file, environ={}, flags={})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("forward: [here]", 'forward[0]: expected http://HOST:PORT or https://HOST:PORT, got "here".'),
        (
            "forward: ['http://a', 'http://a/b']",
            'forward[1]: it has the same name as forward[0], "a". Give each its own name.',
        ),
        (
            "{forward: ['http://a'], remote_write: [{url: 'http://a/b'}]}",
            'remote_write[0]: it has the same name as forward[0], "a". Give each its own name.',
        ),
        (
            "remote_write: [{url: 'http://a'}, {url: 'http://a/b'}]",
            'remote_write[1]: it has the same name as remote_write[0], "a". Give each its own name.',
        ),
        (
            "remote_write: [{url: 'http://a', name: ../../etc}]",
            "remote_write[0]: give it a name of letters, digits and ._:- (up to 64).",
        ),
        ("store: false", "store: with false there must be a destination, in forward or remote_write."),
        (
            "query_url: http://a",
            "query_url: queries are answered here; it is for a gateway with store: false.",
        ),
        (
            "external_labels: {__name__: a}",
            "external_labels: __name__ cannot be set here: it is the name of a metric.",
        ),
        ("forwarding: {shards: 0}", f"forwarding.shards: expected 1 to {MAX_SHARDS}, got 0."),
        (
            f"forwarding: {{shards: {MAX_SHARDS + 1}}}",
            f"forwarding.shards: expected 1 to {MAX_SHARDS}, got 65.",
        ),
        ("forwarding: {max_size: '0'}", "forwarding.max_size: expected more than 0, got 0."),
        ("forwarding: {max_age: 0s}", "forwarding.max_age: expected more than 0, got 0s."),
    ],
)
def test_what_is_wrong_is_said(text: str, sentence: str, tmp_path: Path) -> None:
    assert problems(read(tmp_path, text)) == [sentence]


def test_what_is_just_right_is_fine(tmp_path: Path) -> None:
    limits = f"forwarding: {{shards: {MAX_SHARDS}, max_size: 1B, max_age: 1ms}}"
    settings = read(tmp_path, f"forward: ['http://a', 'http://[::1]:80/x']\n{limits}")
    assert problems(settings) == []
    assert [(place.name, place.target.url) for place in places(settings, {})] == [
        ("a", "http://a/api/v1/write"),
        ("[::1]:80", "http://[::1]:80/x"),
    ]
    assert problems(GatewaySettings()) == []


def test_the_example_of_a_gateway_that_stores_and_forwards() -> None:
    settings = load(GatewaySettings, file=ROOT / "examples/gateway-forward.yml", environ={}, flags={})
    assert problems(settings) == []
    first, second = places(settings, {})
    assert (first.name, first.order, first.rules) == ("victoria-metrics", "oldest-first", ())
    assert second.target.headers == (("X-Scope-OrgID", "fleet"),)
    assert [rule.action for rule in second.rules] == ["keep", "labeldrop"]
    assert settings.external_labels == (LabelPair(name="cluster", value="eu-1"),)


def test_the_example_of_a_gateway_without_a_store() -> None:
    settings = load(GatewaySettings, file=ROOT / "examples/gateway-relay.yml", environ={}, flags={})
    assert problems(settings) == []
    assert not settings.store
    [place] = places(settings, {})
    assert place.target.url == "http://vminsert.example.org:8480/insert/0/prometheus/api/v1/write"
