"""Descriptions of the routes about alerts."""

from typing import Final

from gateway.http.openapi.words import Answer, Body, Operation, Operations, Parameter

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

ALERTMANAGER: Final = "alertmanager"

_FILTER: Final = Parameter(name="filter", text="A matcher of labels.", many=True, example='severity="page"')
_SHOWN: Final = (
    _FILTER,
    Parameter(name="receiver", text="Alerts for receivers whose whole name this expression matches."),
    Parameter(name="active", text="false: without those that are told.", kind="boolean"),
    Parameter(name="silenced", text="false: without those that are silenced.", kind="boolean"),
    Parameter(name="inhibited", text="false: without those that others inhibit.", kind="boolean"),
)
_ID: Final = Parameter(name="id", text="The silence's id.", in_path=True)
_UNKNOWN: Final = Answer(text="There is none with this id.", in_envelope=False)


def _bare(summary: str, text: str, *parameters: Parameter) -> Operation:
    """Describe a route that answers as Alertmanager does, without an envelope."""
    wrong = Answer(text="A parameter is not as it has to be.", in_envelope=False)
    return Operation(
        summary=summary,
        tag=ALERTMANAGER,
        parameters=parameters,
        answers={200: Answer(text=text, in_envelope=False), 400: wrong},
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
    "/api/v1/notifications": {
        "GET": Operation(
            summary="What receivers were told, and what became of it",
            tag=ALERTS,
            parameters=(
                Parameter(name="receiver", text="Only what this receiver was told."),
                Parameter(
                    name="limit", text="So many at most: 100 unless given, 1000 at most.", kind="integer"
                ),
            ),
            answers={200: Answer(text="Entries, the newest first."), 400: _WRONG},
        )
    },
    "/api/v1/notifications/test": {
        "POST": Operation(
            summary="Send a test message through each way of a receiver",
            tag=ALERTS,
            body=Body(text='An object with the name of the receiver: {"receiver": "team"}.'),
            answers={
                200: Answer(text="For each way whether the message was taken, or why not."),
                400: Answer(text="The body is not such an object."),
                404: Answer(text="There is no such receiver."),
                503: Answer(text="Another test is in work."),
            },
        )
    },
    "/api/v2/status": {"GET": _bare("Version, start and configuration, as Alertmanager tells them", "Such.")},
    "/api/v2/receivers": {"GET": _bare("The names of all receivers", "A list of objects with a name.")},
    "/api/v2/alerts": {
        "GET": _bare(
            "Alerts that fire, and what keeps them from being told",
            "A list of alerts.",
            *_SHOWN,
            Parameter(name="unprocessed", text="Accepted and without effect.", kind="boolean"),
        ),
        "POST": Operation(
            summary="Take in alerts, as a Prometheus sends them",
            tag=ALERTMANAGER,
            body=Body(text="A list of objects with labels, annotations, startsAt, endsAt, generatorURL."),
            answers={
                200: Answer(text="All are taken; the body is empty.", in_envelope=False),
                400: Answer(text="What is wrong with some; the others are taken.", in_envelope=False),
            },
        ),
    },
    "/api/v2/alerts/groups": {
        "GET": _bare("The same in the groups that receivers are told of", "Groups.", *_SHOWN)
    },
    "/api/v2/silences": {
        "GET": _bare("All silences", "The active ones first.", _FILTER),
        "POST": Operation(
            summary="Silence alerts that match, or change a silence",
            tag=ALERTMANAGER,
            body=Body(
                text="An object with matchers, startsAt, endsAt, createdBy, comment, and id to change one."
            ),
            answers={
                200: Answer(
                    text="Its id, as silenceID; what can't be changed gets another.", in_envelope=False
                ),
                400: Answer(text="What is wrong.", in_envelope=False),
                404: Answer(text="There is none with this id.", in_envelope=False),
            },
        ),
    },
    "/api/v2/silence/{id}": {
        "GET": Operation(
            summary="One silence",
            tag=ALERTMANAGER,
            parameters=(_ID,),
            answers={200: Answer(text="The silence.", in_envelope=False), 404: _UNKNOWN},
        ),
        "DELETE": Operation(
            summary="End a silence now",
            tag=ALERTMANAGER,
            parameters=(_ID,),
            answers={
                200: Answer(text="It has ended; the body is empty.", in_envelope=False),
                404: _UNKNOWN,
            },
        ),
    },
}
