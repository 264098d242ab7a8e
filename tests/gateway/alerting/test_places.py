"""Which Alertmanagers settings and files name."""

import json
import os
from pathlib import Path

import pytest

from delivery.settings import RelabelRule
from gateway.alerting.places import Source, alerts_url, distinct, sources
from gateway.settings import Alertmanager, GatewaySettings, problems
from runtime.errors import SettingsError
from runtime.values import Duration


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://am:9093", "http://am:9093/api/v2/alerts"),
        ("http://am:9093/", "http://am:9093/api/v2/alerts"),
        ("http://am/prefix/", "http://am/prefix/api/v2/alerts"),
        ("http://am/api/v2/alerts", "http://am/api/v2/alerts"),
    ],
)
def test_alerts_are_posted_below_the_address(url: str, wanted: str) -> None:
    assert alerts_url(url) == wanted


def test_settings_name_each_one_once(tmp_path: Path) -> None:
    file = tmp_path / "am.yml"
    file.write_text("[{targets: ['b:9093', 'c:9093']}]")
    settings = GatewaySettings(
        alertmanager=("http://a:9093",),
        alertmanagers=(Alertmanager(url="http://b:9093/", timeout=Duration.parse("3s")),),
        alertmanager_file_sd=str(file),
    )
    found = sources(settings, {})
    for source in found:
        source.read()
    places = distinct(place for source in found for place in source.places)
    assert list(places) == [f"http://{name}:9093/api/v2/alerts" for name in "abc"]
    assert places["http://b:9093/api/v2/alerts"].target.timeout_s == 3


def file_source(path: Path) -> Source:
    return Source("alertmanager_file_sd", Alertmanager(file_sd=str(path)), {})


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_file_is_written_as_for_prometheus(tmp_path: Path, form: str) -> None:
    labels = {"__scheme__": "https", "__alerts_path__": "/x/api/v2/alerts"}
    groups = [{"targets": ["a:1"], "labels": labels}, {"targets": ["b:2", "http://c:3/y"]}]
    file = tmp_path / f"am.{form}"
    file.write_text(json.dumps(groups))
    source = file_source(file)
    source.read()
    assert [place.url for place in source.places] == [
        "https://a:1/x/api/v2/alerts", "http://b:2/api/v2/alerts", "http://c:3/y/api/v2/alerts",
    ]  # fmt: skip


def test_a_target_without_sense_is_left_out_and_told(tmp_path: Path) -> None:
    file = tmp_path / "am.yml"
    file.write_text("[{targets: ['a:1', 'b:99999', '', 'http://me:s3cret@c:1']}]")
    source = file_source(file)
    source.read()
    assert [place.url for place in source.places] == ["http://a:1/api/v2/alerts"]
    assert len(source.refused) == 3
    assert "s3cret" not in str(source.refused)


@pytest.mark.parametrize("text", ["{", "targets: []", "[{}]", "[a]", "[{targets: a}]", "[{targets: [a]}, 1]"])
def test_a_bad_file_leaves_what_there_was(tmp_path: Path, text: str) -> None:
    file = tmp_path / "am.yml"
    file.write_text("[{targets: ['a:1']}]")
    source = file_source(file)
    source.read()
    file.write_text(text)
    with pytest.raises(SettingsError, match=r"am\.yml"):
        source.read()
    file.unlink()
    with pytest.raises(SettingsError, match="can't be read"):
        source.read()
    assert [place.url for place in source.places] == ["http://a:1/api/v2/alerts"]


def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    file = tmp_path / "am.yml"
    file.write_text("[{targets: ['a:1']}]")
    source = file_source(file)
    source.read()
    before, times = source.places, file.stat()
    source.read()
    assert source.places is before
    file.write_text("[{targets: ['b:1']}]")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns + 1))
    source.read()
    assert [place.url for place in source.places] == ["http://b:1/api/v2/alerts"]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (GatewaySettings(alertmanager=("am:9093",)), "alertmanager[0]: expected http://HOST:PORT"),
        (GatewaySettings(alertmanager=("http://u:p@am",)), "alertmanager[0]: a URL is no place"),
        (GatewaySettings(alertmanagers=(Alertmanager(),)), "alertmanagers[0]: give a url or a file_sd"),
        (
            GatewaySettings(alertmanagers=(Alertmanager(url="http://a", file_sd="b"),)),
            "alertmanagers[0]: give a url or a file_sd",
        ),
        (
            GatewaySettings(alertmanagers=(Alertmanager(url="http://a", timeout=Duration.parse("0s")),)),
            "alertmanagers[0].timeout: expected more than 0",
        ),
        (
            GatewaySettings(alertmanagers=(Alertmanager(url="http://a", proxy_url="ftp://x"),)),
            "alertmanagers[0].proxy_url: expected",
        ),
        (
            GatewaySettings(
                alertmanagers=(
                    Alertmanager(url="http://a", alert_relabel_configs=(RelabelRule(action="hashmod"),)),
                )
            ),
            "alertmanagers[0].alert_relabel_configs[0]: the action hashmod needs",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_key(settings: GatewaySettings, problem: str) -> None:
    assert any(each.startswith(problem) for each in problems(settings)), problems(settings)
