"""The ways to receivers: every field of Alertmanager's `*_configs`, and of our `apprise_configs`.

Owns their names, types, defaults, secrets and what they take from `global`, for Alertmanager 0.25 to 0.34.
What no table can say is in `integrationchecks.py`, what several kinds have in `sharedblocks.py`.
"""

from collections.abc import Mapping
from typing import Final

from alertrules.routing import integrationchecks as checks
from alertrules.routing.fields import Check, Field, Shape, Type
from alertrules.routing.sharedblocks import (
    CHOICE,
    COUNT,
    GLOBAL,
    MAPPING,
    OWN_HTTP,
    SECONDS,
    SECRET,
    SWITCH,
    TEMPLATE,
    TEMPLATES,
    TEXT,
    TEXTS,
    TIMEOUT,
    TLS,
    block,
    blocks,
    default_template,
    template,
)


def _kind(
    kind: str,
    fields: Mapping[str, Field],
    *,
    send_resolved: bool = True,
    needed: tuple[str, ...] = (),
    one_of: tuple[tuple[str, ...], ...] = (),
    at_most_one: tuple[tuple[str, ...], ...] = (),
    check: Check | None = None,
) -> Shape:
    """Return a kind; a pair of `one_of` may have one only."""
    return Shape(
        what=f"{kind}_configs",
        fields={"send_resolved": Field(type=Type.SWITCH, default=send_resolved), **fields},
        needed=needed,
        one_of=one_of,
        at_most_one=(*one_of, *at_most_one),
        check=check,
    )


def _url(fallback: str = "", *, is_secret: bool = False) -> Field:
    return Field(type=Type.URL, fallback=fallback, is_secret=is_secret)


def _from(fallback: str, *, is_secret: bool = False, is_template: bool = False) -> Field:
    return Field(default="", fallback=fallback, is_secret=is_secret, is_template=is_template)


def _titled(what: str) -> Shape:
    """Return a short field of a message, with a title and a value."""
    return Shape(
        what=what,
        fields={"title": TEMPLATE, "value": TEMPLATE, "short": CHOICE},
        needed=("title", "value"),
    )


_LOOKS: Final = ("footer", "image_url", "thumb_url")

_SLACK_CONFIRM: Final = Shape(
    what="a confirm of Slack",
    fields=dict.fromkeys(("text", "title", "ok_text", "dismiss_text"), TEMPLATE),
    needed=("text",),
)
_SLACK_ACTION: Final = Shape(
    what="an action of Slack",
    fields={
        **dict.fromkeys(("type", "text", "url", "style", "name", "value"), TEMPLATE),
        "confirm": block(_SLACK_CONFIRM),
    },
    needed=("type", "text"),
    one_of=(("url", "name"),),
)
_SLACK_THREADS: Final = Shape(
    what="threaded_options",
    fields={
        "resolve_emoji": TEXT,
        "use_summary_header": CHOICE,
        "summary_header": block(Shape(what="a summary_header", fields={"resolve_color": TEMPLATE})),
    },
)
_MATTERMOST_LOOKS: Final[Mapping[str, Field]] = {
    **dict.fromkeys(
        ("pretext", "author_name", "author_link", "author_icon", "footer_icon", *_LOOKS), TEMPLATE
    ),
    "fields": blocks(_titled("a field of Mattermost")),
}
_ROCKETCHAT_ACTION: Final = Shape(
    what="an action of Rocket.Chat",
    fields={
        **dict.fromkeys(
            ("type", "text", "url", "image_url", "webview_height_ratio", "msg", "msg_processing_type"),
            TEMPLATE,
        ),
        **dict.fromkeys(("is_webview", "msg_in_chat_window", "iswebview", "msginchatwindow"), SWITCH),
    },
)
_JIRA_TEXT: Final = Field(type=Type.ANY, is_template=True)

