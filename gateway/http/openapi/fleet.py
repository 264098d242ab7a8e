"""Descriptions of the routes about agents."""

from typing import Final

from gateway.http.openapi.words import NO_CONTENT, Answer, Body, Operation, Operations, Parameter

AGENTS: Final = "agents"

_ID: Final = Parameter(name="id", text="The agent's id.", in_path=True, example="agent-0001")
_UNKNOWN: Final = Answer(text="No agent has this id.")
_WRONG: Final = Answer(text="The request is not as it has to be.")
_PAGE: Final = (
    Parameter(name="limit", text="So many at most.", kind="integer"),
    Parameter(name="before", text="Only events below this number.", kind="integer"),
)
_LISTED: Final = {200: Answer(text="A list."), 400: _WRONG}

_BARE: Final = {200: Answer(text="A list, without the envelope.", in_envelope=False), 400: _WRONG}

OPERATIONS: Final[Operations] = {
    "/api/v1/agents": {
        "GET": Operation(
            summary="The agents, as wanted",
            tag=AGENTS,
            parameters=(
                Parameter(name="q", text="Only those in which this text stands."),
                Parameter(name="status", text="Only those with one of these.", many=True),
                Parameter(name="label", text="Only those with this label.", many=True, example="env=prod"),
                Parameter(name="group", text="Only those in all of these groups.", many=True),
                Parameter(
                    name="sort",
                    text="The order, name unless given; - before it for the reverse.",
                ),
                Parameter(name="limit", text="So many at most.", kind="integer"),
            ),
            answers=_LISTED,
        )
    },
    "/api/v1/agents/register": {
        "POST": Operation(
            summary="An agent says that it is there",
            tag=AGENTS,
            body=Body(text="An object: docs/agent.md."),
            answers={200: Answer(text="It is known."), 204: NO_CONTENT, 400: _WRONG},
        )
    },
    "/api/v1/agents/{id}/heartbeat": {
        "POST": Operation(
            summary="An agent says that it is alive",
            tag=AGENTS,
            parameters=(_ID,),
            body=Body(text="An object: docs/agent.md."),
            answers={200: Answer(text="It was heard."), 204: NO_CONTENT, 400: _WRONG, 404: _UNKNOWN},
        )
    },
    "/api/v1/agents/{id}": {
        "GET": Operation(
            summary="One agent",
            tag=AGENTS,
            parameters=(_ID,),
            answers={200: Answer(text="The agent."), 404: _UNKNOWN},
        ),
        "PATCH": Operation(
            summary="Change labels and groups of an agent",
            tag=AGENTS,
            parameters=(_ID,),
            body=Body(text="An object with labels or groups."),
            answers={200: Answer(text="The agent."), 400: _WRONG, 404: _UNKNOWN},
        ),
        "DELETE": Operation(
            summary="Forget an agent", tag=AGENTS, parameters=(_ID,), answers={204: NO_CONTENT, 404: _UNKNOWN}
        ),
    },
    "/api/v1/agents/{id}/events": {
        "GET": Operation(
            summary="What happened to an agent",
            tag=AGENTS,
            parameters=(_ID, *_PAGE),
            answers=_LISTED | {404: _UNKNOWN},
        )
    },
    "/api/v1/agents/events": {
        "GET": Operation(summary="What happened to agents", tag=AGENTS, parameters=_PAGE, answers=_LISTED)
    },
    "/api/v1/sd/agents": {
        "GET": Operation(
            summary="The agents as targets of a Prometheus: http_sd_configs",
            tag=AGENTS,
            answers=_BARE,
        )
    },
}
