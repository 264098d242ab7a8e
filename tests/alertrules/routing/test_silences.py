"""The book of silences: how they change, which alerts they are about, what it holds at most."""

from dataclasses import replace

import pytest

from alertrules.routing.silence import Silence, SilenceState
from alertrules.routing.silences import (
    KEEP_EXPIRED_MS,
    MAX_BYTES,
    MAX_MATCHERS,
    BadSilence,
    SilenceBook,
    UnknownSilence,
)
from tests.alertrules.routing.dispatching import SECOND, START, alert, equal, new_ids, silence
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType

HOST = equal("host", "a")
HOUR = 3600 * SECOND
LABELS = alert(host="a").labels


def book(*silences: Silence, most: int = 10) -> SilenceBook:
    made = SilenceBook(new_id=new_ids(), most=most)
    for each in silences:
        made.put(each, START)
    return made


def test_a_new_silence_gets_an_id_and_begins_now_at_the_earliest() -> None:
    [made] = book().put(silence(HOST, starts_ms=START - HOUR), START)
    assert (made.id, made.starts_ms, made.updated_ms) == ("id-1", START, START)


@pytest.mark.parametrize(
    ("starts_ms", "later", "changes", "keeps_its_id"),
    [
        (START, HOUR // 2, {"ends_ms": START + 2 * HOUR, "comment": "longer"}, True),
        (START, HOUR // 2, {"matchers": (equal("host", "b"),)}, False),
        (START, HOUR // 2, {"starts_ms": START + 2 * SECOND}, False),
        (START + HOUR // 2, 0, {"starts_ms": START + HOUR // 4}, True),
        (START + HOUR // 2, HOUR // 3, {"starts_ms": START + HOUR // 4}, False),
        (START, 2 * HOUR, {"ends_ms": START + 3 * HOUR}, False),
    ],
    ids=["active", "other matchers", "other start", "pending", "pending, into the past", "expired"],
)
def test_a_silence_is_changed_in_place_or_another_takes_its_place(
    starts_ms: int, later: int, changes: dict[str, object], keeps_its_id: bool
) -> None:
    silences = book(silence(HOST, starts_ms=starts_ms))
    before, now = silences.get("id-1"), START + later
    changed = silences.put(replace(before, **changes), now)  # type: ignore[arg-type]
    assert (changed[-1].id == "id-1") == keeps_its_id
    assert len(silences.find((), now)) == (1 if keeps_its_id else 2)
    if not keeps_its_id:
        assert silences.get("id-1").state(now) == SilenceState.EXPIRED


def test_a_pending_silence_that_expires_never_began() -> None:
    silences = book(silence(HOST, starts_ms=START + HOUR // 2))
    [ended] = silences.expire("id-1", START + 1)
    assert (ended.starts_ms, ended.ends_ms) == (START + 1, START + 1)


def test_a_silence_that_has_ended_stays_as_it_is() -> None:
    silences = book(silence(HOST))
    [ended] = silences.expire("id-1", START + 1)
    assert silences.expire("id-1", START + 2) == (ended,)


def test_what_there_is_not_can_not_be_changed() -> None:
    with pytest.raises(UnknownSilence):
        book().put(silence(HOST, id="lost"), START)
    with pytest.raises(UnknownSilence):
        book().expire("lost", START)


def test_which_alerts_are_silenced_follows_time_and_changes() -> None:
    silences = book(silence(HOST, starts_ms=START + 10), silence(equal("host", "b")))
    assert silences.silencing(LABELS, START + 9) == ()
    assert silences.silencing(LABELS, START + 10) == ("id-1",)
    silences.put(silence(equal("alertname", "Down"), starts_ms=START + 10), START + 11)
    assert silences.silencing(LABELS, START + 12) == ("id-1", "id-3")
    silences.expire("id-1", START + 13)
    assert silences.silencing(LABELS, START + 13) == ("id-3",)
    assert silences.silencing(LABELS, START + HOUR) == ()


def test_silences_are_listed_active_pending_expired_and_found_by_their_matchers() -> None:
    silences = book(
        silence(HOST, starts_ms=START + HOUR // 2),
        silence(HOST, ends_ms=START + 2 * HOUR),
        silence(HOST, equal("job", "x")),
        silence(equal("host", "b")),
    )
    silences.expire("id-4", START + 1)
    assert [each.id for each in silences.find((), START + 1)] == ["id-3", "id-2", "id-1", "id-4"]
    assert [each.id for each in silences.find((HOST, equal("job", "x")), START + 1)] == ["id-3"]
    regex = Matcher(name=HOST.name, type=MatchType.REGEX, value=HOST.value)
    assert silences.find((regex,), START + 1) == []


@pytest.mark.parametrize(("kind", "value"), [(MatchType.NOT_EQUAL, "x"), (MatchType.NOT_REGEX, "x.*")])
def test_a_silence_may_be_for_all_but_some(kind: MatchType, value: str) -> None:
    silences = book(silence(Matcher(name="host", type=kind, value=value)))
    assert silences.silencing(LABELS, START) == ("id-1",)


def test_an_expired_silence_is_forgotten_after_five_days() -> None:
    silences = book(silence(HOST))
    assert silences.forget(START + HOUR + KEEP_EXPIRED_MS - 1) == []
    assert silences.forget(START + HOUR + KEEP_EXPIRED_MS) == ["id-1"]


def test_what_was_not_kept_is_taken_back() -> None:
    silences = book(silence(HOST))
    before = {each.id: each for each in silences.find((), START)}
    changed = silences.put(replace(before["id-1"], matchers=(equal("host", "b"),)), START + 1)
    silences.undo(changed, before)
    assert silences.find((), START + 1) == [before["id-1"]]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (silence(), "at least one matcher required"),
        (silence(Matcher(name="a", type=MatchType.REGEX, value=".*")), "must not match the empty string"),
        (silence(HOST, ends_ms=START), "start time must be before end time"),
        (silence(HOST, starts_ms=START - 2, ends_ms=START - 1), "can't be in the past"),
        (silence(*[HOST] * (MAX_MATCHERS + 1)), f"the limit is {MAX_MATCHERS}"),
        (silence(HOST, created_by="", comment="x" * (MAX_BYTES - 4)), f"the limit is {MAX_BYTES}"),
    ],
)
def test_what_makes_no_sense_or_is_too_large_is_refused(bad: Silence, message: str) -> None:
    with pytest.raises(BadSilence, match=message):
        book().put(bad, START)


def test_limits_hold_what_they_say() -> None:
    silences = book(
        silence(*[HOST] * MAX_MATCHERS),
        silence(HOST, created_by="", comment="x" * (MAX_BYTES - 5)),
        most=2,
    )
    with pytest.raises(BadSilence, match="the limit is 2"):
        silences.put(silence(HOST), START)


def test_an_alert_is_compared_with_what_changed_only(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    matches = Silence.matches

    def counting(self: Silence, labels: Labels) -> bool:
        compared.append(self.id)
        return matches(self, labels)

    monkeypatch.setattr(Silence, "matches", counting)
    ids = iter(map(str, range(100)))
    kept = SilenceBook(new_id=lambda: next(ids), most=4)
    wanted = silence(HOST, starts_ms=0, ends_ms=100)
    for number in range(3):
        kept.put(wanted, 1)
        assert kept.silencing(LABELS, 2) == tuple(map(str, range(number + 1)))
    assert compared == ["0", "1", "2"]
    kept.expire("1", 3)
    assert kept.silencing(LABELS, 4) == ("0", "2")
    assert compared == ["0", "1", "2"]
    for end in range(101, 120):
        kept.put(replace(kept.get("0"), ends_ms=end), 5)
        assert kept.silencing(LABELS, 6) == ("0", "2")
    assert kept.silencing(LABELS, 118) == ("0",)
    ended = kept.put(replace(wanted, ends_ms=200), 120)
    kept.expire(ended[-1].id, 121)
    assert kept.silencing(LABELS, 122) == ()
