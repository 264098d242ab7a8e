"""Configurations of Alertmanager, good and bad, each small; what is told of the bad ones.

They go through our reader here and through the real amtool in tests/peers.
"""

from typing import Final

RECEIVERS: Final = "receivers: [{name: x}]\n"
ROUTE: Final = "route: {receiver: x}\n"
PLAIN: Final = ROUTE + RECEIVERS


def route(text: str) -> str:
    return f"route: {{receiver: x, {text}}}\n{RECEIVERS}"


def child(text: str) -> str:
    return route(f"routes: [{{{text}}}]")


def way(kind: str, text: str, top: str = "") -> str:
    return f"{ROUTE}{top}receivers: [{{name: x, {kind}_configs: [{{{text}}}]}}]\n"


def rule(text: str) -> str:
    return f"{PLAIN}inhibit_rules: [{{{text}}}]\n"


def times(text: str) -> str:
    return f"{PLAIN}time_intervals: [{{name: t, time_intervals: [{{{text}}}]}}]\n"


def http(text: str) -> str:
    return way("webhook", f"url: http://a, http_config: {{{text}}}")


# Merged keys; own ones count.
MERGED: Final = f"""\
route:
  receiver: x
  routes:
    - &base {{receiver: x, group_wait: 5s}}
    - <<: *base
      group_wait: 6s
    - <<: [*base, {{continue: true}}]
{RECEIVERS}"""
NIGHT: Final = "time_intervals: [{name: night, time_intervals: [{weekdays: [monday]}]}]\n"
MAIL: Final = "to: a@b, from: c@d, smarthost: 'e:25'"
JIRA: Final = "api_url: http://a, project: p, issue_type: i"
SLACK: Final = "api_url: https://hooks.example/s"

