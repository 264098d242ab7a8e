"""The settings of receivers of remote write, in Prometheus' words. Shared by both programs; knows neither."""

from typing import Annotated, Literal

from runtime.settings import Section
from runtime.values import Duration, LabelPair, Pattern

BlockOrder = Literal["default", "interleaved", "oldest-first"]
RelabelAction = Literal[
    "replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labeldrop", "labelkeep",
    "lowercase", "uppercase",
]  # fmt: skip


class Tls(Section, frozen=True, kw_only=True):
    """How a receiver is trusted and how it knows us."""

    ca_file: Annotated[str, "Trust the authorities in this file, not those of the system."] = ""
    cert_file: Annotated[str, "Show this certificate."] = ""
    key_file: Annotated[str, "The key of the certificate."] = ""
    server_name: Annotated[str, "Expect this name in the receiver's certificate."] = ""
    insecure_skip_verify: Annotated[bool, "Trust whoever answers."] = False


class BasicAuth(Section, frozen=True, kw_only=True):
    """A name and a password."""

    username: Annotated[str, "The name."] = ""
    password_file: Annotated[str, "A file with the password."] = ""


class Authorization(Section, frozen=True, kw_only=True):
    """A bearer token."""

    credentials_file: Annotated[str, "A file with the token."] = ""


class RelabelRule(Section, frozen=True, kw_only=True):
    """One of Prometheus' relabelling rules."""

    source_labels: Annotated[tuple[str, ...], "The labels whose values are joined."] = ()
    separator: Annotated[str, "What stands between the values."] = ";"
    regex: Annotated[Pattern, "What the joined values must match."] = Pattern.parse("(.*)")
    modulus: Annotated[int, "What the hash is divided by."] = 0
    target_label: Annotated[str, "The label to set."] = ""
    replacement: Annotated[str, "The value to set; $1 is the first group."] = "$1"
    action: Annotated[RelabelAction, "What to do."] = "replace"


class RemoteWrite(Section, frozen=True, kw_only=True):
    """A receiver of remote write, written as in Prometheus' configuration."""

    url: Annotated[str, "Where to write to."] = ""
    name: Annotated[
        str, "A name for log lines, metrics and the spool; otherwise the URL's host and port."
    ] = ""
    remote_timeout: Annotated[Duration, "How long a request may take."] = Duration.parse("30s")
    headers: Annotated[tuple[LabelPair, ...], "Headers to add, NAME=VALUE."] = ()
    basic_auth: BasicAuth = BasicAuth()
    authorization: Authorization = Authorization()
    tls_config: Tls = Tls()
    proxy_url: Annotated[
        str, "Go through this proxy; otherwise as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say."
    ] = ""
    order: Annotated[
        BlockOrder, "Which go first. By default newest and oldest by turns; from a gateway the oldest first."
    ] = "default"
    write_relabel_configs: Annotated[tuple[RelabelRule, ...], "Rules for what this receiver gets."] = ()
