"""The book of silences: which there are, how they change, and which of them keep an alert from being told."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from alertrules.errors import AlertingError
from alertrules.routing.silence import Silence, SilenceState
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType

KEEP_EXPIRED_MS: Final = 432_000_000
"""120 hours, as Alertmanager has it: long enough to look back at last week's work."""

MAX_SILENCES: Final = 10_000
"""All together, with those that expired: each alert that is new is compared with all that are active."""

MAX_MATCHERS: Final = 100
"""Of one silence. People write up to ten, programs a few dozen."""

MAX_BYTES: Final = 32 * 1024
"""Of all texts of one silence: a long comment, and a list of hosts in a regular expression."""

MAX_REMEMBERED: Final = 100_000
"""Alerts for which it is remembered which silences match."""

_ORDER: Final = {SilenceState.ACTIVE: 0, SilenceState.PENDING: 1, SilenceState.EXPIRED: 2}


class BadSilence(AlertingError):
    """A silence that can't be taken; the text says why."""


class UnknownSilence(AlertingError):
    """There is no silence with this id."""


class SilenceBook:
    """All silences by id. What is returned by `put` and `expire` has changed, and is to be kept."""

    def __init__(
        self, silences: Iterable[Silence] = (), *, new_id: Callable[[], str], most: int = MAX_SILENCES
    ) -> None:
        self._silences = {silence.id: silence for silence in silences}
        self._new_id = new_id
        self._most = most
        # What changed, in order; of an alert it is remembered how far it was compared, and what matches.
        self._changes = list(self._silences.values())
        self._matching: dict[Labels, tuple[int, tuple[Silence, ...]]] = {}

    def get(self, silence_id: str) -> Silence:
        """Return a silence; raises UnknownSilence."""
        if silence_id not in self._silences:
            raise UnknownSilence(f"there is no silence {silence_id}")
        return self._silences[silence_id]

    def find(self, matchers: Sequence[Matcher], now_ms: int) -> list[Silence]:
        """Return those that have all these matchers themselves, in Alertmanager's order.

        The active ones come first, by their end; then the pending ones, by their start; then the expired
        ones, the latest first.
        """
        found = [silence for silence in self._silences.values() if _is_about(silence, matchers)]
        return sorted(found, key=lambda silence: _rank(silence, now_ms))

    def put(self, wanted: Silence, now_ms: int) -> tuple[Silence, ...]:
        """Take a new silence (its id is empty), or one in the place of another.

        What can't be changed in place expires, and another takes its place with an id of its own: that is the
        last of what is returned. Raises BadSilence, or UnknownSilence.
        """
        old = self.get(wanted.id) if wanted.id else None
        check(wanted, now_ms)
        if old is not None and _can_change(old, wanted, now_ms):
            return self._keep(replace(wanted, updated_ms=now_ms))
        if len(self._silences) >= self._most:
            raise BadSilence(f"there are {len(self._silences)} silences; the limit is {self._most}")
        ended: tuple[Silence, ...] = ()
        if old is not None and old.state(now_ms) != SilenceState.EXPIRED:
            ended = self.expire(old.id, now_ms)
        starts_ms = max(wanted.starts_ms, now_ms)
        return ended + self._keep(replace(wanted, id=self._new_id(), starts_ms=starts_ms, updated_ms=now_ms))

    def expire(self, silence_id: str, now_ms: int) -> tuple[Silence, ...]:
        """End a silence now, if it has not ended yet; raises UnknownSilence."""
        old = self.get(silence_id)
        state = old.state(now_ms)
        if state == SilenceState.EXPIRED:
            return (old,)
        starts_ms = now_ms if state == SilenceState.PENDING else old.starts_ms
        return self._keep(replace(old, starts_ms=starts_ms, ends_ms=now_ms, updated_ms=now_ms))

    def undo(self, changed: Iterable[Silence], before: Mapping[str, Silence]) -> None:
        """Take back changes that could not be kept."""
        for silence in changed:
            self._silences.pop(silence.id)
            if silence.id in before:
                self._silences[silence.id] = before[silence.id]
        self._compare_anew()

    def forget(self, now_ms: int) -> list[str]:
        """Drop those that expired long ago, and return their ids."""
        gone = [each.id for each in self._silences.values() if each.ends_ms <= now_ms - KEEP_EXPIRED_MS]
        for silence_id in gone:
            del self._silences[silence_id]
        if gone:
            self._compare_anew()
        return gone

    def silencing(self, labels: Labels, now_ms: int) -> tuple[str, ...]:
        """Return the ids of those that keep an alert from being told."""
        seen, matching = self._matching.get(labels, (0, ()))
        if seen < len(self._changes):
            if len(self._matching) >= MAX_REMEMBERED:
                self._matching.clear()
            latest = {silence.id: silence for silence in self._changes[seen:]}
            new = [
                silence
                for silence in latest.values()
                if silence.state(now_ms) != SilenceState.EXPIRED and silence.matches(labels)
            ]
            matching = (*(each for each in matching if each.id not in latest), *new)
            self._matching[labels] = len(self._changes), matching
        return tuple(
            sorted(silence.id for silence in matching if silence.state(now_ms) == SilenceState.ACTIVE)
        )

    def count(self, now_ms: int) -> dict[SilenceState, int]:
        """Return how many there are in each state."""
        counts = dict.fromkeys(SilenceState, 0)
        for silence in self._silences.values():
            counts[silence.state(now_ms)] += 1
        return counts

    def _keep(self, silence: Silence) -> tuple[Silence, ...]:
        self._silences[silence.id] = silence
        self._changes.append(silence)
        if len(self._changes) > 2 * self._most:
            self._compare_anew()
        return (silence,)

    def _compare_anew(self) -> None:
        self._changes = list(self._silences.values())
        self._matching.clear()


