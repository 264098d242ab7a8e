"""Templates of notifications: default texts, data, and values in HTML."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertrules.alert import Alert
from alertrules.errors import TemplateError
from alertrules.notification import Notification
from alertrules.templates.alertmanager import make_templates
from timeseries.labels import Labels

NOW_MS = 1_700_000_000_000
FIRING = Alert(
    labels=Labels({"alertname": "DiskFull", "instance": "db-1", "severity": "page"}),
    annotations=Labels(
        {"summary": "Disk <fills>", "description": "2% left", "runbook_url": "https://runbooks.example/disk"}
    ),
    starts_ms=NOW_MS - 3_600_000,
    generator_url="http://g/graph",
    evidence={"summary": "mysqld wrote 3 GB", "processes": [{"name": "mysqld", "share": 0.5}]},
)
RESOLVED = Alert(
    labels=Labels({"alertname": "DiskFull", "instance": "db-2", "severity": "page"}),
    starts_ms=NOW_MS - 3_600_000,
    ends_ms=NOW_MS - 60_000,
)
BOTH = Notification(
    receiver="team",
    group_key="{}",
    group_labels=Labels({"alertname": "DiskFull"}),
    alerts=(FIRING, RESOLVED),
    now_ms=NOW_MS,
    external_url="http://gw",
)
TEMPLATES = make_templates([])

DEFAULTS = tuple(
    """
