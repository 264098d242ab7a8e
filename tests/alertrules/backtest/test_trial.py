"""Rules over a span of time: the same as a step at a time, and what is told of those that can't be tried."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertrules.backtest import naming, overlay, stepping
from alertrules.backtest import trial as trials
from alertrules.backtest.stepping import pieces
from alertrules.backtest.trial import Firing, Outcome, Span, Trial
from alertrules.errors import RuleFailed, TemplateError
from alertrules.rules.evaluation import GroupEvaluation
from alertrules.rules.model import AlertRule, Group, RecordingRule, Rule
from alertrules.rules.outcome import State
from alertrules.rules.recording import label_changes
from alertrules.seriesinmemory import SeriesInMemory
from promql.context import Limits
from promql.engine import Options, run_instant, run_range
from promql.errors import EvaluationError, QueryTimeout, QueryTooLarge
from promql.language.ast import Expr
from promql.language.parser import parse
from promql.source import Source
from promql.values import Steps, Vector
from tests.alertrules.backtest.naive import asked, firings
from timeseries.labels import Labels
from timeseries.matcher import Matcher, MatchType
from timeseries.stale import STALE

MINUTE = 60_000


class Plain:
    """Templates of one kind: `{{ $labels.x }}` and `{{ $value }}`."""

    def expand(self, text: str, *, labels: Labels, value: float, now_ms: int, name: str = "") -> str:
        if "fail" in text:
            raise TemplateError(f"{name} fails")
        for label, own in labels:
            text = text.replace("{{ $labels." + label + " }}", own)
        return text.replace("{{ $value }}", f"{value:g}").replace("{{ query }}", str(now_ms // MINUTE))


@pytest.fixture(autouse=True, scope="module")
def small_pieces() -> Iterator[None]:
    """Let there be several pieces in each test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stepping, "FIRST_STEPS", 7)
        patch.setattr(stepping, "MOST_STEPS", 11)
        yield


@contextmanager
def ask(rule: Rule, steps: Steps, source: Source) -> Iterator[Vector]:
    value = run_range(rule.expr, steps, source, Options(limits=Limits(max_samples=2_000))).value
    assert isinstance(value, Vector)
    yield value


def alert(query: str, name: str = "A", **more: object) -> AlertRule:
    return AlertRule(name=name, expr=parse(query), text=query, **more)  # type: ignore[arg-type]


def recording(name: str, query: str) -> RecordingRule:
    return RecordingRule(name=name, expr=parse(query), text=query, labels={"by": "rule"})


def group(*rules: Rule, limit: int = 0, offset_ms: int | None = None) -> Group:
    return Group(name="g", interval_ms=MINUTE, rules=rules, limit=limit, query_offset_ms=offset_ms)


def source_of(series: Mapping[str, Sequence[float | None]]) -> SeriesInMemory:
    """Series by the value of their label `i`, a sample a minute; c is another metric, with the label of a."""
    source = SeriesInMemory()
    for name, values in series.items():
        labels = {"__name__": "n", "i": "a"} if name == "c" else {"__name__": "m", "i": name}
        for at, value in enumerate(values):
            if value is not None:
                source.append(Labels(labels), at * MINUTE, value)
    return source


def trial(source: Source, minutes: int, known: Sequence[str] = (), since: int = 0) -> Trial:
    span = Span(since_ms=since, until_ms=minutes * MINUTE, interval_ms=MINUTE)
    return Trial(source=source, ask=ask, is_known=lambda name: name in known, templates=Plain(), span=span)


def told(outcome: Outcome) -> dict[Labels, list[Firing]]:
    return {each.labels: [*each.firings] for each in outcome.alerts}


_VALUES = st.lists(st.sampled_from((0.0, 1.0, 2.0, 3.0, None)), min_size=1, max_size=40)
_QUERIES = st.sampled_from(
    (
        "m > 1",
        "sum(m) > 2",
        "rate(m[3m]) > 0.01",
        "absent(m)",
        "max_over_time(m[2m:30s]) == 3",
        "m offset 2m >= 2",
        # Fails where both are there.
        'label_replace(m, "i", "", "", "") > 1',
        # The same alert twice, where both are there.
        '{__name__=~"m|n"} > 1',
    )
)
_LENGTHS = st.integers(0, 5).map(lambda minutes: minutes * MINUTE)


@given(st.dictionaries(st.sampled_from("abc"), _VALUES, max_size=3), _QUERIES, _LENGTHS, _LENGTHS)
def test_a_trial_comes_to_the_same_as_an_evaluation_at_each_step(
    series: Mapping[str, Sequence[float | None]], query: str, for_ms: int, keep_ms: int
) -> None:
    source = source_of(series)
    rule = alert(query, for_ms=for_ms, keep_firing_ms=keep_ms, labels={"severity": "page"})
    [outcome] = trial(source, 45).run([group(rule)])
    assert outcome.problem == ""
    times = [at * MINUTE for at in range(46)]
    assert told(outcome) == firings(asked(rule, source), times, for_ms, keep_ms)


