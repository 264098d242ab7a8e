"""What episodes come to."""

from gateway.alerthistory.episode import Episode
from gateway.alerthistory.statistics import FLAP_MS, figures
from timeseries.labels import Labels

NOW_MS = 100 * FLAP_MS


def episode(name: str, starts_ms: int, resolved_ms: int | None, **labels: str) -> Episode:
    return Episode(
        labels=Labels({"alertname": name, **labels}),
        annotations=Labels(),
        starts_ms=starts_ms,
        resolved_ms=resolved_ms,
    )


def test_figures_of_each_name_the_one_that_fired_most_often_first() -> None:
    found = figures(
        [
            episode("B", 0, 10),
            episode("A", 0, 10, host="x"),
            episode("A", 100, 130, host="y"),
            episode("A", NOW_MS - 500, None, host="x"),
        ],
        NOW_MS,
    )
    assert [one.name for one in found] == ["A", "B"]
    a = found[0]
    assert (a.fired, a.alerts, a.firing, a.total_ms, a.longest_ms) == (3, 2, 1, 540, 500)
    assert (a.mean_ms, a.median_ms, a.last_ms) == (20, 20, NOW_MS - 500)


def test_an_alert_that_has_not_ended_has_no_time_to_resolve() -> None:
    [one] = figures([episode("A", 0, None)], NOW_MS)
    assert (one.mean_ms, one.median_ms, one.firing) == (None, None, 1)


def test_an_alert_flaps_when_it_comes_back_within_ten_minutes() -> None:
    def flapped(gap_ms: int, **labels: str) -> int:
        return figures([episode("A", 0, 10), episode("A", 10 + gap_ms, None, **labels)], NOW_MS)[0].flapped

    assert flapped(FLAP_MS) == 1
    assert flapped(FLAP_MS + 1) == 0
    assert flapped(1, host="another") == 0
