"""Alertmanager's configuration is read strictly: all that is wrong is told at once, with its line."""

from contextlib import suppress
from typing import Any

import pytest

from alertrules.errors import BadFile
from alertrules.routing import loading
from alertrules.routing.configuration import Configuration, Integration, Route
from alertrules.routing.fields import Field, Type
from alertrules.routing.integrations import KINDS
from alertrules.routing.loading import MAX_DEPTH, load_configuration
from alertrules.routing.sharedblocks import GLOBAL, HTTP
from alertrules.routing.tree import all_routes
from runtime.documents import parse_document
from runtime.errors import SettingsError
from tests.alertrules.routing.corpus import BAD, GOOD, NEWER, PLAIN, STRICTER, child, route, rule, times, way

HIDDEN = "hunter2"


def load(text: str) -> Configuration:
    return load_configuration(parse_document(text, "am.yml"), "am.yml")


def problems_of(text: str) -> tuple[str, ...]:
    with pytest.raises(BadFile) as caught:
        load(text)
    return caught.value.problems


def only_way(text: str) -> Integration:
    (integration,) = load(text).receivers["x"].integrations
    return integration


def only_child(text: str) -> Route:
    (found,) = load(text).route.routes
    return found


@pytest.mark.parametrize("text", [*GOOD, *(text for text, _ in NEWER)])
def test_good_files_are_taken(text: str) -> None:
    load(text)


@pytest.mark.parametrize(("text", "said"), BAD)
def test_bad_files_are_refused_with_what_is_wrong_and_where(text: str, said: str) -> None:
    problems = problems_of(text)
    assert any(said in problem for problem in problems)
    assert all(problem.startswith("am.yml, line ") for problem in problems)


@pytest.mark.parametrize("text", [text for text, _ in STRICTER])
def test_what_nobody_means_is_refused(text: str) -> None:
    with pytest.raises((BadFile, SettingsError)):
        load(text)


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_file() -> None:
    text = """\
global: {foo: 1}
route:
  receiver: y
  group_interval: 0s
  routes:
    - matchers: [a]
      receiver: z
receivers:
  - name: x
    slack_configs: [{channel: c}]
    bar: 1
"""
    lines = [int(problem.split("line ")[1].split(":")[0]) for problem in problems_of(text)]
    assert lines == [1, 3, 4, 6, 7, 10, 11]


def test_a_child_gets_from_its_parent_what_it_does_not_say_but_not_its_times() -> None:
    text = """\
route:
  receiver: x
  group_by: [a]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 3s
  routes:
    - active_time_intervals: [t]
      mute_time_intervals: [t]
      group_wait: 9s
      routes: [{group_by: []}, {group_by: ['...']}]
receivers: [{name: x}]
time_intervals: [{name: t, time_intervals: []}]
"""
    (middle,) = load(text).route.routes
    plain, by_all = middle.routes
    assert (middle.receiver, middle.group_by, middle.group_wait_ms) == ("x", ("a",), 9000)
    assert (plain.group_by, plain.group_by_all) == (("a",), False)
    assert (plain.group_wait_ms, plain.group_interval_ms, plain.repeat_interval_ms) == (9000, 2000, 3000)
    assert (plain.active_time_intervals, plain.mute_time_intervals) == ((), ())
    assert by_all.group_by_all


def test_names_stand_for_labels_again_below_a_route_that_groups_by_all() -> None:
    text = route("group_by: ['...'], routes: [{group_by: [a]}]")
    assert (only_child(text).group_by, only_child(text).group_by_all) == (("a",), False)


def test_a_route_has_alertmanagers_defaults() -> None:
    top = load(PLAIN).route
    assert (top.group_wait_ms, top.group_interval_ms, top.repeat_interval_ms) == (30_000, 300_000, 14_400_000)
    assert (top.key, top.id) == ("{}", "{}")


def test_keys_have_the_matchers_in_order_and_old_expressions_as_they_are_compiled() -> None:
    found = only_child(child("match_re: {b: x|y}, match: {c: d}, matchers: ['z=1', 'a!~q']"))
    assert found.key == '{}/{a!~"q",b=~"^(?:x|y)$",c="d",z="1"}'


def test_no_two_routes_have_the_same_id() -> None:
    text = route("routes: [{matchers: [a=b]}, {matchers: [a=b], routes: [{}, {}]}, {routes: [{}]}]")
    routes = list(all_routes(load(text).route))
    assert len({each.id for each in routes}) == len(routes)
    assert [each.key for each in routes].count('{}/{a="b"}') == 2