def check(silence: Silence, now_ms: int) -> None:
    """Raise BadSilence for one that makes no sense, or is too large."""
    problems = (
        (not silence.matchers, "at least one matcher required"),
        (
            all(map(_says_nothing, silence.matchers)),
            "at least one matcher must not match the empty string",
        ),
        (silence.starts_ms >= silence.ends_ms, "start time must be before end time"),
        (silence.ends_ms < now_ms, "end time can't be in the past"),
        (
            len(silence.matchers) > MAX_MATCHERS,
            f"it has {len(silence.matchers)} matchers; the limit is {MAX_MATCHERS}",
        ),
        (size_of(silence) > MAX_BYTES, f"it has {size_of(silence)} bytes; the limit is {MAX_BYTES}"),
    )
    for is_so, text in problems:
        if is_so:
            raise BadSilence(text)


def size_of(silence: Silence) -> int:
    """Return the bytes of all its texts."""
    texts = [silence.created_by, silence.comment]
    texts += [text for matcher in silence.matchers for text in (matcher.name, matcher.value)]
    return sum(len(text.encode()) for text in texts)


def _can_change(old: Silence, new: Silence, now_ms: int) -> bool:
    if old.matchers != new.matchers:
        return False
    match old.state(now_ms):
        case SilenceState.ACTIVE:
            return old.starts_ms // 1000 == new.starts_ms // 1000
        case SilenceState.PENDING:
            return new.starts_ms >= now_ms
        case SilenceState.EXPIRED:
            return False


def _says_nothing(matcher: Matcher) -> bool:
    """Tell whether it takes what is not there; one that excludes something says enough."""
    return matcher.type in (MatchType.EQUAL, MatchType.REGEX) and matcher.matches_empty


def _is_about(silence: Silence, matchers: Sequence[Matcher]) -> bool:
    return set(matchers) <= set(silence.matchers)


def _rank(silence: Silence, now_ms: int) -> tuple[int, int]:
    state = silence.state(now_ms)
    by = {
        SilenceState.ACTIVE: silence.ends_ms,
        SilenceState.PENDING: silence.starts_ms,
        SilenceState.EXPIRED: -silence.ends_ms,
    }
    return _ORDER[state], by[state]