KINDS: Final[Mapping[str, Shape]] = {
    "webhook": _kind(
        "webhook",
        {
            "http_config": OWN_HTTP,
            "url": Field(type=Type.TEMPLATE_URL, is_secret=True, is_template=True),
            "url_file": TEXT,
            "max_alerts": COUNT,
            "timeout": TIMEOUT,
            "payload": Field(type=Type.ANY, is_template=True),
        },
        one_of=(("url", "url_file"),),
        check=checks.counts,
    ),
    "email": _kind(
        "email",
        {
            "to": TEMPLATE,
            "from": _from("smtp_from", is_template=True),
            "smarthost": Field(type=Type.ADDRESS, default="", fallback="smtp_smarthost"),
            "hello": _from("smtp_hello"),
            "auth_username": _from("smtp_auth_username"),
            "auth_password": _from("smtp_auth_password", is_secret=True),
            "auth_password_file": _from("smtp_auth_password_file"),
            "auth_secret": _from("smtp_auth_secret", is_secret=True),
            "auth_secret_file": _from("smtp_auth_secret_file"),
            "auth_identity": _from("smtp_auth_identity"),
            "require_tls": Field(type=Type.SWITCH, fallback="smtp_require_tls"),
            "force_implicit_tls": Field(type=Type.SWITCH, fallback="smtp_force_implicit_tls"),
            "tls_config": Field(type=Type.BLOCK, shape=TLS, fallback="smtp_tls_config"),
            "html": default_template("email.default.html"),
            "text": TEMPLATE,
            "headers": TEMPLATES,
            "threading": block(
                Shape(
                    what="threading",
                    fields={
                        "enabled": SWITCH,
                        "thread_by_date": Field(default="", choices=("none", "daily")),
                    },
                )
            ),
        },
        send_resolved=False,
        needed=("to",),
        one_of=(("from",), ("smarthost",)),
        at_most_one=(("auth_password", "auth_password_file"), ("auth_secret", "auth_secret_file")),
        check=checks.email,
    ),
    "slack": _kind(
        "slack",
        {
            "http_config": OWN_HTTP,
            "api_url": _url("slack_api_url", is_secret=True),
            "api_url_file": _from("slack_api_url_file"),
            "app_token": _from("slack_app_token", is_secret=True),
            "app_token_file": _from("slack_app_token_file"),
            "app_url": _url("slack_app_url"),
            "channel": TEMPLATE,
            "color": template('{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'),
            "message_text": TEMPLATE,
            **{
                name: default_template(f"slack.default.{name.replace('_', '')}")
                for name in (
                    "username",
                    "title",
                    "title_link",
                    "icon_emoji",
                    "icon_url",
                    "pretext",
                    "text",
                    "fallback",
                    "callback_id",
                    "footer",
                )
            },
            "image_url": TEMPLATE,
            "thumb_url": TEMPLATE,
            "fields": blocks(_titled("a field of Slack")),
            "actions": blocks(_SLACK_ACTION),
            "short_fields": SWITCH,
            "link_names": SWITCH,
            "mrkdwn_in": TEXTS,
            "update_message": SWITCH,
            "message_strategy": Field(default="", choices=("new", "update", "thread")),
            "threaded_options": block(_SLACK_THREADS),
            "timeout": TIMEOUT,
        },
        send_resolved=False,
        one_of=(("api_url", "api_url_file", "app_token", "app_token_file"),),
    ),
    "pagerduty": _kind(
        "pagerduty",
        {
            "http_config": OWN_HTTP,
            "routing_key": Field(default="", is_secret=True, is_template=True),
            "routing_key_file": TEXT,
            "service_key": Field(default="", is_secret=True, is_template=True),
            "service_key_file": TEXT,
            "url": _url("pagerduty_url"),
            "client": default_template("pagerduty.default.client"),
            "client_url": default_template("pagerduty.default.clientURL"),
            "description": template('{{ template "pagerduty.default.description" .}}'),
            "details": Field(type=Type.ANY, is_template=True),
            "images": blocks(Shape(what="an image", fields=dict.fromkeys(("src", "alt", "href"), TEMPLATE))),
            "links": blocks(Shape(what="a link", fields=dict.fromkeys(("href", "text"), TEMPLATE))),
            **dict.fromkeys(("source", "severity", "class", "component", "group"), TEMPLATE),
            "timeout": TIMEOUT,
        },
        at_most_one=(("routing_key", "routing_key_file"), ("service_key", "service_key_file")),
        check=checks.pagerduty,
    ),
    "opsgenie": _kind(
        "opsgenie",
        {
            "http_config": OWN_HTTP,
            "api_key": _from("opsgenie_api_key", is_secret=True, is_template=True),
            "api_key_file": _from("opsgenie_api_key_file"),
            "api_url": _url("opsgenie_api_url"),
            **{
                name: default_template(f"opsgenie.default.{name}")
                for name in ("message", "description", "source")
            },
            "details": TEMPLATES,
            **dict.fromkeys(("entity", "actions", "tags", "note", "priority"), TEMPLATE),
            "responders": blocks(
                Shape(
                    what="a responder",
                    fields=dict.fromkeys(("id", "name", "username", "type"), TEMPLATE),
                    check=checks.responder,
                )
            ),
            "update_alerts": SWITCH,
        },
        one_of=(("api_key", "api_key_file"),),
    ),
    "victorops": _kind(
        "victorops",
        {
            "http_config": OWN_HTTP,
            "api_key": _from("victorops_api_key", is_secret=True),
            "api_key_file": _from("victorops_api_key_file"),
            "api_url": _url("victorops_api_url"),
            "routing_key": TEMPLATE,
            "message_type": template("CRITICAL"),
            **{
                name: default_template(f"victorops.default.{name}")
                for name in ("state_message", "entity_display_name", "monitoring_tool")
            },
            "custom_fields": TEMPLATES,
        },
        needed=("routing_key",),
        one_of=(("api_key", "api_key_file"),),
        check=checks.victorops,
    ),
    "pushover": _kind(
        "pushover",
        {
            "http_config": OWN_HTTP,
            "user_key": Field(default="", is_secret=True, is_template=True),
            "user_key_file": TEXT,
            "token": Field(default="", is_secret=True, is_template=True),
            "token_file": TEXT,
            **{name: default_template(f"pushover.default.{name}") for name in ("title", "message", "url")},
            **dict.fromkeys(("url_title", "device", "sound"), TEMPLATE),
            "priority": template('{{ if eq .Status "firing" }}2{{ else }}0{{ end }}'),
            "retry": Field(type=Type.GO_DURATION, default=60 * SECONDS),
            "expire": Field(type=Type.GO_DURATION, default=3600 * SECONDS),
            "ttl": TIMEOUT,
            "html": SWITCH,
            "monospace": SWITCH,
        },
        one_of=(("user_key", "user_key_file"), ("token", "token_file")),
        at_most_one=(("html", "monospace"),),
    ),
    "wechat": _kind(
        "wechat",
        {
            "http_config": OWN_HTTP,
            "api_secret": _from("wechat_api_secret", is_secret=True, is_template=True),
            "api_secret_file": _from("wechat_api_secret_file"),
            "api_url": _url("wechat_api_url"),
            "corp_id": _from("wechat_api_corp_id", is_template=True),
            **{
                name: default_template(f"wechat.default.{name}")
                for name in ("message", "to_user", "to_party", "to_tag", "agent_id")
            },
            "message_type": Field(default="text", choices=("text", "markdown", "")),
        },
        send_resolved=False,
        one_of=(("api_secret", "api_secret_file"), ("corp_id",)),
    ),
    "telegram": _kind(
        "telegram",
        {
            "http_config": OWN_HTTP,
            "bot_token": _from("telegram_bot_token", is_secret=True),
            "bot_token_file": _from("telegram_bot_token_file"),
            "api_url": _url("telegram_api_url"),
            "chat_id": COUNT,
            "chat_id_file": TEXT,
            "message_thread_id": COUNT,
            "message": default_template("telegram.default.message"),
            "disable_notifications": SWITCH,
            "parse_mode": Field(default="HTML", choices=("Markdown", "MarkdownV2", "HTML", "")),
            "timeout": TIMEOUT,
        },
        one_of=(("bot_token", "bot_token_file"), ("chat_id", "chat_id_file")),
    ),
    "discord": _kind(
        "discord",
        {
            "http_config": OWN_HTTP,
            "webhook_url": _url(is_secret=True),
            "webhook_url_file": TEXT,
            "title": default_template("discord.default.title"),
            "message": default_template("discord.default.message"),
            **dict.fromkeys(("content", "username", "avatar_url"), TEMPLATE),
        },
        one_of=(("webhook_url", "webhook_url_file"),),
    ),
    "webex": _kind(
        "webex",
        {
            "http_config": OWN_HTTP,
            "api_url": _url("webex_api_url"),
            "room_id": TEMPLATE,
            "message": default_template("webex.default.message"),
        },
        needed=("room_id",),
        check=checks.webex,
    ),
    "msteams": _kind(
        "msteams",
        {
            "http_config": OWN_HTTP,
            "webhook_url": _url(is_secret=True),
            "webhook_url_file": TEXT,
            **{name: default_template(f"msteams.default.{name}") for name in ("title", "summary", "text")},
        },
        one_of=(("webhook_url", "webhook_url_file"),),
    ),
    "msteamsv2": _kind(
        "msteamsv2",
        {
            "http_config": OWN_HTTP,
            "webhook_url": _url(is_secret=True),
            "webhook_url_file": TEXT,
            **{name: default_template(f"msteamsv2.default.{name}") for name in ("title", "text")},
        },
        one_of=(("webhook_url", "webhook_url_file"),),
    ),
    "sns": _kind(
        "sns",
        {
            "http_config": OWN_HTTP,
            "api_url": TEMPLATE,
            "sigv4": block(
                Shape(
                    what="sigv4",
                    fields={
                        **dict.fromkeys(
                            (
                                "region",
                                "access_key",
                                "profile",
                                "role_arn",
                                "external_id",
                                "session_name",
                                "service_name",
                            ),
                            TEXT,
                        ),
                        "secret_key": SECRET,
                        "tags": MAPPING,
                        "use_fips_sts_endpoint": SWITCH,
                    },
                    check=checks.sigv4,
                )
            ),
            **dict.fromkeys(("topic_arn", "phone_number", "target_arn"), TEMPLATE),
            "subject": default_template("sns.default.subject"),
            "message": default_template("sns.default.message"),
            "attributes": TEMPLATES,
            "use_aws_http_client": SWITCH,
        },
        check=checks.sns,
    ),
    "jira": _kind(
        "jira",
        {
            "http_config": OWN_HTTP,
            "api_url": _url("jira_api_url"),
            "api_type": Field(default="auto", choices=("auto", "cloud", "datacenter")),
            "project": TEMPLATE,
            "issue_type": TEMPLATE,
            "summary": _JIRA_TEXT,
            "description": _JIRA_TEXT,
            "labels": _JIRA_TEXT,
            "priority": default_template("jira.default.priority"),
            **dict.fromkeys(("reopen_transition", "resolve_transition", "wont_fix_resolution"), TEXT),
            "reopen_duration": Field(type=Type.DURATION, default=0),
            "fields": Field(type=Type.ANY, is_template=True),
        },
        needed=("project", "issue_type"),
        one_of=(("api_url",),),
        check=checks.jira,
    ),
    "rocketchat": _kind(
        "rocketchat",
        {
            "http_config": OWN_HTTP,
            "api_url": _url("rocketchat_api_url"),
            "token": _from("rocketchat_token", is_secret=True),
            "token_file": _from("rocketchat_token_file"),
            "token_id": _from("rocketchat_token_id", is_secret=True),
            "token_id_file": _from("rocketchat_token_id_file"),
            "color": template('{{ if eq .Status "firing" }}red{{ else }}green{{ end }}'),
            **{
                name: default_template(f"rocketchat.default.{name.replace('_', '')}")
                for name in ("emoji", "icon_url", "text", "title", "title_link")
            },
            **dict.fromkeys(("channel", "image_url", "thumb_url"), TEMPLATE),
            "fields": blocks(
                Shape(
                    what="a field of Rocket.Chat",
                    fields={"title": TEMPLATE, "value": TEMPLATE, "short": CHOICE},
                )
            ),
            "actions": blocks(_ROCKETCHAT_ACTION),
            "short_fields": SWITCH,
            "link_names": SWITCH,
        },
        send_resolved=False,
        one_of=(("token", "token_file"), ("token_id", "token_id_file")),
    ),
    "mattermost": _kind(
        "mattermost",
        {
            "http_config": OWN_HTTP,
            "webhook_url": _url("mattermost_webhook_url", is_secret=True),
            "webhook_url_file": _from("mattermost_webhook_url_file"),
            **{
                name: default_template(f"mattermost.default.{name.replace('_', '')}")
                for name in ("username", "color", "text", "title", "title_link", "fallback")
            },
            **dict.fromkeys(("channel", "icon_url", "icon_emoji", "type"), TEMPLATE),
            **_MATTERMOST_LOOKS,
            "attachments": blocks(
                Shape(
                    what="an attachment",
                    fields={
                        **dict.fromkeys(("fallback", "color", "text", "title", "title_link"), TEMPLATE),
                        **_MATTERMOST_LOOKS,
                    },
                )
            ),
            "props": block(Shape(what="props", fields={"card": TEMPLATE})),
            "priority": block(
                Shape(
                    what="priority",
                    fields={
                        "priority": TEMPLATE,
                        "requested_ack": SWITCH,
                        "persistent_notifications": SWITCH,
                    },
                )
            ),
        },
        one_of=(("webhook_url", "webhook_url_file"),),
    ),
    "incidentio": _kind(
        "incidentio",
        {
            "http_config": OWN_HTTP,
            "url": _url(),
            "url_file": TEXT,
            "alert_source_token": SECRET,
            "alert_source_token_file": TEXT,
            "max_alerts": COUNT,
            "timeout": TIMEOUT,
        },
        one_of=(("url", "url_file"),),
        at_most_one=(("alert_source_token", "alert_source_token_file"),),
        check=checks.incidentio,
    ),
    "apprise": _kind(
        "apprise",
        {
            "url": SECRET,
            "url_file": TEXT,
            "title": default_template("pushover.default.title"),
            "body": default_template("pushover.default.message"),
        },
        one_of=(("url", "url_file"),),
        check=checks.apprise,
    ),
}
"""By the name before `_configs`. All but `apprise` are Alertmanager's."""

RECEIVER: Final = Shape(
    what="a receiver",
    fields={"name": TEXT, **{f"{kind}_configs": blocks(shape) for kind, shape in KINDS.items()}},
    needed=("name",),
)
CONFIGURATION: Final = Shape(
    what="the configuration", fields={"global": block(GLOBAL), "receivers": blocks(RECEIVER)}
)
"""Where secrets may stand; of the rest, `loading.py` knows."""
