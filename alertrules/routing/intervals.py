"""Time intervals of Alertmanager: times of day, days, months and years in a place of the world."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeInterval:
    """A set of times. Each field that is empty leaves nothing out; all that are not must hold.

    Ranges hold both of their ends, but `times` (minutes of the day) do not hold the end. `weekdays` count
    from Sunday = 0; days of the month that are negative count from its end.
    """

    times: tuple[tuple[int, int], ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    days_of_month: tuple[tuple[int, int], ...] = ()
    months: tuple[tuple[int, int], ...] = ()
    years: tuple[tuple[int, int], ...] = ()
    location: str = "UTC"
