"""What a receiver gets of the families of each round."""

import logging

import pytest

from delivery.relabel import Rule
from exporter.families import Family, Kind, Pairs, Point
from exporter.sending import series as module
from exporter.sending.series import Identity, SeriesMaker
from remotewrite.model import Series
from timeseries.labels import Labels
from timeseries.metadata import MetricType
from timeseries.stale import is_stale

NOW_MS = 1_790_000_000_000
OWN = {"instance": "web-1", "job": "node"}
OWN_SERIES = {
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
}


def maker(*rules: Rule, labels: Pairs = ()) -> SeriesMaker:
    return SeriesMaker(identity=Identity(instance="web-1", job="node", labels=labels), rules=rules)


def family(name: str, *points: Point, kind: Kind = "gauge") -> Family:
    return Family(name=name, kind=kind, help=f"About {name}.", points=points)


def one_of(name: str, **labels: str) -> Family:
    return family(name, Point(1.0, tuple(labels.items())))


def made(by: SeriesMaker, *families: Family, time_ms: int = NOW_MS) -> list[Series]:
    """The series of a round without those of the round itself."""
    round_ = by.make(families, time_ms=time_ms, seconds=0.25)
    return [one for one in round_ if one.labels.metric_name not in OWN_SERIES]


def own(by: SeriesMaker, *families: Family) -> dict[str, float]:
    round_ = by.make(families, time_ms=NOW_MS, seconds=0.25)
    found = {one.labels.metric_name: one.samples[0].value for one in round_}
    return {name: value for name, value in found.items() if name in OWN_SERIES}


def test_a_point_is_a_series_with_the_agents_labels_and_its_familys_meaning() -> None:
    [bucket] = made(maker(), family("took", Point(3.0, (("le", "1"),), "_bucket"), kind="histogram"))
    assert bucket.labels == Labels({"__name__": "took_bucket", "le": "1", **OWN})
    assert list(bucket.samples) == [(NOW_MS, 3.0, 0)]
    assert bucket.metadata is not None
    assert (bucket.metadata.type, bucket.metadata.help) == (MetricType.HISTOGRAM, "About took.")


def test_the_same_series_has_the_same_labels_in_each_round() -> None:
    by = maker()
    [first], [second] = made(by, one_of("a", cpu="0")), made(by, one_of("a", cpu="0"))
    assert first.labels is second.labels
    assert first.metadata is second.metadata


def test_a_label_that_is_the_agents_own_is_renamed_and_one_of_the_settings_yields() -> None:
    by = maker(labels=(("env", "prod"), ("job", "other")))
    [one] = made(by, one_of("a", instance="db", job="b", exported_job="c", env="test"))
    expected = {"exported_instance": "db", "exported_exported_job": "b", "exported_job": "c", "env": "test"}
    assert one.labels == Labels({"__name__": "a", **expected, **OWN})
    [two] = made(maker(labels=(("env", "prod"),)), one_of("b"))
    assert two.labels == Labels({"__name__": "b", "env": "prod", **OWN})


def test_rules_see_all_labels_and_change_the_rounds_own_series_too() -> None:
    by = maker(
        Rule(action="drop", source_labels=("__name__",), regex="a"),
        Rule(source_labels=("env", "job"), target_label="both"),
        labels=(("env", "prod"),),
    )
    round_ = by.make([one_of("a"), one_of("b")], time_ms=NOW_MS, seconds=0.25)
    assert {one.labels.metric_name for one in round_} == OWN_SERIES | {"b"}
    assert {one.labels.get("both") for one in round_} == {"prod;node"}


def test_a_series_that_is_gone_ends_once() -> None:
    by = maker()
    made(by, one_of("a"), one_of("b"))
    left = made(by, one_of("a"), time_ms=NOW_MS + 1)
    assert [(one.labels.metric_name, is_stale(one.samples[0].value)) for one in left] == [
        ("a", False),
        ("b", True),
    ]
    assert left[1].samples[0].time_ms == NOW_MS + 1
    assert len(made(by, one_of("a"))) == 1
    again = made(by, one_of("a"), one_of("b"))
    assert [is_stale(one.samples[0].value) for one in again] == [False, False]


def test_a_collector_that_fails_ends_its_series_and_the_round_is_up() -> None:
    by = maker()
    made(by, one_of("node_arp_entries"))
    [ended] = made(by)
    assert is_stale(ended.samples[0].value)
    assert own(by)["up"] == 1.0


def test_all_series_end_when_the_receiver_goes() -> None:
    by = maker()
    round_ = by.make([one_of("a")], time_ms=NOW_MS, seconds=0.25)
    ended = by.stale(time_ms=NOW_MS + 1)
    assert {one.labels for one in ended} == {one.labels for one in round_}
    assert all(is_stale(one.samples[0].value) for one in ended)
    assert by.stale(time_ms=NOW_MS + 2) == []


def test_the_round_tells_what_prometheus_tells_of_a_scrape() -> None:
    by = maker(Rule(action="drop", source_labels=("__name__",), regex="a"))
    assert own(by, one_of("a"), one_of("b"), one_of("c")) == {
        "up": 1.0,
        "scrape_duration_seconds": 0.25,
        "scrape_samples_scraped": 3.0,
        "scrape_samples_post_metric_relabeling": 2.0,
        "scrape_series_added": 2.0,
    }
    assert own(by, one_of("b"), one_of("d"))["scrape_series_added"] == 1.0


@pytest.mark.parametrize(
    "bad", [(("a", "1"), ("a", "2")), (("", "1"),), (("a", "\udc80"),), (("__name__", "other"),)]
)
def test_labels_that_nobody_takes_cost_no_other_series(bad: Pairs) -> None:
    by = maker()
    [good] = made(by, family("a", Point(1.0, bad), Point(2.0, (("b", "1"),))))
    assert good.labels.get("b") == "1"
    assert by.left_out == {"limit": 0, "labels": 1, "duplicate": 0}


def test_of_two_samples_of_a_series_the_first_is_sent() -> None:
    by = maker(Rule(action="labeldrop", regex="cpu"))
    [one] = made(by, family("a", Point(1.0, (("cpu", "0"),)), Point(2.0, (("cpu", "1"),))))
    assert one.samples[0].value == 1.0
    assert by.left_out["duplicate"] == 1


def test_a_round_has_so_many_series_and_no_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MAX_SERIES", 3)
    by = maker()
    points = [Point(1.0, (("n", str(number)),)) for number in range(4)]
    assert len(made(by, family("a", *points[:2]), family("b", *points[:1]))) == 3
    assert by.left_out["limit"] == 0
    round_ = by.make([family("a", *points[:2]), family("b", *points[:2])], time_ms=NOW_MS, seconds=0.1)
    assert len(round_) == 3 + len(OWN_SERIES), "the round's own are always there"
    made(by, family("a", *points))
    assert by.left_out["limit"] == 2
    [line] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert line.__dict__["fields"] == {"reason": "limit", "series": 1}


def test_what_is_gone_is_forgotten() -> None:
    by = maker()
    for number in range(50):
        by.make([one_of(f"a{number}", pid=str(number))], time_ms=NOW_MS + number, seconds=0.1)
    assert len(by._by_labels) == len(by._families) == len(by._metadata) == 1 + len(OWN_SERIES)
