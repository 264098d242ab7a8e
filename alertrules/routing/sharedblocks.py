"""What several ways to receivers have: connections by HTTP and TLS, and their defaults in `global`.

Owns those tables, and short words to write tables with. Which kinds there are is in `integrations.py`.
"""

from collections.abc import Mapping
from typing import Any, Final

from alertrules.routing import integrationchecks as checks
from alertrules.routing.fields import Field, Shape, Type

SECONDS: Final = 1000
TEXT: Final = Field(default="")
SECRET: Final = Field(default="", is_secret=True)
TEMPLATE: Final = Field(default="", is_template=True)
SWITCH: Final = Field(type=Type.SWITCH, default=False)
# None: nothing was said.
CHOICE: Final = Field(type=Type.SWITCH)
TEXTS: Final = Field(type=Type.TEXTS, default=())
MAPPING: Final = Field(type=Type.MAPPING, default={})
TEMPLATES: Final = Field(type=Type.MAPPING, default={}, is_template=True)
TIMEOUT: Final = Field(type=Type.GO_DURATION, default=0)
COUNT: Final = Field(type=Type.WHOLE, default=0)


def template(default: str) -> Field:
    return Field(default=default, is_template=True)


def default_template(name: str) -> Field:
    """Return a field that one of the default templates fills."""
    return template('{{ template "' + name + '" . }}')


def block(shape: Shape, default: Any = None) -> Field:
    return Field(type=Type.BLOCK, shape=shape, default=default)


def blocks(shape: Shape) -> Field:
    return Field(type=Type.BLOCKS, shape=shape, default=())


# --- shared ---

TLS: Final = Shape(
    what="a tls_config",
    fields={
        **dict.fromkeys(("ca", "ca_file", "cert", "cert_file", "key_file", "server_name"), TEXT),
        "key": SECRET,
        "insecure_skip_verify": SWITCH,
        **dict.fromkeys(
            ("min_version", "max_version"), Field(default="", choices=("TLS10", "TLS11", "TLS12", "TLS13"))
        ),
    },
    at_most_one=(("ca", "ca_file"), ("cert", "cert_file"), ("key", "key_file")),
    check=checks.tls,
)
NO_TLS: Final[Mapping[str, Any]] = {name: field.default for name, field in TLS.fields.items()}

_PROXY: Final[Mapping[str, Field]] = {
    # It may have a login.
    "proxy_url": SECRET,
    "no_proxy": TEXT,
    "proxy_from_environment": SWITCH,
    "proxy_connect_header": Field(type=Type.ANY, is_secret=True),
}
_BASIC_AUTH: Final = Shape(
    what="a basic_auth",
    fields={"username": TEXT, "username_file": TEXT, "password": SECRET, "password_file": TEXT},
    at_most_one=(("username", "username_file"), ("password", "password_file")),
)
_AUTHORIZATION: Final = Shape(
    what="an authorization",
    fields={"type": Field(default="Bearer"), "credentials": SECRET, "credentials_file": TEXT},
    at_most_one=(("credentials", "credentials_file"),),
    check=checks.authorization,
)
_OAUTH2: Final = Shape(
    what="an oauth2",
    fields={
        "client_id": TEXT,
        "client_secret": SECRET,
        "client_secret_file": TEXT,
        "scopes": TEXTS,
        "token_url": TEXT,
        "endpoint_params": Field(type=Type.MAPPING, default={}, is_secret=True),
        "tls_config": block(TLS, NO_TLS),
        **_PROXY,
    },
    needed=("client_id", "token_url"),
    at_most_one=(("client_secret", "client_secret_file"),),
)
HTTP: Final = Shape(
    what="an http_config",
    fields={
        "basic_auth": block(_BASIC_AUTH),
        "authorization": block(_AUTHORIZATION),
        "oauth2": block(_OAUTH2),
        "bearer_token": SECRET,
        "bearer_token_file": TEXT,
        "tls_config": block(TLS, NO_TLS),
        "follow_redirects": Field(type=Type.SWITCH, default=True),
        "enable_http2": Field(type=Type.SWITCH, default=True),
        **_PROXY,
        "http_headers": Field(type=Type.ANY, is_secret=True),
    },
    at_most_one=(("basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file"),),
    check=checks.http,
)
DEFAULT_HTTP: Final[Mapping[str, Any]] = {name: field.default for name, field in HTTP.fields.items()}
OWN_HTTP: Final = Field(type=Type.BLOCK, shape=HTTP, fallback="http_config")

