"""The states of one alert: which follows which.

Owns the table of them, and what an alert notes of its own past. Knows no query, no series and no receiver.
"""

from itertools import product
from typing import Final

from alertrules.rules.model import AlertRule
from alertrules.rules.outcome import Active, State

RESOLVED_RETENTION_MS: Final = 15 * 60_000
"""How long an alert is remembered, and told again, after it ended: a receiver may be away for a while."""

INACTIVE, PENDING, FIRING = State

FORGOTTEN: Final = None

# The state now, whether the query came to it, whether `for` is over, whether it lasts without the query
# (keep_firing_for, or the time that it is remembered): the state afterwards. None stands for either.
_ROWS: Final = (
    ((INACTIVE, True, False, None), PENDING),
    ((INACTIVE, True, True, None), FIRING),
    ((PENDING, True, False, None), PENDING),
    ((PENDING, True, True, None), FIRING),
    # A reload may have made `for` longer.
    ((FIRING, True, False, None), PENDING),
    ((FIRING, True, True, None), FIRING),
    ((INACTIVE, False, None, True), INACTIVE),
    ((INACTIVE, False, None, False), FORGOTTEN),
    ((PENDING, False, None, None), FORGOTTEN),
    ((FIRING, False, False, True), PENDING),
    ((FIRING, False, True, True), FIRING),
    ((FIRING, False, None, False), INACTIVE),
)

_Situation = tuple[State, bool, bool, bool]


def _spread() -> dict[_Situation, State | None]:
    """Return the table with a row for each situation."""
    found: dict[_Situation, State | None] = {}
    for (state, present, held, lasting), after in _ROWS:
        choices = [(False, True) if one is None else (one,) for one in (held, lasting)]
        for is_held, is_lasting in product(*choices):
            found[state, present, is_held, is_lasting] = after
    return found


NEXT: Final = _spread()
"""The state after each situation; None: it is forgotten."""


def advance(alert: Active, rule: AlertRule, now_ms: int, *, present: bool) -> State | None:
    """Bring an alert to its next state, and return that; None when it is to be forgotten.

    `present` is whether the query came to it now. One that is inactive begins anew when it did.
    """
    before = alert.state
    if present:
        alert.keep_firing_since_ms = 0
        if before is INACTIVE:
            alert.active_ms, alert.fired_ms, alert.resolved_ms, alert.last_sent_ms = now_ms, 0, 0, 0
    held = now_ms - alert.active_ms >= rule.for_ms
    after = NEXT[before, present, held, not present and _lasts(alert, rule, now_ms)]
    if after is None or after is before:
        return after
    alert.state = after
    if after is FIRING:
        alert.fired_ms = now_ms
    elif after is INACTIVE:
        alert.resolved_ms = now_ms
    else:
        alert.fired_ms = alert.last_sent_ms = alert.keep_firing_since_ms = 0
    return after


def _lasts(alert: Active, rule: AlertRule, now_ms: int) -> bool:
    """Tell whether an alert that the query did not come to stays as it is for now."""
    if alert.state is INACTIVE:
        return now_ms - alert.resolved_ms <= RESOLVED_RETENTION_MS
    if alert.state is PENDING or not rule.keep_firing_ms:
        return False
    if not alert.keep_firing_since_ms:
        alert.keep_firing_since_ms = now_ms
    return now_ms - alert.keep_firing_since_ms < rule.keep_firing_ms
