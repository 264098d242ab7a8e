"""Descriptions of the routes about alerts."""

from typing import Final

from gateway.http.openapi.words import Answer, Operation, Operations, Parameter

ALERTS: Final = "alerts"

_WRONG: Final = Answer(text="A parameter is not as it has to be.")
_CHOICE: Final = (
    Parameter(name="start", text="From here, a week before the end unless given."),
    Parameter(name="end", text="To here, now unless given."),
    Parameter(name="name", text="Alerts of this name.", example="HostDown"),
    Parameter(name="match[]", text="Alerts whose labels match, such as {severity='page'}.", many=True),
    Parameter(name="search", text="Words that stand in labels, annotations or the evidence's summary."),
    Parameter(name="state", text="firing or resolved."),
)

OPERATIONS: Final[Operations] = {
    "/api/v1/alerts/history": {
        "GET": Operation(
            summary="What alerts fired, when, and for how long",
            tag=ALERTS,
            parameters=(
                *_CHOICE,
                Parameter(
                    name="limit", text="So many at most: 100 unless given, 1000 at most.", kind="integer"
                ),
                Parameter(
                    name="before", text="Those after this page: the `next` of the answer.", kind="integer"
                ),
            ),
            answers={200: Answer(text="Episodes, the newest first."), 400: _WRONG},
        )
    },
    "/api/v1/alerts/history/{number}": {
        "GET": Operation(
            summary="One of them, with the processes that ran when it began",
            tag=ALERTS,
            parameters=(
                Parameter(name="number", text="Its number.", in_path=True, kind="integer", example="1"),
            ),
            answers={
                200: Answer(text="The episode and its evidence."),
                400: _WRONG,
                404: Answer(text="There is none with this number."),
            },
        )
    },
    "/api/v1/alerts/statistics": {
        "GET": Operation(
            summary="How often each alert fired, how long until it was resolved, whether it flaps",
            tag=ALERTS,
            parameters=_CHOICE,
            answers={200: Answer(text="One entry an alert's name."), 400: _WRONG},
        )
    },
}
