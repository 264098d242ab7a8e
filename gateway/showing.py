"""Settings as they may be shown to people: without what could be a secret. Must not know who asks."""

import re
from collections.abc import Iterable
from typing import Final

from gateway.settings import GatewaySettings
from runtime.settings import changed
from runtime.values import LabelPair

HIDDEN: Final = "<hidden>"

_LOGIN: Final = re.compile(r"//[^/]*@")


def shown(settings: GatewaySettings) -> GatewaySettings:
    """Hide values of headers and logins of proxies. Tokens and passwords are in files of their own."""
    receivers = (
        changed(one, headers=_hidden(one.headers), proxy_url=_LOGIN.sub(f"//{HIDDEN}@", one.proxy_url))
        for one in settings.remote_write
    )
    alertmanagers = (
        changed(one, proxy_url=_LOGIN.sub(f"//{HIDDEN}@", one.proxy_url)) for one in settings.alertmanagers
    )
    return changed(
        settings,
        query_headers=_hidden(settings.query_headers),
        remote_write=tuple(receivers),
        alertmanagers=tuple(alertmanagers),
    )


def _hidden(headers: Iterable[LabelPair]) -> tuple[LabelPair, ...]:
    return tuple(LabelPair(name=header.name, value=HIDDEN) for header in headers)