GOOD: Final = [
    PLAIN,
    MERGED,
    PLAIN + "global: {}\ntemplates: []\ninhibit_rules: []\ntime_intervals: []\n",
    PLAIN + "global:\n",
    PLAIN + "global: {resolve_timeout: 1m, http_config: {follow_redirects: false}, smtp_hello: me}\n",
    PLAIN + "global: {slack_api_url_file: s, opsgenie_api_key_file: o, victorops_api_key: k}\n",
    PLAIN + "global: {smtp_smarthost: ''}\n",
    *map(
        route,
        [
            "group_by: ['...']",
            "group_by: ['...', '...']",
            "group_by: [a, b]",
            "group_by: []",
            "group_wait: 0",
            "group_wait: 0s",
            "group_wait: 1h30m",
            "group_interval: 1ms",
            "repeat_interval: 1y2w3d",
            "matchers: []",
            "match: {}",
            "routes: []",
            "mute_time_intervals: []",
            "continue: no",
        ],
    ),
    *map(
        child,
        [
            "continue: true",
            "match: {a: b, c: ''}",
            "match: {a: null}",
            "match: {a: 5}",
            "match_re: {a: 'b|c'}",
            "receiver: ''",
            "receiver: x, routes: [{matchers: [a=b], routes: [{matchers: [c=d], receiver: x}]}]",
            "matchers: ['']",
            "matchers: ['a=b']",
            "matchers: ['a=b,']",
            "matchers: ['a=']",
            "matchers: ['a = b c ']",
            "matchers: ['{a=\"b\",c!~\"d,e\"}', 'f=~g']",
            "matchers: ['{a=b']",
            "matchers: ['a=\"b\\x\"']",
            "matchers: ['a:b=c']",
        ],
    ),
    child("mute_time_intervals: [night]") + NIGHT,
    child("active_time_intervals: [night], mute_time_intervals: [night]") + NIGHT,
    child("mute_time_intervals: [night]") + NIGHT.replace("time", "mute_time", 1),
    rule("source_matchers: [a=b], target_matchers: [c=d], equal: [e, f]"),
    rule("source_match: {a: b}, source_match_re: {c: d}, target_match: {e: f}, target_match_re: {g: h}"),
    rule("equal: [a, a]"),
    rule(""),
    *map(
        times,
        [
            "",
            "times: [{start_time: 09:00, end_time: 24:00}, {start_time: '00:00', end_time: '00:01'}]",
            "weekdays: ['Monday:FRIDAY', sunday]",
            "days_of_month: ['1:5', '-3:-1', 15, '1:-1', '27:-1']",
            "months: ['january:3', 12, december]",
            "years: [2020, '2020:2030', '-5', '+5:6']",
            "location: Europe/Berlin",
            "location: US/Eastern",
            "location: Local",
            "location: ''",
            "location: UTC",
        ],
    ),
    way("webhook", "url: http://a"),
    way("webhook", "url: 'HTTPS://u:p@a.b:80/c?d=%zz#e', max_alerts: 5, send_resolved: false"),
    way("webhook", "url: 'http://[::1]:9/'"),
    way("email", MAIL),
    way("email", f"{MAIL}, headers: {{subject: s, X-a: b}}, require_tls: false, auth_password: p"),
    way("email", "to: a", "global: {smtp_from: b, smtp_smarthost: 'c:25', smtp_auth_password_file: p}\n"),
    way("slack", SLACK),
    way("slack", "channel: c", "global: {slack_api_url: http://a}\n"),
    way("slack", "channel: c", "global: {slack_api_url_file: a}\n"),
    way("slack", f"{SLACK}, fields: [{{title: a, value: b, short: true}}], mrkdwn_in: [text]"),
    way("slack", f"{SLACK}, actions: [{{type: button, text: a, url: b, confirm: {{text: c}}}}]"),
    way("slack", f"{SLACK}, actions: [{{type: button, text: a, name: b}}]"),
    way("pagerduty", "service_key: k"),
    way("pagerduty", "routing_key: k, details: {a: b}, images: [{src: a}], links: [{href: b}]"),
    way("opsgenie", "api_key: k, responders: [{name: a, type: TEAM}, {id: b, type: '{{ .x }}'}]"),
    way("opsgenie", "", "global: {opsgenie_api_key: k}\n"),
    way("victorops", "api_key: k, routing_key: r, custom_fields: {a: b}"),
    way("pushover", "user_key: u, token: t, retry: 1m30s, expire: 1.5h, html: true"),
    way("wechat", "api_secret: s, corp_id: c, message_type: markdown"),
    way("wechat", "", "global: {wechat_api_secret: s, wechat_api_corp_id: c}\n"),
    way("telegram", "bot_token: t, chat_id: -100, parse_mode: ''"),
    way("discord", "webhook_url: http://a"),
    way("webex", "room_id: r, http_config: {authorization: {credentials: c}}"),
    way("sns", "topic_arn: t, sigv4: {region: r, access_key: a, secret_key: s}, attributes: {a: b}"),
    way("sns", "topic_arn: t, phone_number: p, target_arn: x, sigv4: {}"),
    *map(
        http,
        [
            "",
            "basic_auth: {username: u, password: p}",
            "basic_auth: {}",
            "authorization: {type: Foo, credentials_file: c}",
            "authorization: {}",
            "oauth2: {client_id: i, client_secret: s, token_url: t, scopes: [a], endpoint_params: {a: b}}",
            "bearer_token: t",
            "bearer_token_file: t, tls_config: {ca_file: c, insecure_skip_verify: true, min_version: TLS12}",
            "proxy_url: 'http://u:p@h:1', enable_http2: false",
        ],
    ),
]  # fmt: skip

