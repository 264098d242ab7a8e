"""Descriptions of the routes about rules and alerts."""

from typing import Final

from gateway.http.openapi.common import MATCH
from gateway.http.openapi.words import NO_CONTENT, Answer, Body, Operation, Operations, Parameter

RULES: Final = "rules"

_NAME: Final = Parameter(name="name", text="The group's name.", in_path=True, example="disks")
_UNKNOWN: Final = Answer(text="No managed group has this name.")
_WRONG: Final = Answer(text="What is wrong, a line each.")
_CHANGE: Final = Operation(
    summary="Add a version of a managed group",
    tag=RULES,
    parameters=(_NAME,),
    body=Body(text='An object with "text" or "version", and "enabled".'),
    answers={
        200: Answer(text="The version."),
        400: _WRONG,
        404: _UNKNOWN,
        429: Answer(text="There are too many groups."),
    },
)

OPERATIONS: Final[Operations] = {
    "/api/v1/rules": {
        "GET": Operation(
            summary="Groups of rules, and how they are",
            tag=RULES,
            parameters=(
                Parameter(name="type", text="Only these.", choices=("alert", "record")),
                Parameter(name="rule_name[]", text="Only rules with one of these names.", many=True),
                Parameter(name="rule_group[]", text="Only groups with one of these names.", many=True),
                Parameter(name="file[]", text="Only groups of one of these files.", many=True),
                MATCH,
                Parameter(name="exclude_alerts", text="Leave out the alerts.", kind="boolean"),
                Parameter(name="group_limit", text="So many groups at most.", kind="integer"),
                Parameter(name="group_next_token", text="From here on: what the last answer ended with."),
            ),
            answers={200: Answer(text="Groups with their rules."), 400: Answer(text="A parameter is wrong.")},
        )
    },
    "/api/v1/alerts": {"GET": Operation(summary="Alerts that are pending or firing", tag=RULES)},
    "/api/v1/rules/managed": {"GET": Operation(summary="The groups that are edited over the API", tag=RULES)},
    "/api/v1/rules/managed/{name}": {
        "GET": Operation(
            summary="One of them, with its versions",
            tag=RULES,
            parameters=(_NAME,),
            answers={200: Answer(text="The group."), 404: _UNKNOWN},
        ),
        "PUT, POST": _CHANGE,
        "DELETE": Operation(
            summary="Take one out of use; its versions stay",
            tag=RULES,
            parameters=(_NAME,),
            answers={204: NO_CONTENT, 404: _UNKNOWN},
        ),
    },
    "/api/v1/rules/check": {
        "POST": Operation(
            summary="What is wrong with a rule file",
            tag=RULES,
            body=Body(text='An object with "text".'),
            answers={200: Answer(text="Nothing is: its groups."), 400: _WRONG},
        )
    },
}