@given(st.dictionaries(st.sampled_from("abc"), _VALUES, max_size=3), _QUERIES, _LENGTHS, _LENGTHS)
def test_a_trial_comes_to_the_same_as_the_ruler(
    series: Mapping[str, Sequence[float | None]], query: str, for_ms: int, keep_ms: int
) -> None:
    source = source_of(series)
    rule = alert(query, for_ms=for_ms, keep_firing_ms=keep_ms, labels={"of": "{{ $labels.i }}", "s": "page"})
    [outcome] = trial(source, 45, since=MINUTE).run([group(rule)])
    evaluation = GroupEvaluation(group(rule), templates=Plain(), stopwatch=lambda: 0.0)
    fired: dict[Labels, set[int]] = {}
    for now in range(MINUTE, 46 * MINUTE, MINUTE):
        [result] = evaluation.evaluate(now, lambda expr, at: _at(expr, at, source), lambda _: None).rules
        for one in result.active:
            if one.state is State.FIRING:
                fired.setdefault(one.labels, set()).add(now)
    told_firing = {
        each.labels: {
            now for one in each.firings for now in range(one.fired_ms, one.ended_ms or 46 * MINUTE, MINUTE)
        }
        for each in outcome.alerts
    }
    assert told_firing == fired


_READING = st.sampled_from(
    ("second > 2", "first == 0", "absent(first)", "count_over_time(first[4m]) < 3", "resets(second[5m]) > 0")
)


@given(st.dictionaries(st.sampled_from("abc"), _VALUES, max_size=3), _READING, _LENGTHS, st.integers(0, 20))
def test_rules_read_what_rules_before_them_recorded(
    series: Mapping[str, Sequence[float | None]], query: str, for_ms: int, since: int
) -> None:
    source = source_of(series)
    first = recording("first", "m * 2")
    second = recording("second", "sum by (i) (max_over_time(first[3m]))")
    rule = alert(query, for_ms=for_ms)
    [outcome] = trial(source, 45, since=since * MINUTE).run([group(first, second, rule)])
    written = source_of(series)
    times = [at * MINUTE for at in range(46)]
    for each in (first, second):
        last: set[Labels] = set()
        for now in times:
            answer = run_range(each.expr, Steps(start_ms=now, end_ms=now, step_ms=1), written).value
            assert isinstance(answer, Vector)
            here = [one.updated(label_changes(each)) for one in answer.labels]
            for labels, value in zip(here, answer.values[:, 0].tolist(), strict=True):
                written.append(labels, now, value)
            for gone in last.difference(here):
                written.append(gone, now, STALE)
            last = {*here}
    assert told(outcome) == firings(asked(rule, written), times[since:], for_ms, 0)


def test_a_recorded_series_that_is_there_is_read_and_not_made() -> None:
    rules = group(recording("there", "m"), alert("there > 0"))
    [outcome] = trial(source_of({"a": [1.0]}), 5, known=("there",)).run([rules])
    assert (outcome.fired, outcome.notes) == (0, ())
    [made] = trial(source_of({"a": [1.0]}), 5).run([rules])
    assert (made.fired, made.notes) == (1, ("there has no series here: it was recorded for this.",))


def test_labels_that_show_the_value_make_an_alert_for_each_value() -> None:
    rule = alert("m > 0", labels={"v": "{{ $value }}", "of": "{{ $labels.i }}"})
    [outcome] = trial(source_of({"a": [1, 1, 2, 1, None]}), 3).run([group(rule)])
    spans = {
        each.labels.get("v"): [one.fired_ms // MINUTE for one in each.firings] for each in outcome.alerts
    }
    assert spans == {"1": [0, 3], "2": [2]}
    assert {each.labels.get("of") for each in outcome.alerts} == {"a"}


def test_labels_that_ask_a_query_may_change_at_each_step() -> None:
    rule = alert("m > 0", labels={"at": "{{ query }}"})
    [outcome] = trial(source_of({"a": [1, 1, 1]}), 2).run([group(rule)])
    assert [each.labels.get("at") for each in outcome.alerts] == ["0", "1", "2"]


def test_a_template_that_fails_is_told_in_the_label() -> None:
    [outcome] = trial(source_of({"a": [1]}), 0).run([group(alert("m", labels={"x": "{{ fail }}"}))])
    assert outcome.alerts[0].labels.get("x") == "<error expanding template: A fails>"


def test_a_group_with_an_offset_looks_at_earlier_samples_and_tells_its_own_times() -> None:
    [outcome] = trial(source_of({"a": [1]}), 10).run([group(alert("m > 0"), offset_ms=2 * MINUTE)])
    assert outcome.alerts[0].firings == (
        Firing(active_ms=2 * MINUTE, fired_ms=2 * MINUTE, ended_ms=7 * MINUTE, value=1.0),
    )


def test_groups_are_evaluated_at_whole_multiples_of_their_interval() -> None:
    [outcome] = trial(source_of({"a": [1] * 9}), 8, since=MINUTE // 2).run([group(alert("m"))])
    assert outcome.alerts[0].firings[0].fired_ms == MINUTE
    assert len(outcome.steps) == 8


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ('ALERTS{alertname="x"}', "its query reads ALERTS, which a backtest does not make"),
        ('{__name__=~"ALERTS_.*"}', "its query reads ALERTS_FOR_STATE, which a backtest does not make"),
        ("m @ start()", "its query says start(), end(), step() or range(), which mean another time here"),
        ("rate(m[step()])", "its query says start(), end(), step() or range(), which mean another time here"),
    ],
)
def test_rules_that_can_not_be_tried_are_told(query: str, why: str) -> None:
    [outcome] = trial(source_of({}), 5).run([group(alert(query))])
    assert outcome.problem == why