BAD: Final = [
    ("", "line 1: route: the configuration needs one."),
    (RECEIVERS, "line 1: route: the configuration needs one."),
    ("- a\n", "line 1: the configuration must be a mapping"),
    (ROUTE, 'line 1: receiver: there is no receiver "x"; there are none.'),
    ("route: {}\n" + RECEIVERS, "line 1: receiver: the route at the top needs one."),
    (PLAIN + "foo: 1\n", "line 3: foo: the configuration has no such field; it may have global,"),
    (PLAIN + RECEIVERS, "line 3: receivers: this key stands twice"),
    (ROUTE + "receivers: [{name: x}, {name: x}]\n", "line 2: receivers: there are two called x."),
    (ROUTE + "receivers: [{name: x}, {}]\n", "line 2: name: a receiver needs one."),
    (ROUTE + "receivers: {name: x}\n", "line 2: receivers: must be a list."),
    (ROUTE + "receivers: [{name: x, foo_configs: []}]\n", "line 2: foo_configs: a receiver has no such"),
    (PLAIN + "global: {foo: 1}\n", "line 3: foo: global has no such field"),
    (PLAIN + "global: {resolve_timeout: 5}\n", "line 3: resolve_timeout: not a valid duration"),
    (PLAIN + "global: {slack_api_url: 'ftp://a'}\n", "line 3: slack_api_url: it must be a URL"),
    (PLAIN + "global: {pagerduty_url: 'a b'}\n", "line 3: pagerduty_url: it must be a URL"),
    (PLAIN + "global: {smtp_smarthost: a}\n", "line 3: smtp_smarthost: it must be HOST:PORT."),
    (PLAIN + "global: {smtp_smarthost: 'a:'}\n", "line 3: smtp_smarthost: it must be HOST:PORT."),
    (PLAIN + "global: {smtp_smarthost: '::1:25'}\n", "line 3: smtp_smarthost: it must be HOST:PORT."),
    (PLAIN + "global: {smtp_require_tls: 1}\n", "line 3: smtp_require_tls: must be true or false."),
    (
        PLAIN + "global: {slack_api_url: http://a, slack_api_url_file: b}\n",
        "line 3: slack_api_url_file: at most one of slack_api_url, slack_api_url_file",
    ),
    (
        PLAIN + "global: {opsgenie_api_key: a, opsgenie_api_key_file: b}\n",
        "opsgenie_api_key_file: at most one of",
    ),
    (
        PLAIN + "global: {victorops_api_key: a, victorops_api_key_file: b}\n",
        "victorops_api_key_file: at most one of",
    ),
    (
        PLAIN + "global: {smtp_auth_password: a, smtp_auth_password_file: b}\n",
        "smtp_auth_password_file: at most one of",
    ),
    (route("matchers: [a=b]"), "line 1: the route at the top takes every alert: it must have no matchers."),
    (route("match: {a: b}"), "line 1: the route at the top takes every alert"),
    (route("match_re: {a: b}"), "line 1: the route at the top takes every alert"),
    (route("continue: true"), "line 1: continue: the route at the top has nothing to continue with."),
    (route("mute_time_intervals: [night]") + NIGHT, "mute_time_intervals: the route at the top must"),
    (route("active_time_intervals: [night]") + NIGHT, "active_time_intervals: the route at the top must"),
    (route("group_by: ['...', a]"), "group_by: ... means all labels: no others may stand beside it."),
    (route("group_by: [a, b, a]"), "group_by: a stands twice."),
    (route("group_by: ['']"), "group_by: a name of a label must not be empty."),
    (route("group_by: a"), "group_by: must be a list."),
    (route("group_interval: 0s"), "group_interval: must be more than 0."),
    (route("repeat_interval: 0"), "repeat_interval: must be more than 0."),
    (route("group_wait: ''"), "group_wait: not a valid duration"),
    (route("group_wait: 5"), "group_wait: not a valid duration"),
    (route("group_wait: -5m"), "group_wait: not a valid duration"),
    (route("group_wait: '5m '"), "group_wait: not a valid duration"),
    (route("group_wait: 1h 5m"), "group_wait: not a valid duration"),
    (route("group_wait: 5m1h"), "group_wait: not a valid duration"),
    (route("group_wait: 5.5s"), "group_wait: not a valid duration"),
    (route("group_wait: 100000y"), "group_wait: duration out of range"),
    (route("continue: 1"), "continue: must be true or false."),
    (route("receiver: x"), "receiver: this key stands twice"),
    (route("routes: {}"), "routes: must be a list."),
    (child("receiver: y"), 'receiver: there is no receiver "y"; there are x.'),
    (child("routes: [{receiver: y}]"), 'receiver: there is no receiver "y"'),
    (child("foo: 1"), "foo: a route has no such field; it may have"),
    (child("mute_time_intervals: [night]"), 'there is no time interval "night"; there are none.'),
    (child("active_time_intervals: [day]") + NIGHT, 'there is no time interval "day"; there are night.'),
    (child("match: {a-b: c}"), 'match: "a-b" is no name of a label; use matchers.'),
    (child("match: [a]"), "match: must be a mapping"),
    (child("match: {a: b, a: c}"), "match: a stands twice."),
    (child("match_re: {a-b: c}"), 'match_re: "a-b" is no name of a label'),
    (child("match_re: {a: null}"), "match_re: a needs an expression."),
    (child("match_re: {a: '['}"), "match_re: regular expression"),
    (child("matchers: a=b"), "matchers: must be a list."),
    (child("matchers: ['a']"), 'matchers: "a" is no matcher; write it such as name="value"'),
    (child("matchers: ['a=b,,c=d']"), "is no matcher"),
    (child("matchers: [',']"), "is no matcher"),
    (child("matchers: ['a=\"b']"), "the closing quote of the value lacks"),
    (child("matchers: ['a=b\"']"), "a quote inside of the value needs a backslash"),
    (child("matchers: ['a=\"b\"c\"']"), "a quote inside of the value needs a backslash"),
    (child("matchers: ['a=~\"[\"']"), "matchers: regular expression"),
    (child("matchers: ['a!=~b', '{{a=b}}']"), "is no matcher"),
    (rule("foo: 1"), "foo: an inhibit_rule has no such field"),
    (rule("source_match: {a-b: c}"), "source_match: "),
    (rule("target_match_re: {a: '('}"), "target_match_re: regular expression"),
    (rule("source_matchers: ['a']"), "source_matchers: "),
    (rule("equal: ['']"), "equal: a name of a label must not be empty."),
    (rule("equal: a"), "equal: must be a list."),
    (PLAIN + "time_intervals: [{time_intervals: []}]\n", "line 3: name: a time interval needs one."),
    (PLAIN + NIGHT.replace("}]}]", "}]}, {name: night}]"), "there are two time intervals called night."),
    (PLAIN + NIGHT + NIGHT.replace("time", "mute_time", 1), "there are two time intervals called night."),
    (times("foo: 1"), "foo: a time interval has no such field; it may have times, weekdays,"),
    (times("times: [{start_time: 9:00, end_time: '10:00'}]"), 'times: "9:00" is no time of day'),
    (times("times: [{start_time: '10:00', end_time: '24:01'}]"), 'times: "24:01" is no time of day'),
    (times("times: [{start_time: '10:00', end_time: '10:00'}]"), "it must start before it ends"),
    (times("times: [{start_time: '10:00'}]"), "start_time and end_time must both stand here."),
    (times("times: [{start_time: '10:00', end_time: '11:00', a: b}]"), "a: a time range has no such field"),
    (times("weekdays: ['1:3']"), 'weekdays: "1" is no day of the week; there are sunday,'),
    (times("weekdays: ['friday:monday']"), '"friday:monday" ends before it starts'),
    (times("weekdays: ['monday: friday']"), 'weekdays: " friday" is no day of the week'),
    (times("weekdays: ['monday:tuesday:friday']"), "is no range; write START:END"),
    (times("days_of_month: ['0']"), "days_of_month: \"0\": a day is 1 to 31, or -1 to -31"),
    (times("days_of_month: ['32']"), "a day is 1 to 31"),
    (times("days_of_month: ['-32:-1']"), "a day is 1 to 31"),
    (times("days_of_month: ['-5:3']"), "when it starts from the end of the month, it must end so"),
    (times("days_of_month: ['30:-5']"), "ends before it starts"),
    (times("days_of_month: ['29:-1']"), "ends before it starts"),
    (times("days_of_month: ['a']"), '"a" is no whole number'),
    (times("months: ['3:1']"), "ends before it starts"),
    (times("months: [jan]"), 'months: "jan" is no month'),
    (times("months: monday"), "months: must be a list."),
    (times("years: ['2020:']"), '"" is no whole number'),
    (times("years: ['2021:2020']"), "ends before it starts"),
    (times("location: Mars"), 'there is no time zone "Mars"'),
    (times("location: ../etc/passwd"), "there is no time zone"),
    (way("webhook", ""), "webhook_configs needs url or url_file."),
    (way("webhook", "url: ''"), "url: it must be a URL"),
    (way("webhook", "url: a"), "url: it must be a URL"),
    (way("webhook", "url: 'http://'"), "url: it must be a URL"),
    (way("webhook", "url: 'http://a b/'"), "url: it must be a URL"),
    (way("webhook", "url: 'http://a:b/'"), "url: it must be a URL"),
    (way("webhook", "url: 'http://a/%zz'"), "url: it must be a URL"),
    (way("webhook", "url: http://a, max_alerts: -1"), "max_alerts: must be 0 or more."),
    (way("webhook", "url: http://a, max_alerts: a"), "max_alerts: must be a whole number."),
    (way("webhook", "url: http://a, send_resolved: 1"), "send_resolved: must be true or false."),
    (way("email", "from: a, smarthost: 'b:25'"), "to: email_configs needs it."),
    (way("email", "to: a, smarthost: 'b:25'"), "email_configs needs from, or in global smtp_from."),
    (way("email", "to: a, from: b"), "email_configs needs smarthost, or in global smtp_smarthost."),
    (way("email", f"{MAIL}, headers: {{a-b: c, A-B: d}}"), "headers: A-B stands twice."),
    (way("email", f"{MAIL}, tls_config: {{foo: 1}}"), "foo: a tls_config has no such field"),
    (way("slack", "channel: c"), "slack_configs needs api_url or api_url_file or app_token or"),
    (way("slack", f"{SLACK}, api_url_file: f"), "at most one of api_url, api_url_file"),
    (way("slack", f"{SLACK}, fields: [{{title: a}}]"), "value: a field of Slack needs it."),
    (way("slack", f"{SLACK}, fields: [{{value: a}}]"), "title: a field of Slack needs it."),
    (way("slack", f"{SLACK}, actions: [{{text: a, url: b}}]"), "type: an action of Slack needs it."),
    (way("slack", f"{SLACK}, actions: [{{type: a, url: b}}]"), "text: an action of Slack needs it."),
    (way("slack", f"{SLACK}, actions: [{{type: a, text: b}}]"), "an action of Slack needs url or name."),
    (
        way("slack", f"{SLACK}, actions: [{{type: a, text: b, url: c, confirm: {{title: d}}}}]"),
        "text: a confirm of Slack needs it.",
    ),
    (way("pagerduty", "client: c"), "pagerduty_configs needs one of routing_key,"),
    (way("pagerduty", "service_key: ''"), "pagerduty_configs needs one of"),
    (way("pagerduty", "routing_key: k, details: [a]"), "details: must be a mapping"),
    (way("opsgenie", "message: m"), "opsgenie_configs needs api_key or api_key_file, or in global"),
    (way("opsgenie", "api_key: k, api_key_file: f"), "at most one of api_key, api_key_file"),
    (way("opsgenie", "api_key: k, responders: [{type: team}]"), "a responder needs id, name or username."),
    (way("opsgenie", "api_key: k, responders: [{name: a}]"), "type: it must be team or teams or user"),
    (way("opsgenie", "api_key: k, responders: [{name: a, type: b}]"), "type: it must be team"),
    (way("victorops", "api_key: k"), "routing_key: victorops_configs needs it."),
    (way("victorops", "routing_key: r"), "victorops_configs needs api_key or api_key_file"),
    (
        way("victorops", "api_key: k, routing_key: r, custom_fields: {entity_id: a}"),
        "custom_fields: entity_id is a field that VictorOps has already.",
    ),
    (way("pushover", "user_key: u"), "pushover_configs needs token or token_file."),
    (way("pushover", "token: u"), "pushover_configs needs user_key or user_key_file."),
    (way("pushover", "user_key: u, token: t, retry: 1x"), "retry: it must be a duration"),
    (way("wechat", "api_secret: s"), "wechat_configs needs corp_id, or in global wechat_api_corp_id."),
    (way("wechat", "corp_id: c"), "wechat_configs needs api_secret or"),
    (way("wechat", "api_secret: s, corp_id: c, message_type: a"), "message_type: it must be text or"),
    (way("telegram", "chat_id: 5"), "telegram_configs needs bot_token or bot_token_file"),
    (way("telegram", "bot_token: t"), "telegram_configs needs chat_id or chat_id_file."),
    (way("telegram", "bot_token: t, chat_id: 0"), "telegram_configs needs chat_id or chat_id_file."),
    (way("telegram", "bot_token: t, chat_id: a"), "chat_id: must be a whole number."),
    (way("telegram", "bot_token: t, chat_id: 1, parse_mode: a"), "parse_mode: it must be Markdown or"),
    (way("discord", "title: t"), "discord_configs needs webhook_url or webhook_url_file."),
    (way("webex", "http_config: {authorization: {credentials: c}}"), "room_id: webex_configs needs it."),
    (way("webex", "room_id: r"), "webex_configs needs http_config with authorization."),
    (way("webex", "room_id: r, http_config: {}"), "webex_configs needs http_config with authorization."),
    (way("sns", "sigv4: {}"), "sns_configs needs one of topic_arn, phone_number, target_arn."),
    (way("sns", "topic_arn: t, target_arn: a, sigv4: {}"), "sns_configs needs one of"),
    (
        way("sns", "topic_arn: t, sigv4: {access_key: a}"),
        "sigv4: access_key and secret_key must be set together.",
    ),
    (http("foo: 1"), "foo: an http_config has no such field"),
    (http("basic_auth: {password: p, password_file: f}"), "at most one of password, password_file"),
    (http("basic_auth: {foo: p}"), "foo: a basic_auth has no such field"),
    (http("basic_auth: {}, authorization: {}"), "authorization: at most one of basic_auth, authorization"),
    (http("basic_auth: {}, bearer_token: t"), "bearer_token: at most one of"),
    (http("bearer_token: t, bearer_token_file: f"), "bearer_token_file: at most one of"),
    (http("authorization: {type: basic}"), "type: for basic there is basic_auth."),
    (http("authorization: {credentials: a, credentials_file: b}"), "at most one of credentials,"),
    (http("oauth2: {token_url: t}"), "client_id: an oauth2 needs it."),
    (http("oauth2: {client_id: i}"), "token_url: an oauth2 needs it."),
    (http("oauth2: {client_id: i, token_url: t, client_secret: s, client_secret_file: f}"), "at most one of"),
    (http("tls_config: {min_version: TLS9}"), "min_version: it must be TLS10 or"),
    (http("follow_redirects: 5"), "follow_redirects: must be true or false."),
]  # fmt: skip
"""A text, and a part of what is said of it."""

