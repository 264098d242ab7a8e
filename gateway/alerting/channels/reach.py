"""How a receiver is reached: what `http_config` says, and where secrets stand. Knows no particular service.

A file of a secret is read each time: a new one counts without a reload.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from alertrules.errors import BadFile, NotifyFailed
from delivery.targets import path_of, proxy_of
from delivery.transport import Target

_UNSUPPORTED: Final = {
    "oauth2": "tokens by OAuth 2.0 are not supported; give a token with authorization.credentials_file",
    "http_headers": "headers of your own are not supported",
    "no_proxy": "it is not supported; leave out proxy_url where no proxy is wanted",
    "proxy_connect_header": "headers for a proxy are not supported",
}
"""Fields of http_config that no way of ours can follow."""

_UNSUPPORTED_TLS: Final = ("ca", "cert", "key", "key_ref", "cert_ref", "ca_ref")
"""Certificates that stand in the configuration itself, not in a file."""

_WITHOUT_APPRISE: Final = ("proxy_url", "basic_auth", "bearer_token", "bearer_token_file")
"""What Apprise cannot be told for one receiver: it takes the proxy of the environment, and its own login."""

_TLS_WITHOUT_APPRISE: Final = ("ca_file", "cert_file", "key_file", "server_name")

# A secret is a line; what is longer is the wrong file.
_MAX_SECRET_BYTES: Final = 64 * 1024


def secret_of(settings: Mapping[str, Any], name: str) -> str:
    """Return a secret, from its setting or from the file that `NAME_file` says; raises NotifyFailed."""
    path = settings.get(f"{name}_file")
    if not path:
        return str(settings.get(name) or "")
    try:
        with Path(str(path)).open("rb") as file:
            return file.read(_MAX_SECRET_BYTES).decode().strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise NotifyFailed(f"{name}_file can't be read: {reason}", is_final=False) from None


def refuse(place: str, problems: Iterable[str]) -> None:
    """Raise BadFile when there are problems."""
    found = [f"{place}: {problem}." for problem in problems]
    if found:
        raise BadFile(found)


def unsupported(http: Mapping[str, Any]) -> Iterable[str]:
    """Say what of http_config nothing here can follow."""
    for name, reason in _UNSUPPORTED.items():
        if http.get(name):
            yield f"http_config.{name}: {reason}"
    for name in _UNSUPPORTED_TLS:
        if _section(http, "tls_config").get(name):
            yield f"http_config.tls_config.{name}: give a file"


def unsupported_by_apprise(http: Mapping[str, Any], *, takes_token: bool) -> Iterable[str]:
    """Say what of http_config Apprise cannot follow; `takes_token`: the service's own token stands there."""
    yield from unsupported(http)
    names = _WITHOUT_APPRISE if takes_token else (*_WITHOUT_APPRISE, "authorization")
    for name in names:
        if http.get(name):
            hint = "; set HTTPS_PROXY for the gateway" if name == "proxy_url" else ""
            yield f"http_config.{name}: it can't be set for this kind of receiver{hint}"
    for name in _TLS_WITHOUT_APPRISE:
        if _section(http, "tls_config").get(name):
            yield f"http_config.tls_config.{name}: it can't be set for this kind of receiver"


def skips_verification(settings: Mapping[str, Any]) -> bool:
    """Tell whether any certificate will do."""
    sections = (settings, _section(settings, "http_config"))
    return any(bool(_section(each, "tls_config").get("insecure_skip_verify")) for each in sections)


def follows_redirects(settings: Mapping[str, Any]) -> bool:
    """Tell whether redirects are followed, which is usual."""
    return bool(_section(settings, "http_config").get("follow_redirects", True))


def target_of(
    url: str, http: Mapping[str, Any], *, timeout_s: float, environment: Mapping[str, str]
) -> Target:
    """Return where to send and how to be let in; raises NotifyFailed for a file that can't be read."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = urlunsplit(parts._replace(netloc=host))
    target = Target(url=bare, timeout_s=timeout_s, proxy=_proxy(bare, http, environment))
    return _let_in(_trusting(target, _section(http, "tls_config")), http, parts.username, parts.password)


def _proxy(url: str, http: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    proxy = str(http.get("proxy_url") or "")
    return proxy or (proxy_of(url, environment) if http.get("proxy_from_environment") else "")


def _trusting(target: Target, tls: Mapping[str, Any]) -> Target:
    return replace(
        target,
        ca_file=path_of(str(tls.get("ca_file") or "")),
        cert_file=path_of(str(tls.get("cert_file") or "")),
        key_file=path_of(str(tls.get("key_file") or "")),
        server_name=str(tls.get("server_name") or ""),
        insecure_skip_verify=bool(tls.get("insecure_skip_verify")),
    )


def _let_in(target: Target, http: Mapping[str, Any], user: str | None, password: str | None) -> Target:
    """Return the target with credentials; those of the address count when there are no others, as in Go."""
    authorization, basic = _section(http, "authorization"), _section(http, "basic_auth")
    if token := secret_of(authorization, "credentials") or secret_of(http, "bearer_token"):
        return replace(target, token=token, scheme=str(authorization.get("type") or "Bearer"))
    if username := secret_of(basic, "username"):
        return replace(target, username=username, password=secret_of(basic, "password"))
    if user is not None:
        return replace(target, username=unquote(user), password=unquote(password or ""))
    return target


def _section(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = settings.get(name)
    return found if isinstance(found, Mapping) else {}
