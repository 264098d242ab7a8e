"""Groups at one time after the other: what is written, what fails, what a reload keeps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertrules.alert import Alert
from alertrules.rules.evaluation import GroupEvaluation
from alertrules.rules.outcome import Health, State
from tests.alertrules.rules.world import END, MINUTE, World, make, vector_of
from tests.promql.histograms.drawn import exponential
from timeseries.labels import Labels

DOWN = (
    "{alert: Down, expr: up == 0, for: 2m, labels: {severity: page}, annotations: {a: '{{ $labels.host }}'}}"
)
PENDING = 'ALERTS{alertname="Down", alertstate="pending", host="a", severity="page"}'
FIRING = 'ALERTS{alertname="Down", alertstate="firing", host="a", severity="page"}'
FOR_STATE = 'ALERTS_FOR_STATE{alertname="Down", host="a", severity="page"}'


@pytest.fixture
def world() -> World:
    return World()


def run(world: World, evaluation: GroupEvaluation, minute: int, **hosts: float | None) -> dict[str, float]:
    """Let hosts be up or down at a minute, evaluate, and return what was written."""
    for host, value in hosts.items():
        world.put("up", minute * MINUTE, value, host=host)
    world.evaluate(evaluation, minute * MINUTE)
    return world.written()


def test_series_of_alerts_follow_their_states_and_end_with_them(world: World) -> None:
    own = make(DOWN)
    assert run(world, own, 1, a=0) == {PENDING: 1.0, FOR_STATE: 60.0}
    assert run(world, own, 2, a=0) == {PENDING: 1.0, FOR_STATE: 60.0}
    assert run(world, own, 3, a=0) == {FIRING: 1.0, FOR_STATE: 60.0, PENDING: END}
    assert run(world, own, 4, a=1) == {FIRING: END, FOR_STATE: END}
    assert run(world, own, 5) == {}
    assert world.alive() == set()


def test_an_active_alert_says_what_it_is_and_since_when(world: World) -> None:
    own = make(DOWN)
    run(world, own, 1, a=0)
    [rule] = own.last.rules
    [one] = rule.active
    assert (rule.key, one.state) == ("f.yml;g;Down;severity='page'", State.PENDING)
    assert one.labels == Labels({"alertname": "Down", "host": "a", "severity": "page"})
    assert one.annotations == Labels({"a": "a"})
    assert (one.value, one.active_ms) == (0.0, MINUTE)


@pytest.mark.parametrize("value", ["0", "NaN", "-Inf"])
def test_any_value_fires(world: World, value: str) -> None:
    own = make(f"{{alert: A, expr: vector({value})}}")
    assert set(run(world, own, 1)) == {
        'ALERTS{alertname="A", alertstate="firing"}',
        'ALERTS_FOR_STATE{alertname="A"}',
    }


def test_results_tell_of_each_rule(world: World) -> None:
    own = make(f"{DOWN}\n{{record: n, expr: count(up)}}\n{{record: bad, expr: 'up[5m]'}}")
    assert [one.health for one in own.last.rules] == [Health.UNKNOWN] * 3
    run(world, own, 1, a=0, b=1)
    alert, recorded, bad = own.last.rules
    assert (alert.health, alert.samples, alert.state) == (Health.OK, 2, State.PENDING)
    assert [one.labels.get("host") for one in alert.active] == ["a"]
    assert (recorded.health, recorded.samples, recorded.seconds) == (Health.OK, 1, 1.0)
    assert (bad.health, bad.last_error, bad.samples) == (
        Health.ERR,
        "rule result is not a vector or scalar",
        0,
    )
    assert (own.last.time_ms, own.last.seconds, own.last.samples) == (MINUTE, 7.0, 3)
    assert len({one.key for one in own.last.rules}) == 3


def test_alerts_in_a_result_stay_as_they_were(world: World) -> None:
    own = make(DOWN)
    run(world, own, 1, a=0)
    before = own.last
    run(world, own, 3, a=0)
    assert [one.state for one in before.rules[0].active] == [State.PENDING]
    before.rules[0].active[0].state = State.INACTIVE
    assert len(own.due_alerts(3 * MINUTE)) == 1


def test_a_template_that_fails_leaves_its_error_where_it_stands(world: World) -> None:
    own = make("{alert: A, expr: up == 0, labels: {x: '{{ fail }}'}, annotations: {y: '{{ fail }}', z: ''}}")
    run(world, own, 1, a=0)
    [alert] = own.last.rules[0].active
    assert alert.labels.get("x") == "<error expanding template: it failed for A>"
    assert alert.annotations == (("y", "<error expanding template: it failed for A>"), ("z", ""))


def test_annotations_and_values_follow_the_query_and_labels_are_who_it_is(world: World) -> None:
    own = make("{alert: A, expr: t > 0, annotations: {v: '{{ $value }}'}}")
    for minute, value in ((1, 5.0), (2, 7.0)):
        world.put("t", minute * MINUTE, value)
        world.evaluate(own, minute * MINUTE)
    [alert] = own.last.rules[0].active
    assert (alert.value, alert.annotations.get("v"), alert.active_ms) == (7.0, "7", MINUTE)


def test_a_label_with_a_template_that_changes_makes_another_alert(world: World) -> None:
    own = make("{alert: A, expr: t > 0, labels: {v: '{{ $value }}'}}")
    for minute, value in ((1, 5.0), (2, 7.0)):
        world.put("t", minute * MINUTE, value)
        world.evaluate(own, minute * MINUTE)
    sent = {alert.labels.get("v"): alert.status(2 * MINUTE) for alert in own.due_alerts(2 * MINUTE)}
    assert sent == {"5": "resolved", "7": "firing"}


def test_alerts_with_the_same_labels_fail_the_rule_and_nothing_is_sent(world: World) -> None:
    own = make("{alert: A, expr: up, labels: {host: same}}")
    run(world, own, 1, a=1)
    assert len(own.due_alerts(MINUTE)) == 1
    assert run(world, own, 2, a=1, b=1) == {}
    [rule] = own.last.rules
    assert rule.last_error == "vector contains metrics with the same labelset after applying alert labels"
    assert own.due_alerts(10 * MINUTE) == []
    assert [one.state for one in rule.active] == [State.FIRING]


def test_a_failed_query_ends_nothing_and_the_next_one_goes_on(world: World) -> None:
    own = make(f"{DOWN}\n{{record: n, expr: up * on() group_left sel}}")
    world.put("sel", 0, 1.0)
    run(world, own, 0, a=0)
    world.put("sel", MINUTE, 1.0, x="1")
    assert run(world, own, 1, a=0) == {PENDING: 1.0, FOR_STATE: 0.0}
    assert [one.health for one in own.last.rules] == [Health.OK, Health.ERR]
    world.put("sel", 2 * MINUTE, None, x="1")
    assert run(world, own, 2, a=None) == {PENDING: END, FOR_STATE: END, 'n{host="a"}': END}


@pytest.mark.parametrize(("limit", "health"), [(0, Health.OK), (1, Health.ERR), (2, Health.OK)])
@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ("{alert: A, expr: up}", "exceeded limit of 1 with 2 alerts"),
        ("{record: r, expr: up}", "exceeded limit of 1 with 2 series"),
    ],
)
def test_a_rule_may_make_as_much_as_the_limit(
    world: World, rule: str, error: str, limit: int, health: Health
) -> None:
    own = make(rule, f"  limit: {limit}\n")
    run(world, own, 1, a=1, b=1)
    [result] = own.last.rules
    assert result.health is health
    assert result.last_error == (error if health is Health.ERR else "")


def test_alerts_beyond_the_limit_are_all_forgotten_and_their_series_end_when_it_works_again(
    world: World,
) -> None:
    own = make("{alert: A, expr: up == 0}", "  limit: 1\n")
    assert len(run(world, own, 1, a=0)) == 2
    assert run(world, own, 2, a=0, b=0) == {}
    assert own.last.rules[0].active == ()
    assert set(run(world, own, 3, a=1, b=1).values()) == {END}


def test_an_alert_that_ended_does_not_count_toward_the_limit(world: World) -> None:
    own = make("{alert: A, expr: up == 0}", "  limit: 1\n")
    run(world, own, 1, a=0)
    run(world, own, 2, a=1, b=0)
    assert own.last.rules[0].health is Health.OK


def test_labels_of_a_recording_rule_override_and_empty_ones_remove(world: World) -> None:
    own = make("{record: r, expr: up, labels: {host: '', extra: x, job: new}}")
    world.put("up", MINUTE, 1.0, host="a", job="old")
    assert run(world, own, 1) == {'r{extra="x", job="new"}': 1.0}


def test_a_recording_rule_with_one_series_twice_fails(world: World) -> None:
    own = make("{record: r, expr: up, labels: {host: same}}")
    assert run(world, own, 1, a=1, b=1) == {}
    assert own.last.rules[0].last_error == (
        "vector contains metrics with the same labelset after applying rule labels"
    )


def test_a_scalar_is_recorded_without_labels(world: World) -> None:
    assert run(world, make("{record: r, expr: 1 + 1}"), 1) == {"r": 2.0}


def test_native_histograms_pass_through() -> None:
    world, own = World(), make("{record: r, expr: h}\n{alert: A, expr: h, annotations: {v: '{{ $value }}'}}")
    sample = exponential(0, 1.0, 2.0)
    own.evaluate(MINUTE, lambda *_: vector_of({Labels({"__name__": "h"}): sample}), world.write)
    [recorded, *_] = world.writes[0]
    assert recorded.value is sample
    [alert] = own.last.rules[1].active
    assert (alert.value, alert.annotations) == (0.0, Labels({"v": "0"}))


def test_each_rule_sees_what_the_ones_before_wrote_at_that_time(world: World) -> None:
    own = make("{record: n, expr: count(up)}\n{record: m, expr: n * 2}\n{alert: A, expr: m > 3}")
    found = run(world, own, 1, a=1, b=1)
    assert (found["n"], found["m"]) == (2.0, 4.0)
    assert own.last.rules[2].state is State.FIRING


@pytest.mark.parametrize(
    ("rules", "commits"),
    [
        ("{record: a, expr: up}\n{record: b, expr: up}\n{alert: C, expr: up}", 1),
        ("{record: a, expr: up}\n{record: b, expr: a}\n{record: c, expr: up}", 2),
        ("{record: a, expr: up}\n{record: b, expr: 'count({host=\"a\"})'}", 2),
        ("{record: a, expr: up}\n{record: b, expr: 'sum(last_over_time({__name__=~\"a.*\"}[5m]))'}", 2),
        ("{record: a, expr: up}\n{record: b, expr: 'info(up)'}", 2),
        ("{alert: C, expr: up}\n{record: b, expr: 'max_over_time((ALERTS)[5m:1m]) or -up'}", 2),
        ("{record: a, expr: up}\n{alert: C, expr: up, annotations: {x: '{{ query \"a\" }}'}}", 2),
        ("{record: a, expr: up}\n{record: b, expr: 'topk(scalar(sum(a)), up)'}", 2),
        ("{record: a, expr: up}\n{record: b, expr: 'time()'}", 1),
        ("{alert: C, expr: up > 9}\n{record: b, expr: ALERTS}", 0),
    ],
)
def test_what_waits_is_written_before_it_may_be_read_and_at_the_end(
    world: World, rules: str, commits: int
) -> None:
    world.put("up", MINUTE, 1.0, host="a")
    world.evaluate(make(rules), MINUTE)
    assert len(world.writes) == commits


def test_a_failed_write_fails_the_rules_whose_samples_it_were_and_ends_nothing(world: World) -> None:
    own = make("{record: a, expr: up}\n{record: b, expr: up > 5}\n{record: c, expr: up}")
    run(world, own, 1, a=1)
    world.refusal = "the disk is full"
    run(world, own, 2, a=1, b=1)
    assert [one.last_error for one in own.last.rules] == ["the disk is full", "", "the disk is full"]
    world.refusal = ""
    assert run(world, own, 3, a=None, b=None) == {'a{host="a"}': END, 'c{host="a"}': END}


def test_alerts_are_sent_although_their_series_could_not_be_written(world: World) -> None:
    own = make("{alert: A, expr: up == 0}")
    world.refusal = "the disk is full"
    run(world, own, 1, a=0)
    assert own.last.rules[0].health is Health.ERR
    assert len(own.due_alerts(MINUTE)) == 1


def test_a_series_that_another_rule_goes_on_with_does_not_end(world: World) -> None:
    rules = "{record: r, expr: up == 1}\n{record: r, expr: up == 0}"
    for text in (rules, "\n".join(reversed(rules.splitlines()))):
        own = make(text)
        assert run(world, own, 1, a=1) == {'r{host="a"}': 1.0}
        assert run(world, own, 2, a=0) == {'r{host="a"}': 0.0}
        assert [one.health for one in own.last.rules] == [Health.OK, Health.OK]
        assert run(world, own, 3, a=None) == {'r{host="a"}': END}


def test_a_series_that_has_another_value_already_keeps_it(world: World) -> None:
    own = make("{record: r, expr: up}\n{record: r, expr: up + 1}\n{record: r, expr: up * 1}")
    assert run(world, own, 1, a=1) == {'r{host="a"}': 1.0}
    assert [one.last_error for one in own.last.rules] == ["", "duplicate sample for timestamp", ""]


def test_an_offset_moves_queries_and_samples_and_not_the_times_of_alerts(world: World) -> None:
    own = make(f"{DOWN}\n{{record: r, expr: time()}}", "  query_offset: 1m\n", query_offset_ms=9)
    world.put("up", 3 * MINUTE, 0.0, host="a")
    world.evaluate(own, 4 * MINUTE)
    assert set(world.asked) == {3 * MINUTE}
    assert {one.time_ms for commit in world.writes for one in commit} == {3 * MINUTE}
    assert world.written() == {PENDING: 1.0, FOR_STATE: 240.0, "r": 180.0}
    assert {one.time_ms for one in own.end(5 * MINUTE)} == {4 * MINUTE}


def test_a_group_without_offset_or_interval_has_those_of_the_gateway(world: World) -> None:
    own = make("{record: r, expr: 1}", query_offset_ms=5000, interval_ms=7000)
    world.evaluate(own, MINUTE)
    assert (world.asked, own.interval_ms) == ([55_000], 7000)
    assert make("{record: r, expr: 1}", "  interval: 3s\n", interval_ms=7000).interval_ms == 3000


def test_the_end_of_a_group_ends_all_its_series(world: World) -> None:
    own = make(f"{DOWN}\n{{record: r, expr: up}}")
    assert own.end(0) == []
    run(world, own, 1, a=0)
    world.write(own.end(2 * MINUTE))
    assert world.written() == {PENDING: END, FOR_STATE: END, 'r{host="a"}': END}


# --- what is sent ---


def due(own: GroupEvaluation, minute: float) -> list[Alert]:
    return own.due_alerts(round(minute * MINUTE))


def test_a_firing_alert_is_sent_at_once_and_again_after_the_delay(world: World) -> None:
    own = make(DOWN, external_labels=Labels({"region": "eu", "host": "x"}), external_url="http://gate/")
    run(world, own, 1, a=0)
    assert due(own, 1) == []
    run(world, own, 3, a=0)
    [alert] = due(own, 3)
    assert alert == Alert(
        labels=Labels({"alertname": "Down", "host": "a", "region": "eu", "severity": "page"}),
        annotations=Labels({"a": "a"}),
        starts_ms=3 * MINUTE,
        ends_ms=7 * MINUTE,
        updated_ms=3 * MINUTE,
        generator_url="http://gate/graph?g0.expr=up+%3D%3D+0&g0.tab=1",
    )
    assert due(own, 4) == []
    [again] = own.due_alerts(4 * MINUTE + 1)
    assert again == alert.changed(ends_ms=8 * MINUTE + 1, updated_ms=4 * MINUTE + 1)


def test_a_long_interval_makes_an_alert_valid_for_longer(world: World) -> None:
    own = make("{alert: A, expr: up == 0}", "  interval: 5m\n")
    run(world, own, 1, a=0)
    assert due(own, 1)[0].ends_ms == 21 * MINUTE


def test_one_that_ended_is_sent_at_once_and_for_fifteen_minutes(world: World) -> None:
    own = make("{alert: A, expr: up == 0}")
    run(world, own, 1, a=0)
    due(own, 1)
    world.put("up", 90_000, 1.0, host="a")
    world.evaluate(own, 90_000)
    [ended] = due(own, 1.5)
    assert (ended.starts_ms, ended.ends_ms) == (MINUTE, 90_000)
    told = []
    for minute in range(2, 20):
        run(world, own, minute)
        told += [minute for one in due(own, minute) if one.ends_ms == 90_000]
    assert told == [3, 5, 7, 9, 11, 13, 15]


# --- reloads ---


def test_a_reload_keeps_the_states_of_rules_with_the_same_name_and_labels(world: World) -> None:
    own = make(f"{DOWN}\n{{alert: Gone, expr: up == 0}}\n{{record: r, expr: up}}")
    run(world, own, 1, a=0)
    new = make(f"{{record: q, expr: up}}\n{DOWN.replace('2m', '1m')}\n{{record: r, expr: up + 1}}")
    new.take_over(own)
    assert [one.health for one in new.last.rules] == [Health.UNKNOWN, Health.OK, Health.OK]
    assert [one.active_ms for one in new.last.rules[1].active] == [MINUTE]
    assert run(world, new, 2, a=0) == {
        'q{host="a"}': 0.0,
        FIRING: 1.0,
        FOR_STATE: 60.0,
        PENDING: END,
        'r{host="a"}': 1.0,
        'ALERTS{alertname="Gone", alertstate="firing", host="a"}': END,
        'ALERTS_FOR_STATE{alertname="Gone", host="a"}': END,
    }
    assert run(world, new, 3, a=None) == {
        'q{host="a"}': END,
        FIRING: END,
        FOR_STATE: END,
        'r{host="a"}': END,
    }


def test_of_several_rules_that_are_the_same_the_first_goes_on_as_the_first(world: World) -> None:
    first, second = "{alert: A, expr: up == 0}", "{alert: A, expr: up == 1}"
    own = make(f"{first}\n{second}")
    run(world, own, 1, a=0, b=1)
    new = make(f"{first}\n{second}")
    new.take_over(own)
    hosts = [[one.labels.get("host") for one in rule.active] for rule in new.last.rules]
    assert hosts == [["a"], ["b"]]


def test_ends_that_could_not_be_written_are_written_later_and_survive_another_reload(world: World) -> None:
    own = make("{record: r, expr: up}")
    run(world, own, 1, a=1)
    new = make("{record: q, expr: up}")
    new.take_over(own)
    world.refusal = "no"
    run(world, new, 2, a=1)
    world.refusal = ""
    newer = make("{record: q, expr: up}")
    newer.take_over(new)
    assert run(world, newer, 3, a=1) == {'q{host="a"}': 1.0, 'r{host="a"}': END}
    assert run(world, newer, 4, a=1) == {'q{host="a"}': 1.0}


def test_a_rule_that_moved_to_another_name_and_makes_the_same_series_does_not_end_it(world: World) -> None:
    own = make("{record: r, expr: up, labels: {x: '1'}}")
    run(world, own, 1, a=1)
    new = make('{record: r, expr: \'label_replace(up, "x", "1", "", "")\'}')
    new.take_over(own)
    assert run(world, new, 2, a=1) == {'r{host="a", x="1"}': 1.0}


# --- any sequence ---

_HOSTS = ("a", "b", "c")


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.lists(st.sampled_from([0.0, 1.0, None]), min_size=3, max_size=3), st.booleans()),
        max_size=12,
    ),
    minutes=st.integers(0, 3),
)
def test_the_series_that_live_are_those_of_alerts_that_are_pending_or_firing(
    steps: list[tuple[list[float | None], bool]], minutes: int
) -> None:
    world = World()
    text = f"{{alert: A, expr: up == 0, for: {minutes}m, keep_firing_for: 1m}}"
    own = make(text)
    for minute, (values, is_reload) in enumerate(steps):
        run(world, own, minute, **dict(zip(_HOSTS, values, strict=True)))
        alerts = own.last.rules[0].active
        wanted = {
            f'ALERTS{{alertname="A", alertstate="{one.state}", host="{one.labels.get("host")}"}}'
            for one in alerts
        } | {f'ALERTS_FOR_STATE{{alertname="A", host="{one.labels.get("host")}"}}' for one in alerts}
        assert world.alive() == wanted
        for alert, value in zip(_HOSTS, values, strict=True):
            assert (value == 0.0) <= any(one.labels.get("host") == alert for one in alerts)
        if is_reload:
            new = make(text)
            new.take_over(own)
            own = new
    world.write(own.end(len(steps) * MINUTE))
    assert world.alive() == set()