GLOBAL: Final = Shape(
    what="global",
    fields={
        "resolve_timeout": Field(type=Type.DURATION, default=300 * SECONDS),
        "http_config": block(HTTP, DEFAULT_HTTP),
        **dict.fromkeys(
            (
                "smtp_from",
                "smtp_auth_username",
                "smtp_auth_password_file",
                "smtp_auth_secret_file",
                "smtp_auth_identity",
                "slack_api_url_file",
                "slack_app_token_file",
                "victorops_api_key_file",
                "opsgenie_api_key_file",
                "wechat_api_secret_file",
                "wechat_api_corp_id",
                "telegram_bot_token_file",
                "rocketchat_token_file",
                "rocketchat_token_id_file",
                "mattermost_webhook_url_file",
            ),
            TEXT,
        ),
        **dict.fromkeys(
            (
                "smtp_auth_password",
                "smtp_auth_secret",
                "slack_app_token",
                "victorops_api_key",
                "opsgenie_api_key",
                "wechat_api_secret",
                "telegram_bot_token",
                "rocketchat_token",
                "rocketchat_token_id",
            ),
            SECRET,
        ),
        "smtp_hello": Field(default="localhost"),
        "smtp_smarthost": Field(type=Type.ADDRESS, default=""),
        "smtp_require_tls": Field(type=Type.SWITCH, default=True),
        "smtp_force_implicit_tls": CHOICE,
        "smtp_tls_config": block(TLS, NO_TLS),
        "slack_api_url": Field(type=Type.URL, is_secret=True),
        "slack_app_url": Field(type=Type.URL, default="https://slack.com/api/chat.postMessage"),
        "mattermost_webhook_url": Field(type=Type.URL, is_secret=True),
        "jira_api_url": Field(type=Type.URL),
        "victorops_api_url": Field(
            type=Type.URL, default="https://alert.victorops.com/integrations/generic/20131114/alert/"
        ),
        "pagerduty_url": Field(type=Type.URL, default="https://events.pagerduty.com/v2/enqueue"),
        "opsgenie_api_url": Field(type=Type.URL, default="https://api.opsgenie.com/"),
        "rocketchat_api_url": Field(type=Type.URL, default="https://open.rocket.chat/"),
        "wechat_api_url": Field(type=Type.URL, default="https://qyapi.weixin.qq.com/cgi-bin/"),
        "telegram_api_url": Field(type=Type.URL, default="https://api.telegram.org"),
        "webex_api_url": Field(type=Type.URL, default="https://webexapis.com/v1/messages"),
    },
    at_most_one=(
        ("smtp_auth_password", "smtp_auth_password_file"),
        ("smtp_auth_secret", "smtp_auth_secret_file"),
        ("slack_api_url", "slack_api_url_file", "slack_app_token", "slack_app_token_file"),
        ("victorops_api_key", "victorops_api_key_file"),
        ("opsgenie_api_key", "opsgenie_api_key_file"),
        ("wechat_api_secret", "wechat_api_secret_file"),
        ("telegram_bot_token", "telegram_bot_token_file"),
        ("rocketchat_token", "rocketchat_token_file"),
        ("rocketchat_token_id", "rocketchat_token_id_file"),
        ("mattermost_webhook_url", "mattermost_webhook_url_file"),
    ),
)