def test_too_many_recorded_samples_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [group(recording("made", "m"), alert("made > 0"), alert("m > 0", "B"))]
    for most, problem in ((7, ""), (6, "made, which it reads, could not be recorded: made would have more")):
        monkeypatch.setattr(overlay.Recorder.__init__, "__defaults__", (most,))
        first, second = trial(source_of({"a": [1, 1, 1]}), 7).run(rules)
        assert first.problem.startswith(problem)
        assert bool(first.problem) == bool(problem)
        assert second.fired == 1


def test_a_rule_may_be_chosen_by_its_name() -> None:
    found = trial(source_of({"a": [1]}), 1).run([group(alert("m"), alert("m", "B"))], only="B")
    assert [each.rule.name for each in found] == ["B"]


def test_a_query_that_may_not_take_so_much_is_asked_in_smaller_pieces() -> None:
    sizes = []
    for_all = Steps(start_ms=0, end_ms=4_999, step_ms=1)

    @contextmanager
    def some(steps: Steps) -> Iterator[Vector]:
        if len(steps) > 100:
            raise QueryTooLarge("too large")
        sizes.append(len(steps))
        yield _nothing(steps)

    times = np.concatenate([piece.steps.times for piece in pieces(some, for_all)])
    assert times.tolist() == [*range(5_000)]
    assert max(sizes) <= 100


def test_a_query_that_fails_at_some_steps_is_asked_at_all_others() -> None:
    @contextmanager
    def some(steps: Steps) -> Iterator[Vector]:
        if {17, 400, 401}.intersection(steps.times.tolist()):
            raise EvaluationError("no")
        yield _nothing(steps)

    found = [*pieces(some, Steps(start_ms=0, end_ms=2_000, step_ms=1))]
    assert [piece.steps.start_ms for piece in found if piece.vector is None] == [17, 400, 401]
    assert sum(len(piece.steps) for piece in found) == 2_001


@pytest.mark.parametrize(
    ("fails", "is_given_up"), [(stepping.MAX_FAILED, False), (stepping.MAX_FAILED + 1, True)]
)
def test_a_query_that_mostly_fails_is_given_up(fails: int, is_given_up: bool) -> None:
    @contextmanager
    def some(steps: Steps) -> Iterator[Vector]:
        if steps.start_ms < fails:
            raise EvaluationError("no")
        yield _nothing(steps)

    everything = Steps(start_ms=0, end_ms=fails + 5, step_ms=1)
    if is_given_up:
        with pytest.raises(RuleFailed, match="fails at more than"):
            [*pieces(some, everything)]
    else:
        assert sum(piece.vector is None for piece in pieces(some, everything)) == fails


def test_a_query_that_can_not_be_answered_is_the_problem_of_its_rule_and_a_timeout_of_all() -> None:
    class TooMuch:
        def select(self, *_: object) -> None:
            raise QueryTooLarge("too much")

    class Late:
        def select(self, *_: object) -> None:
            raise QueryTimeout("too late")

    [outcome] = trial(TooMuch(), 5).run([group(alert("m"))])  # type: ignore[arg-type]
    assert outcome.problem == "too much"
    with pytest.raises(QueryTimeout):
        [*trial(Late(), 5).run([group(alert("m"))])]  # type: ignore[arg-type]


def test_the_limit_of_a_group_and_a_short_time_are_told() -> None:
    [outcome] = trial(source_of({}), 5).run([group(alert("m"), limit=1)])
    assert outcome.notes == ("The limit of the group is not looked at.",)
    [short] = trial(source_of({}), 1, since=MINUTE + 1).run([group(alert("m"))])
    assert short.problem == "the time is shorter than the interval of its group"


