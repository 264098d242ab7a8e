"""What a backtest came to, ready for JSON, and as text for people."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from alertrules.backtest.trial import Firing, History, Outcome
from promql.gofloat import general
from promql.language.durations import format_duration

MAX_ALERTS: Final = 1_000
"""Of one rule: what is told beyond only makes the answer large; the counts hold all."""

MAX_FIRINGS: Final = 10_000
"""Of one rule, with their times: about 1 MB."""

_SHOWN_FIRINGS: Final = 5
_SHOWN_ALERTS: Final = 20
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def told_of(outcomes: Sequence[Outcome], since_ms: int, until_ms: int) -> dict[str, object]:
    """Return all of it for JSON; times are Unix seconds."""
    return {
        "since": since_ms / 1000,
        "until": until_ms / 1000,
        "rules": [_rule(outcome) for outcome in outcomes],
    }


def _rule(outcome: Outcome) -> dict[str, object]:
    rule, group, end_ms = outcome.rule, outcome.group, outcome.steps.end_ms
    alerts = [*_alerts(outcome.alerts, end_ms)]
    return {
        "name": rule.name,
        "group": group.name,
        "query": rule.text,
        "for": rule.for_ms / 1000,
        "keepFiringFor": rule.keep_firing_ms / 1000,
        "interval": outcome.steps.step_ms / 1000,
        "evaluations": 0 if outcome.problem else len(outcome.steps),
        "failed": outcome.failed,
        "failure": outcome.failure,
        "problem": outcome.problem,
        "notes": [*outcome.notes],
        "fired": outcome.fired,
        "firedAlerts": len(outcome.alerts),
        "seconds": sum(_seconds(one, end_ms) for each in outcome.alerts for one in each.firings),
        "alerts": alerts,
    }


def _alerts(alerts: Sequence[History], end_ms: int) -> Iterator[dict[str, object]]:
    room = MAX_FIRINGS
    for alert in alerts[:MAX_ALERTS]:
        lengths = [_seconds(one, end_ms) for one in alert.firings]
        yield {
            "labels": dict(alert.labels),
            "fired": len(alert.firings),
            "seconds": sum(lengths),
            "longest": max(lengths),
            "firings": [_firing(one) for one in alert.firings[:room]],
        }
        room = max(room - len(alert.firings), 0)


def _firing(firing: Firing) -> dict[str, object]:
    return {
        "active": firing.active_ms / 1000,
        "start": firing.fired_ms / 1000,
        "end": None if firing.ended_ms is None else firing.ended_ms / 1000,
        "value": general(firing.value),
    }


def _seconds(firing: Firing, end_ms: int) -> float:
    return ((end_ms if firing.ended_ms is None else firing.ended_ms) - firing.fired_ms) / 1000


def written(told: Mapping[str, Any]) -> str:
    """Write what `told_of` returned for people."""
    days = format_duration(round((told["until"] - told["since"]) * 1000))
    lines: list[str] = []
    for rule in told["rules"]:
        lines += [*_written_rule(rule, days), ""]
    return "\n".join(lines[:-1]) + "\n" if lines else "There is no alert rule.\n"


def _written_rule(rule: Mapping[str, Any], days: str) -> Iterator[str]:
    if rule["problem"]:
        yield f"{rule['name']} can't be tried: {rule['problem']}."
        return
    told = f"{rule['name']} would not have fired in {days}."
    if rule["fired"]:
        told = f"{rule['name']} would have fired {_times(rule['fired'])} in {days}"
        several = f", {rule['firedAlerts']} different alerts" if rule["firedAlerts"] > 1 else ""
        told += f", {_long(rule['seconds'])} in all{several}:"
    yield told
    for note in rule["notes"]:
        yield f"  ({note})"
    if rule["failed"]:
        yield f"  ({rule['failed']} of {rule['evaluations']} evaluations failed: {rule['failure']})"
    for alert in rule["alerts"][:_SHOWN_ALERTS]:
        yield f"  {_labels(alert['labels'])}"
        longest = f", the longest {_long(alert['longest'])}" if alert["fired"] > 1 else ""
        yield f"    {_times(alert['fired'])}, {_long(alert['seconds'])} in all{longest}"
        for firing in alert["firings"][:_SHOWN_FIRINGS]:
            end = "still firing" if firing["end"] is None else f"for {_long(firing['end'] - firing['start'])}"
            yield f"      {_date(firing['start'])}  {end}"
        if alert["fired"] > _SHOWN_FIRINGS:
            yield f"      and {alert['fired'] - _SHOWN_FIRINGS} more"
    if rule["firedAlerts"] > _SHOWN_ALERTS:
        yield f"  and {rule['firedAlerts'] - _SHOWN_ALERTS} more alerts"


def _labels(labels: Mapping[str, str]) -> str:
    inner = ", ".join(f'{name}="{value}"' for name, value in labels.items() if name != "alertname")
    shown = f"{{{inner}}}"
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in shown)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _long(seconds: float) -> str:
    return format_duration(round(seconds * 1000))


def _date(seconds: float) -> str:
    return (_EPOCH + timedelta(seconds=round(seconds))).isoformat(sep=" ").replace("+00:00", "Z")