NEWER: Final = [
    (route("group_by: [a-b, é]"), "names of labels may be any text since 0.27"),
    (child("matchers: ['\"a b\"=\"c\"']"), "names in quotes since 0.27"),
    (child("matchers: ['a.b=c', 'π=~\"x\"']"), "names without quotes may be any text since 0.27"),
    (rule("equal: [a-b], name: n"), "names of labels may be any text since 0.27"),
    (PLAIN + "tracing: {client_type: http}\n", "traces since 0.30"),
    (way("webhook", "url: http://a, timeout: 1s"), "a time-out since 0.28"),
    (way("webhook", "url: 'http://{{ .x }}'"), "templates in the URL since 0.29"),
    (way("webhook", "url: http://a, payload: {a: [b]}"), "a payload since 0.31"),
    (way("email", f"{MAIL}, threading: {{enabled: true, thread_by_date: daily}}"), "threads since 0.29"),
    (way("email", f"{MAIL}, force_implicit_tls: true, auth_secret_file: f"), "since 0.28 and 0.31"),
    (way("slack", "app_token: t, message_text: m, message_strategy: thread"), "apps since 0.30"),
    (way("pagerduty", "routing_key: k, details: {a: {b: 1}}, timeout: 5s"), "deep details since 0.30"),
    (way("pushover", "user_key: u, token: t, ttl: 1h, monospace: true"), "since 0.26 and 0.28"),
    (way("telegram", "bot_token_file: t, chat_id_file: c, message_thread_id: 3"), "files since 0.26"),
    (way("telegram", "chat_id: 1", "global: {telegram_bot_token: t}\n"), "a global token since 0.30"),
    (way("discord", "webhook_url_file: f, content: c, username: u, avatar_url: a"), "since 0.26"),
    (way("wechat", "api_secret_file: f, corp_id: c"), "a file since 0.30"),
    (way("msteams", "webhook_url: http://a"), "a kind since 0.26"),
    (way("msteamsv2", "webhook_url_file: f"), "a kind since 0.28"),
    (way("jira", f"{JIRA}, labels: [a], fields: {{b: [c]}}"), "a kind since 0.28"),
    (
        way("jira", f"{JIRA}, summary: {{template: t}}, labels: {{values: [a]}}"),
        "blocks since 0.29",
    ),
    (way("rocketchat", "token: t, token_id: i, actions: [{type: button, is_webview: true}]"), "since 0.28"),
    (way("mattermost", "webhook_url: http://a, attachments: [{fields: [{title: b, value: c}]}]"), "a kind"),
    (way("incidentio", "url: http://a, alert_source_token: t"), "a kind since 0.29"),
    (way("sns", "topic_arn: t, sigv4: {external_id: i, tags: {a: b}}, use_aws_http_client: true"), "newer"),
    (http("basic_auth: {username_file: u}"), "a file since 0.27"),
    (http("http_headers: {a: {values: [b]}}, proxy_from_environment: true"), "since 0.26"),
    (http("proxy_url: 'http://a', no_proxy: b, tls_config: {ca: c, cert: d, key: e}"), "since 0.26"),
    (way("apprise", "url: 'tgram://token/chat'"), "our own"),
    (way("apprise", "url_file: f, title: t, body: b, send_resolved: false"), "our own"),
]  # fmt: skip
"""Good here, unknown to amtool 0.25, and why."""

STRICTER: Final = [
    (times("weekdays: [null]"), "amtool takes nothing for sunday, which nobody means"),
]
"""Bad here although amtool 0.25 takes them, and why."""