def test_a_rule_may_run_so_often_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trials.MAX_STEPS == 5_300_000
    for most, problem in ((6, ""), (5, "it would run more than 5 times")):
        monkeypatch.setattr(trials, "MAX_STEPS", most)
        [outcome] = trial(source_of({}), 5).run([group(alert("m"))])
        assert outcome.problem == problem


def test_a_rule_may_come_and_go_so_often_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    flapping = source_of({"a": [1, 0, 1, 0, 1]})
    for most, problem in ((3, ""), (2, "its alerts came and went more than 2 times; ask for less time")):
        monkeypatch.setattr(trials, "MAX_RUNS", most)
        [outcome] = trial(flapping, 4).run([group(alert("m > 0"))])
        assert (outcome.problem, outcome.fired) == (problem, 0 if problem else 3)


def test_all_rules_together_may_fire_so_often_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    flapping = source_of({"a": [1, 0, 1, 0, 1]})
    for most, problem in ((6, ""), (5, "all rules together fired more than 5 times; ask for less time")):
        monkeypatch.setattr(trials, "MAX_FIRED", most)
        first, second = trial(flapping, 4).run([group(alert("m > 0"), alert("m > 0", "B"))])
        assert (first.problem, first.fired) == ("", 3)
        assert (second.problem, second.fired) == (problem, 0 if problem else 3)


def test_samples_that_are_older_than_the_last_are_left_out_of_memory() -> None:
    source = SeriesInMemory()
    labels = Labels({"__name__": "m"})
    source.extend(labels, np.array([1, 5]), np.array([1.0, 2.0]))
    source.append(labels, 5, 3.0)
    source.extend(labels, np.array([4, 5, 6]), np.array([7.0, 8.0, 9.0]))
    found = source.select([Matcher(name="__name__", type=MatchType.REGEX, value="m.*")], 2, 9)
    assert (found.columns.times.tolist(), found.columns.values.tolist()) == ([5, 6], [2.0, 9.0])


def _at(expr: Expr, at: int, source: Source) -> Vector:
    value = run_instant(expr, at, source).value
    assert isinstance(value, Vector)
    return value


def _nothing(steps: Steps) -> Vector:
    shape = (0, len(steps))
    return Vector(
        labels=[], values=np.zeros(shape), present=np.zeros(shape, np.bool_), drop_name=np.zeros(0, np.bool_)
    )


def test_recorded_series_end_wherever_a_piece_does() -> None:
    rules = group(recording("first", "m"), alert("first > 0"))
    for count in range(1, 20):
        for values in ([1.0] * count, [1.0] * count + [None] * 9 + [1.0] * 3):
            [outcome] = trial(source_of({"a": values}), 45).run([rules])
            [made] = outcome.alerts
            # Five minutes after its last sample the series is gone.
            assert made.firings[0].ended_ms == (count + 4) * MINUTE


def test_at_steps_with_the_same_alert_twice_nothing_changes() -> None:
    source = source_of({"a": [2.0] * 9, "c": [0.0, 0.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0]})
    [outcome] = trial(source, 8).run([group(alert('{__name__=~"m|n"} > 1', for_ms=3 * MINUTE))])
    [made] = outcome.alerts
    assert [one.fired_ms for one in made.firings] == [4 * MINUTE]
    assert outcome.failed == 2


SHOWS = {"v": "{{ $value }}"}


def tried(labels: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, **limits: int) -> Outcome:
    for name, most in limits.items():
        monkeypatch.setattr(naming if hasattr(naming, name) else trials, name, most)
    source = source_of({"a": [float(at) for at in range(20)]})
    [outcome] = trial(source, 19).run([group(alert("m", labels=dict(labels)))])
    return outcome


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"MAX_ALERTS": 19}, "too many alerts"),
        # The second piece has 11 steps, and an alert for each.
        ({"MAX_CELLS": 11 * 11 - 1}, "too many alerts"),
        # A name, the rule's, a label of the series, and what the template makes.
        ({"MAX_LABELS_TEXT": 20 * (len("alertnameA") + len("ia") + len("v")) + 29}, "too many alerts"),
        ({"MAX_TEXT": 3 * 1 + 8 * 2 - 1}, "make more than 18 characters"),
    ],
)
def test_labels_that_change_with_each_value_come_to_an_end(
    limits: dict[str, int], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = tried(SHOWS, monkeypatch, **limits)
    assert (why in outcome.problem, outcome.alerts) == (True, ())
    outcome = tried(SHOWS, monkeypatch, **{name: most + 1 for name, most in limits.items()})
    assert (outcome.problem, outcome.fired) == ("", 20)
