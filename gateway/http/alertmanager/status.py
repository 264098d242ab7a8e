"""`/api/v2/status` and `/api/v2/receivers`: the configuration in use."""

from collections.abc import Callable

import falcon

from alertrules.routing.configuration import Configuration
from gateway.http.alertmanager.answers import give
from gateway.http.alertmanager.messages import time_text


class Status:
    """What runs, since when, with which configuration. There is no cluster: silences and the log are here."""

    def __init__(self, configuration: Callable[[], Configuration], *, version: str, started_ms: int) -> None:
        self._configuration = configuration
        self._version = version
        self._started_ms = started_ms

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        nothing = dict.fromkeys(("branch", "buildDate", "buildUser", "goVersion", "revision"), "")
        give(
            resp,
            {
                "cluster": {"peers": [], "status": "disabled"},
                "config": {"original": self._configuration().original},
                "uptime": time_text(self._started_ms),
                "versionInfo": nothing | {"version": self._version},
            },
        )


class Receivers:
    """The names of all receivers."""

    def __init__(self, configuration: Callable[[], Configuration]) -> None:
        self._configuration = configuration

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        give(resp, [{"name": name} for name in self._configuration().receivers])
