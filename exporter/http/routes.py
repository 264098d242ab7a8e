"""The routes: what each path answers. Knows no socket and nothing of who may ask."""

from collections.abc import Callable, Mapping
from typing import Final

from exporter.exposition import openmetrics, text
from exporter.http.answers import Answer, compressed, failure, json_answer
from exporter.http.negotiation import chosen_format
from exporter.http.reading import Request, Unreadable
from exporter.http.site import Site
from runtime.logs import Log

_POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_FRONT: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{name}</title>
<meta name="color-scheme" content="light dark">
</head>
<body>
<h1>{name}</h1>
<p>Fleetgauge agent {version}</p>
<ul>
<li><a href="/metrics">Metrics</a></li>
<li><a href="/health">Health</a></li>
</ul>
</body>
</html>
"""

Handler = Callable[[Request], Answer]


class Routes:
    """Finds the handler for a request and answers, whatever the handler does."""

    def __init__(self, site: Site, *, name: str, version: str, log: Log, new_id: Callable[[], str]) -> None:
        self._site = site
        self._front = _FRONT.format(name=_escaped(name), version=_escaped(version)).encode()
        self._log = log
        self._new_id = new_id
        self.table: Mapping[str, Mapping[str, Handler]] = {
            "/": {"GET": self._show_front, "HEAD": self._show_front},
            "/metrics": {"GET": self._show_metrics, "HEAD": self._show_metrics},
            "/health": {"GET": self._show_health, "HEAD": self._show_health},
            "/reload": {"POST": self._reload, "PUT": self._reload},
            "/-/healthy": {"GET": _say_alive, "HEAD": _say_alive},
        }

    def answer(self, request: Request) -> Answer:
        """Return the answer; what a handler raises is one, too."""
        methods = self.table.get(request.path)
        if methods is None:
            return failure(404, f"There is nothing at {request.path}; there is {', '.join(self.table)}.")
        handler = methods.get(request.method)
        if handler is None:
            allowed = ", ".join(methods)
            sentence = f"{request.path} takes {allowed}, not {request.method}."
            return failure(405, sentence, {"Allow": allowed})
        try:
            return handler(request)
        except Unreadable as error:
            return failure(error.status, f"The request cannot be read: {error}.")
        except Exception as error:  # isolation boundary: the agent goes on, whatever one page runs into
            name = self._new_id()
            self._log.error("page.failed", exception=error, id=name, path=request.path)
            return failure(500, f"This page failed. The agent's log says why, at id {name}.")

    def _show_metrics(self, request: Request) -> Answer:
        parameters = request.parameters()
        collect = {value for key, value in parameters if key == "collect[]"}
        exclude = {value for key, value in parameters if key == "exclude[]"}
        if collect and exclude:
            return failure(400, "collect[] and exclude[] cannot be used together.")
        known = sorted(self._site.collectors())
        unknown = sorted((collect | exclude).difference(known))
        if unknown:
            names = ", ".join(unknown)
            return failure(400, f"No such collector: {names}. These run: {', '.join(known) or 'none'}.")
        form = chosen_format(request.headers.get("accept", ""))
        writer = openmetrics if form == "openmetrics" else text
        body = None
        if request.method != "HEAD":  # whoever wants no page need not wait for one
            families = self._site.scrape(
                lambda name: (not collect or name in collect) and name not in exclude
            )
            body = writer.page(families)
        page = Answer(media_type=writer.MEDIA_TYPE, body=body)
        return compressed(page, request.headers.get("accept-encoding", ""))

    def _show_health(self, _request: Request) -> Answer:
        good, facts = self._site.health()
        return json_answer({"status": "ok" if good else "failing", **facts}, 200 if good else 503)

    def _reload(self, request: Request) -> Answer:
        # Nothing of ours sends an Origin: some other site makes a browser ask.
        if "origin" in request.headers:
            return failure(403, "Other sites may not reload the configuration.")
        problems = self._site.reload()
        return failure(400, "\n".join(problems)) if problems else json_answer({"status": "success"})

    def _show_front(self, _request: Request) -> Answer:
        headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
        return Answer(media_type="text/html; charset=utf-8", body=self._front, headers=headers)


def _say_alive(_request: Request) -> Answer:
    return Answer(body=b"The agent serves requests.\n")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
