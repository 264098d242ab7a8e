"""Descriptions of the routes about hosts: their processes in the past, and hosts beside each other."""

from typing import Final

from gateway.http.openapi.words import Answer, Body, Operation, Operations, Parameter

HOSTS: Final = "hosts"

_ID: Final = Parameter(name="id", text="The agent's id or name.", in_path=True, example="agent-0001")
_UNKNOWN: Final = Answer(text="No agent has this id or name.")
_WRONG: Final = Answer(text="A parameter is not as it has to be.")
_FROM: Final = Parameter(name="from", text="From here, an hour before the end unless given.")
_TO: Final = Parameter(name="to", text="To here, now unless given.")
_LIMIT: Final = Parameter(name="limit", text="So many at most.", kind="integer")
_ANSWERS: Final = {200: Answer(text="What was asked for."), 400: _WRONG, 404: _UNKNOWN}
_COURSE: Final = (
    Parameter(name="metric", text="A measure by its name, such as cpu.", example="cpu"),
    Parameter(name="expr", text="Or a query of one's own, with $instance in it."),
    Parameter(name="start", text="From here, an hour before the end unless given."),
    Parameter(name="end", text="To here, now unless given."),
    Parameter(name="step", text="The time between two values."),
    Parameter(name="offset", text="Also so much earlier, to compare with."),
)

OPERATIONS: Final[Operations] = {
    "/api/v1/agents/{id}/processes": {
        "GET": Operation(
            summary="The table of processes at a time",
            tag=HOSTS,
            parameters=(
                _ID,
                Parameter(name="at", text="This time, now unless given."),
                Parameter(name="sort", text="The order: cpu unless given."),
                _LIMIT,
            ),
            answers=_ANSWERS,
        ),
        "POST": Operation(
            summary="An agent tells its busiest processes",
            tag=HOSTS,
            parameters=(_ID,),
            body=Body(text="A snapshot: docs/process-snapshots.md."),
            answers={200: Answer(text="It is kept."), 400: _WRONG, 404: _UNKNOWN},
        ),
    },
    "/api/v1/agents/{id}/processes/times": {
        "GET": Operation(
            summary="The times of which there are tables",
            tag=HOSTS,
            parameters=(_ID, _FROM, _TO, _LIMIT),
            answers=_ANSWERS,
        )
    },
    "/api/v1/agents/{id}/processes/history": {
        "GET": Operation(
            summary="One process over time, or all of one name",
            tag=HOSTS,
            parameters=(
                _ID,
                Parameter(name="pid", text="The process's number,", kind="integer"),
                Parameter(name="start", text="and when it started, as a table has it;"),
                Parameter(name="name", text="or the short name."),
                _FROM,
                _TO,
                Parameter(name="step", text="The time between two points."),
            ),
            answers=_ANSWERS,
        )
    },
    "/api/v1/agents/{id}/processes/changes": {
        "GET": Operation(
            summary="What is different between two times",
            tag=HOSTS,
            parameters=(_ID, _FROM, _TO, Parameter(name="sort", text="The order: cpu unless given."), _LIMIT),
            answers=_ANSWERS,
        )
    },
    "/api/v1/agents/{id}/stats": {
        "GET": Operation(
            summary="A measure of one host: average, peak, 95th percentile, course",
            tag=HOSTS,
            parameters=(_ID, *_COURSE),
            answers=_ANSWERS,
        )
    },
    "/api/v1/agents/compare": {
        "GET": Operation(
            summary="A measure of several hosts beside each other",
            tag=HOSTS,
            parameters=(
                Parameter(name="agents", text="Their names, with commas between them.", many=True),
                *_COURSE,
            ),
            answers=_ANSWERS,
        )
    },
    "/api/v1/overview": {
        "GET": Operation(
            summary="All hosts at a glance: status, last figures, their courses, alerts",
            tag=HOSTS,
            parameters=(
                Parameter(name="range", text="How long courses are, an hour unless given.", example="1h"),
                Parameter(
                    name="points", text="Values of a course, 40 unless given; 0: no courses.", kind="integer"
                ),
            ),
            answers={
                200: Answer(text="What was asked for."),
                304: Answer(text="It is what If-None-Match names."),
                400: _WRONG,
            },
        )
    },
}