def test_old_and_new_matchers_of_inhibition_are_the_same_in_the_end() -> None:
    old, new = (
        load(rule(text)).inhibit_rules
        for text in (
            "source_match: {a: b}, target_match: {c: d}, equal: [e, e]",
            "source_matchers: [a=b], target_matchers: [c=d], equal: [e]",
        )
    )
    assert old == new


def test_old_and_new_time_intervals_go_by_one_list() -> None:
    text = times("") + "mute_time_intervals: [{name: u, time_intervals: []}]\n"
    assert set(load(text).time_intervals) == {"t", "u"}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (way("webhook", "url: http://a"), {"url": "http://a", "max_alerts": 0, "timeout": 0}),
        (way("pushover", "user_key: u, token: t, expire: 1.5h"), {"retry": 60_000, "expire": 5_400_000}),
        (way("pagerduty", "routing_key: r"), {"url": "https://events.pagerduty.com/v2/enqueue"}),
        (
            way("pagerduty", "routing_key: r, client: me, details: {firing: f}"),
            {"source": "me", "details": {
                "firing": "f",
                "resolved": '{{ template "pagerduty.default.instances" .Alerts.Resolved }}',
                "num_firing": "{{ .Alerts.Firing | len }}",
                "num_resolved": "{{ .Alerts.Resolved | len }}",
            }},
        ),
        (
            way("slack", "channel: c", "global: {slack_api_url_file: f}\n"),
            {"api_url": None, "api_url_file": "f"},
        ),
        (
            way("slack", "api_url: http://own", "global: {slack_api_url_file: f}\n"),
            {"api_url": "http://own", "api_url_file": ""},
        ),
        (
            way("email", "to: a, headers: {x-y: z}", "global: {smtp_from: b, smtp_smarthost: 'c:25'}\n"),
            {
                "from": "b",
                "smarthost": "c:25",
                "hello": "localhost",
                "require_tls": True,
                "headers": {
                    "Subject": '{{ template "email.default.subject" . }}',
                    "To": "a",
                    "From": "b",
                    "X-Y": "z",
                },
            },
        ),
        (
            way("email", "to: a, from: b, smarthost: 'c:1', require_tls: false"),
            {"require_tls": False, "force_implicit_tls": None},
        ),
        (
            way("jira", "api_url: http://a, project: p, issue_type: t, description: d, labels: [l]"),
            {
                "summary": {"template": '{{ template "jira.default.summary" . }}', "enable_update": True},
                "description": {"template": "d", "enable_update": True},
                "labels": {"values": ["l"], "enable_update": True, "update_mode": "replace"},
            },
        ),
        (way("apprise", "url: a://b"), {"body": '{{ template "pushover.default.message" . }}'}),
    ],
)  # fmt: skip
def test_ways_have_defaults_and_what_global_says(text: str, values: dict[str, Any]) -> None:
    settings = only_way(text).settings
    assert {name: settings[name] for name in values} == values


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [("webhook", "url: http://a", True), ("email", "to: a, from: b, smarthost: 'c:1'", False)],
)
def test_whether_the_end_is_told_depends_on_the_kind(kind: str, text: str, told: bool) -> None:
    assert only_way(way(kind, text)).send_resolved is told
    assert only_way(way(kind, f"{text}, send_resolved: {str(not told).lower()}")).send_resolved is not told


def test_the_connection_of_a_way_is_its_own_or_that_of_all() -> None:
    top = "global: {http_config: {proxy_url: 'http://p', bearer_token: t}}\n"
    of_all = only_way(way("webhook", "url: http://a", top)).settings["http_config"]
    own = only_way(way("webhook", "url: http://a, http_config: {}", top)).settings["http_config"]
    assert of_all["authorization"] == {"type": "Bearer", "credentials": "t", "credentials_file": ""}
    assert (of_all["proxy_url"], own["proxy_url"]) == ("http://p", "")
    assert own == {name: field.default for name, field in HTTP.fields.items()}


def test_whatever_is_called_a_key_a_token_or_a_password_is_a_secret() -> None:
    for shape in (*KINDS.values(), GLOBAL, HTTP):
        for name, field in shape.fields.items():
            if name.endswith(("_key", "token", "password", "_secret", "credentials", "webhook_url")):
                assert field.is_secret or (shape.what, name) == ("victorops_configs", "routing_key")


