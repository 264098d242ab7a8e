"""`/api/v1/alerts/history` and `statistics`: what alerts did, with the evidence of each.

Owns parameters and how answers look. What is written down is for gateway.alerthistory.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Final, Protocol

import falcon

from gateway.alerthistory.episode import Episode
from gateway.alerthistory.statistics import Figures, figures
from gateway.http import envelope
from gateway.http.asked import invalid, limit_of, moment_or, near, selectors_of
from gateway.http.caller import caller_of
from gateway.http.disk import reading
from gateway.http.parameters import Parameters
from timeseries.labels import Labels

WEEK_MS: Final = 7 * 86_400_000
"""The time that a question is about, unless it says more."""

LISTED: Final = 100
MAX_LISTED: Final = 1000
"""Listed when nothing else is asked for, and at most."""

STATES: Final = ("firing", "resolved")

_LONGEST_NUMBER: Final = 15

Clock = Callable[[], int]


class Book(Protocol):
    """Where episodes are kept."""

    def between(
        self, start_ms: int, end_ms: int, *, name: str = "", before: int | None = None
    ) -> Iterator[Episode]:
        """Return those that fired at some time between two, the newest first; raises StorageUnavailable."""

    def one(self, number: int) -> tuple[Episode, Mapping[str, Any] | None] | None:
        """Return an episode and its evidence."""


class AlertHistory:
    """Episodes, the newest first."""

    def __init__(self, book: Book, now_ms: Clock) -> None:
        self._book = book
        self._now_ms = now_ms

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        parameters = Parameters.of(req)
        limit = min(limit_of(parameters) or LISTED, MAX_LISTED)
        before = parameters.one("before")
        with reading():
            found = _found(
                self._book,
                req,
                parameters,
                self._now_ms(),
                None if before is None else _number(before, "before"),
            )
            episodes = list(islice(found, limit + 1))
        more = len(episodes) > limit
        _answer(
            resp,
            {
                "episodes": [_shown(one, self._now_ms()) for one in episodes[:limit]],
                "next": episodes[limit - 1].number if more else None,
            },
        )


class OneEpisode:
    """One episode, with all of its evidence."""

    def __init__(self, book: Book, now_ms: Clock) -> None:
        self._book = book
        self._now_ms = now_ms

    def on_get(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        with reading():
            found = self._book.one(_number(path["number"], "number"))
        sees = caller_of(req).sees
        if found is None or not sees(found[0].labels):
            raise falcon.HTTPNotFound(description="There is no episode with this number in the history")
        episode, evidence = found
        _answer(
            resp,
            _shown(_cleared(episode, sees), self._now_ms())
            | {"evidence": evidence if sees(episode.host) else None},
        )


class AlertStatistics:
    """What the episodes of each alert come to."""

    def __init__(self, book: Book, now_ms: Clock) -> None:
        self._book = book
        self._now_ms = now_ms

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        now_ms = self._now_ms()
        with reading():
            found = figures(_found(self._book, req, Parameters.of(req), now_ms), now_ms)
        _answer(resp, [_figures(one) for one in found])


def _found(
    book: Book, req: falcon.Request, parameters: Parameters, now_ms: int, before: int | None = None
) -> Iterator[Episode]:
    end_ms = near(moment_or(parameters, "end", now_ms))
    start_ms = near(moment_or(parameters, "start", end_ms - WEEK_MS))
    if start_ms > end_ms:
        raise invalid("end", "it must not be before start")
    state = parameters.one("state")
    if state is not None and state not in STATES:
        raise invalid("state", f"must be one of {', '.join(STATES)}")
    selectors = selectors_of(parameters)
    words = (parameters.one("search") or "").casefold().split()
    sees = caller_of(req).sees
    for episode in book.between(start_ms, end_ms, name=parameters.one("name") or "", before=before):
        if (
            sees(episode.labels)
            and (state is None or state == _state(episode))
            and (not selectors or any(all(one.accepts(episode.labels) for one in each) for each in selectors))
            and _has(shown := _cleared(episode, sees), words)
        ):
            yield shown


def _cleared(episode: Episode, sees: Callable[[Labels], bool]) -> Episode:
    """Take the evidence off that is of a host which the caller may not see."""
    return episode if sees(episode.host) else replace(episode, summary="")


def _has(episode: Episode, words: list[str]) -> bool:
    """Tell whether all words stand somewhere in labels, annotations or the summary of the evidence."""
    if not words:
        return True
    text = "\n".join(
        (*(value for _, value in (*episode.labels, *episode.annotations)), episode.summary)
    ).casefold()
    return all(word in text for word in words)


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise invalid(name, "it must be the number of an episode")
    return int(text)


def _state(episode: Episode) -> str:
    return STATES[episode.resolved_ms is not None]


def _shown(episode: Episode, now_ms: int) -> dict[str, object]:
    return {
        "number": episode.number,
        "fingerprint": episode.fingerprint,
        "labels": dict(episode.labels),
        "annotations": dict(episode.annotations),
        "generator_url": episode.generator_url,
        "state": _state(episode),
        "fired": episode.starts_ms / 1000,
        "resolved": None if episode.resolved_ms is None else episode.resolved_ms / 1000,
        "resolved_is_exact": episode.is_exact,
        "lasted": episode.lasted_ms(now_ms) / 1000,
        "summary": episode.summary,
    }


def _figures(one: Figures) -> dict[str, object]:
    return {
        "name": one.name,
        "fired": one.fired,
        "alerts": one.alerts,
        "firing": one.firing,
        "flapped": one.flapped,
        "total": one.total_ms / 1000,
        "mean": None if one.mean_ms is None else one.mean_ms / 1000,
        "median": None if one.median_ms is None else one.median_ms / 1000,
        "longest": one.longest_ms / 1000,
        "last_fired": one.last_ms / 1000,
    }


def _answer(resp: falcon.Response, data: object) -> None:
    resp.content_type = envelope.MEDIA_TYPE
    resp.data = envelope.success(data)