slack.default.title slack.default.username slack.default.fallback slack.default.callbackid
slack.default.pretext slack.default.titlelink slack.default.iconemoji slack.default.iconurl
slack.default.text slack.default.footer
slack.default.color pagerduty.default.description pagerduty.default.client pagerduty.default.clientURL
pagerduty.default.instances opsgenie.default.message opsgenie.default.description opsgenie.default.source
victorops.default.state_message victorops.default.entity_display_name victorops.default.monitoring_tool
email.default.subject email.default.html email.default.text pushover.default.title pushover.default.message
pushover.default.url sns.default.subject sns.default.message telegram.default.message discord.default.title
discord.default.message webex.default.message wechat.default.message wechat.default.to_user
wechat.default.to_party wechat.default.to_tag wechat.default.agent_id msteams.default.title
msteams.default.summary msteams.default.text __subject __alertmanager __alertmanagerURL
__description
""".split()  # noqa: SIM905
)


def expand(text: str, notification: Notification = BOTH) -> str:
    return TEMPLATES.expand(text, notification)


@pytest.mark.parametrize("name", DEFAULTS)
@pytest.mark.parametrize("alerts", [(FIRING,), (RESOLVED,), (FIRING, RESOLVED), (FIRING, FIRING)])
def test_every_default_template_is_there(name: str, alerts: tuple[Alert, ...]) -> None:
    given_to = ".Alerts" if name == "pagerduty.default.instances" else "."
    called = f'{{{{ template "{name}" {given_to} }}}}'
    notification = replace(BOTH, alerts=alerts)
    assert "no value" not in expand(called, notification)
    assert "Zgotmpl" not in TEMPLATES.expand_html(called, notification)


def test_the_subject_says_what_fires_and_where() -> None:
    assert expand('{{ template "__subject" . }}') == "[FIRING:1] DiskFull (page)"
    alone = replace(BOTH, alerts=(RESOLVED,))
    assert expand('{{ template "__subject" . }}', alone) == "[RESOLVED] DiskFull (db-2 page)"


def test_the_text_says_what_since_when_why_and_what_to_do() -> None:
    assert expand('{{ template "slack.default.text" . }}') == (
        "Firing: DiskFull at db-1\n"
        "Disk <fills>\n"
        "2% left\n"
        "Since: 2023-11-14 21:13:20 UTC\n"
        "Labels: severity=page\n"
        "Runbook: https://runbooks.example/disk\n"
        "Evidence: mysqld wrote 3 GB\n"
        "Source: http://g/graph\n"
        "\n"
        "Resolved: DiskFull at db-2\n"
        "Since: 2023-11-14 21:13:20 UTC, until 2023-11-14 22:12:20 UTC\n"
        "Labels: severity=page\n"
    )


def test_short_texts_say_what_and_who_did_it_as_long_as_it_fires() -> None:
    assert expand('{{ template "pushover.default.message" . }}') == (
        "Disk <fills>\nEvidence: mysqld wrote 3 GB\nresolved: DiskFull at db-2"
    )
    ended = replace(FIRING, ends_ms=RESOLVED.ends_ms)
    assert "Evidence" not in expand(
        '{{ template "pushover.default.message" . }}', replace(BOTH, alerts=(ended,))
    )


def test_runbooks_of_the_packs_are_named_though_they_are_no_link() -> None:
    shipped = replace(FIRING, annotations=Labels({"runbook": "docs/runbooks/FilesystemFull.md"}))
    notification = replace(BOTH, alerts=(shipped,))
    text = expand('{{ template "slack.default.text" . }}', notification)
    assert "Runbook: docs/runbooks/FilesystemFull.md\n" in text
    mail = TEMPLATES.expand_html('{{ template "email.default.html" . }}', notification)
    assert "Runbook: docs/runbooks/FilesystemFull.md<br>" in mail


def test_the_mail_shows_values_as_text() -> None:
    mail = TEMPLATES.expand_html('{{ template "email.default.html" . }}', BOTH)
    assert "Disk &lt;fills&gt;" in mail
    assert '<a href="https://runbooks.example/disk">Runbook</a>' in mail
    assert "<title>[FIRING:1] DiskFull (page)</title>" in mail
    assert '<a href="http://gw/#/alerts?receiver=team">Open in Fleetgauge</a>' in mail


def test_evidence_can_be_walked_and_is_nothing_where_there_is_none() -> None:
    inner = "{{ with .Evidence }}{{ range .processes }}{{ .name }} {{ .share }}{{ end }}{{ end }}"
    assert expand(f"{{{{ range .Alerts }}}}[{inner}]{{{{ end }}}}") == "[mysqld 0.5][]"


def test_templates_of_users_replace_the_defaults_and_call_them() -> None:
    own = make_templates([("own.tmpl", '{{ define "__subject" }}own {{ .Status }}{{ end }}')])
    assert own.expand('{{ template "slack.default.title" . }}', BOTH) == "own firing"


def test_a_file_that_can_not_be_parsed_is_named() -> None:
    with pytest.raises(TemplateError, match=re.escape('template: own.tmpl:2: function "nope" not defined')):
        make_templates([("own.tmpl", "\n{{ nope }}")])


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{{ .Receiver }} {{ len .Alerts.Firing }} {{ len .Alerts.Resolved }}", "team 1 1"),
        ('{{ trimSpace "  a b\\n" }}|', "a b|"),
        ('{{ (index .Alerts 0).StartsAt.Format "15:04:05 MST" }}', "21:13:20 UTC"),
        (
            '{{ (index .Alerts 0).StartsAt | tz "Europe/Berlin" | date "2006-01-02 15:04 MST -0700" }}',
            "2023-11-14 22:13 CET +0100",
        ),
        (
            "{{ with (index .Alerts 0).StartsAt }}{{ since . }} {{ since . | humanizeDuration }}{{ end }}",
            "1h0m0s 1h 0m 0s",
        ),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_a_template_comes_to(text: str, made: str) -> None:
    assert expand(text) == made


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(TemplateError, match="error calling tz: unknown time zone No/Where"):
        expand('{{ tz "No/Where" (index .Alerts 0).StartsAt }}')
    with pytest.raises(TemplateError, match="unknown time zone"):
        expand('{{ tz "../../etc/passwd" (index .Alerts 0).StartsAt }}')


PLACES = st.sampled_from(
    [
        *(
            "{{ .CommonAnnotations.x }}",
            "<p>{{ .CommonAnnotations.x }}</p>",
            '<p title="{{ .CommonAnnotations.x }}">',
        ),
        *(
            "<p title='{{ .CommonAnnotations.x }}'>",
            "<p title={{ .CommonAnnotations.x }}>",
            "<title>{{ .CommonAnnotations.x }}</title>",
        ),
        *(
            '<a href="{{ .CommonAnnotations.x }}">',
            '<a href="/a?b={{ .CommonAnnotations.x }}">',
            "<!-- {{ .CommonAnnotations.x }} -->",
        ),
        *("<script>f({{ .CommonAnnotations.x }})</script>", '<p style="color: {{ .CommonAnnotations.x }}">'),
        *('<p onclick="f({{ .CommonAnnotations.x }})">', "<style>{{ .CommonAnnotations.x }}</style>"),
        *(
            "<script>'{{ .CommonAnnotations.x }}'</script>",
            "<{{ .CommonAnnotations.x }}>",
            "<p {{ .CommonAnnotations.x }}>",
        ),
    ]
)


class Structure(HTMLParser):
    """The tags of a page, and the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(("/", tag))


@given(PLACES, st.text(st.sampled_from("<>\"'&=`/ \\javscript:alert(1)\n;{}-!"), max_size=30))
def test_no_value_leaves_its_place_in_html(place: str, value: str) -> None:
    alert = replace(FIRING, annotations=Labels({"x": value}), evidence=None)
    made = TEMPLATES.expand_html(place, replace(BOTH, alerts=(alert,)))
    harmless = replace(alert, annotations=Labels({"x": "x" if value else ""}))
    expected = TEMPLATES.expand_html(place, replace(BOTH, alerts=(harmless,)))
    if "<{{" not in place and "<p {{" not in place:
        assert Structure(made).tags == Structure(expected).tags
    assert made.count("<") == expected.count("<")
    for script in re.findall(r"<script>'(.*)'</script>", made, re.DOTALL):
        assert not re.search(r"(?<!\\)(?:\\\\)*'", script)
    assert not re.search(r'href="\s*javascript:', made, re.IGNORECASE)


@given(
    st.lists(
        st.sampled_from(
            ["<", ">", "{{ .Status }}", "a", " ", "=", '"', "'", "<!--", "-->", "script", "/", "href"]
        )
    ).map("".join)
)
def test_any_html_is_expanded(text: str) -> None:
    assert isinstance(TEMPLATES.expand_html(text, BOTH), str)
