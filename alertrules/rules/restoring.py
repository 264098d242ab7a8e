"""What is known of a rule's alerts from before a restart: since when they were active.

Owns reading ALERTS_FOR_STATE, and what follows for a `for` that was running meanwhile. Knows no group.
"""

from typing import Final

from alertrules.alert import ALERT_NAME
from alertrules.rules.alerting import ALERTS_FOR_STATE, RuleAlerts
from promql.source import Selected, Source
from timeseries.labels import METRIC_NAME, Labels
from timeseries.matcher import Matcher, MatchType
from timeseries.stale import is_stale

OUTAGE_TOLERANCE_MS: Final = 60 * 60_000
"""An alert that was seen longer ago begins anew: nobody knows what happened meanwhile."""

GRACE_PERIOD_MS: Final = 10 * 60_000
"""After a restart, what was pending waits at least so long, so that its data can come in again.

With a shorter `for` it begins anew: that is sooner. What fired goes on, or it would end for its receivers.
"""


def restore(alerts: RuleAlerts, source: Source, now_ms: int) -> None:
    """Let a rule's alerts go on where they were before a restart; raises QueryError.

    From then on their series are written, even if this fails: it is tried once.
    """
    alerts.is_restored = True
    for_ms = alerts.rule.for_ms
    if not for_ms or not alerts.by_series:
        return
    before = _last_samples(alerts.rule.name, source, now_ms)
    for series, alert in alerts.by_series:
        if series in before:
            time_ms, value = before[series]
            active_ms = _active_since(time_ms, int(value) * 1000, for_ms, now_ms)
            if for_ms >= GRACE_PERIOD_MS or now_ms - active_ms >= for_ms:
                alert.active_ms = active_ms


def _last_samples(name: str, source: Source, now_ms: int) -> dict[Labels, tuple[int, float]]:
    """Return time and value of the last sample of each series; one that ended is not there."""
    wanted = {METRIC_NAME: ALERTS_FOR_STATE, ALERT_NAME: name}
    matchers = [Matcher(name=name, type=MatchType.EQUAL, value=value) for name, value in wanted.items()]
    selected: Selected = source.select(matchers, now_ms - OUTAGE_TOLERANCE_MS, now_ms)
    found: dict[Labels, tuple[int, float]] = {}
    for row, labels in enumerate(selected.labels):
        times, values = selected.columns.row(row)
        if len(times) and values[-1] == values[-1] and not is_stale(float(values[-1])):
            found[labels] = (int(times[-1]), float(values[-1]))
    return found


def _active_since(down_ms: int, active_ms: int, for_ms: int, now_ms: int) -> int:
    """Return since when an alert counts as active that was active when it was seen last.

    The time that nothing was evaluated does not count toward `for`, but for one that fired already.
    """
    down_ms -= down_ms % 1000
    left_ms = for_ms - (down_ms - active_ms)
    if left_ms <= 0:
        return active_ms
    if left_ms < GRACE_PERIOD_MS:
        return now_ms + GRACE_PERIOD_MS - for_ms
    return active_ms + now_ms - down_ms