@pytest.mark.parametrize(
    "text",
    [
        way("webhook", f"url: 'http://u:{HIDDEN}@a/{HIDDEN}'"),
        way("slack", f"api_url: http://a/{HIDDEN}"),
        way("discord", f"webhook_url: http://a/{HIDDEN}"),
        way("email", f"to: a, from: b, smarthost: 'c:1', auth_password: {HIDDEN}, auth_secret: {HIDDEN}"),
        way("pagerduty", f"routing_key: {HIDDEN}, service_key: {HIDDEN}"),
        way("sns", f"topic_arn: t, sigv4: {{access_key: a, secret_key: {HIDDEN}}}"),
        way("apprise", f"url: 'tgram://{HIDDEN}/1'"),
        way("webhook", f"url: http://a, http_config: {{basic_auth: {{username: u, password: {HIDDEN}}}}}"),
        way("webhook", f"url: http://a, http_config: {{authorization: {{credentials: {HIDDEN}}}}}"),
        way("webhook", f"url: http://a, http_config: {{proxy_url: 'http://u:{HIDDEN}@p'}}"),
        way("webhook", f"url: http://a, http_config: {{http_headers: {{A: {{values: [{HIDDEN}]}}}}}}"),
        PLAIN + f"global: {{opsgenie_api_key: {HIDDEN}, http_config: {{bearer_token: {HIDDEN}}}}}\n",
    ],
)
def test_secrets_stand_neither_in_the_original_nor_in_reprs_nor_in_messages(text: str) -> None:
    configuration = load(text)
    assert HIDDEN not in configuration.original
    assert "<secret>" in configuration.original
    assert HIDDEN not in repr(configuration)
    assert HIDDEN not in "".join(problems_of(text + "foo: 1\n"))


@pytest.mark.parametrize("kind", KINDS)
def test_values_that_are_no_good_are_never_repeated(kind: str) -> None:
    """Each field gets texts that most cannot take; a message must not have them."""
    for name in [name for name, field in KINDS[kind].fields.items() if field.type is not Type.DURATION]:
        for value in (f"'%zz {HIDDEN}'", f"[{HIDDEN}]", f"{{a: {HIDDEN}}}", f"[{{type: {HIDDEN}}}]"):
            said = ""
            with suppress(SettingsError):
                said = "".join(problems_of(way(kind, f"{name}: {value}, foo: 1")))
            assert HIDDEN not in said


def test_the_original_reads_as_the_file_does() -> None:
    text = route("group_by: ['a: b', 'é', \"\\n\\x85\", 'no', '5'], routes: [{}, {continue: yes, match: {}}]")
    again = parse_document(load(text).original, "again")
    assert load_configuration(again, "again").route == load(text).route


def test_files_nested_too_deep_are_refused_and_those_just_not_are_read() -> None:
    def nested(levels: int) -> str:
        payload = "[" * levels + "]" * levels
        return way("webhook", f"url: http://a, payload: {payload}")

    # The receivers, the receiver, its ways, the way and the payload are five steps down.
    inside = MAX_DEPTH - 5 + 1
    load(nested(inside))
    (problem,) = problems_of(nested(inside + 1))
    assert problem == f"am.yml, line 1: the values are nested more than {MAX_DEPTH} deep."


def test_routes_may_be_as_deep_as_the_file() -> None:
    text = "{}"
    for _ in range((MAX_DEPTH - 3) // 2):
        text = f"{{routes: [{text}]}}"
    load(child("a=b").replace("{a=b}", text))


def test_few_aliases_that_come_to_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9))]
    with pytest.raises(SettingsError, match="aliases stand for too much"):
        problems_of("\n".join(lines) + "\n")
    # A key, a value and the mapping that has them are three.
    monkeypatch.setattr(loading, "MAX_VALUES", 3)
    assert "route" in problems_of("templates: []\n")[0]
    monkeypatch.setattr(loading, "MAX_VALUES", 2)
    assert "the limit is 2" in problems_of("templates: []\n")[0]


def test_tables_are_whole() -> None:
    fields: list[Field] = [field for shape in KINDS.values() for field in shape.fields.values()]
    assert {field.fallback for field in fields if field.fallback} <= set(GLOBAL.fields)
    for shape in KINDS.values():
        for names in (*shape.one_of, *shape.at_most_one, shape.needed):
            assert set(names) <= set(shape.fields)
