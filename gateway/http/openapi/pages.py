"""Descriptions of the web pages."""

from typing import Final

from gateway.http.openapi.words import Answer, Operation, Operations, Parameter

PAGES: Final = "pages"

_HTML: Final = Answer(text="The page.", media=("text/html",))
_NAME: Final = Parameter(name="name", text="The agent's name.", in_path=True, example="web-1")


def _page(summary: str, *parameters: Parameter) -> dict[str, Operation]:
    absent = Answer(text="The pages are not built.")
    return {
        "GET": Operation(summary=summary, tag=PAGES, parameters=parameters, answers={200: _HTML, 404: absent})
    }


OPERATIONS: Final[Operations] = {
    "/": _page("All hosts"),
    "/agents/{name}": _page("One host", _NAME),
    "/compare": _page("Hosts beside each other"),
    "/alerts": _page("Alerts, silences, and what alerts did"),
    "/explore": _page("Queries"),
    "/status": _page("The gateway itself: storage, tokens, users, audit, rules"),
    "/login": _page("Logging in"),
    "/assets/{file}": {
        "GET": Operation(
            summary="What the pages load",
            tag=PAGES,
            parameters=(Parameter(name="file", text="The file.", in_path=True, example="main.js"),),
            answers={
                200: Answer(text="The file.", media=("text/javascript", "text/css")),
                404: Answer(text="There is none of this name."),
            },
        )
    },
}
