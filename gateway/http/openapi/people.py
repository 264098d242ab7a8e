"""Descriptions of the routes about access: logging in, tokens, users, the audit."""

from typing import Final

from gateway.http.openapi.words import NO_CONTENT, Answer, Body, Operation, Operations, Parameter

ACCESS: Final = "access"

_WRONG: Final = Answer(text="The body is not as it has to be.")
_UNKNOWN: Final = Answer(text="There is no such one.")
_USER: Final = Parameter(name="name", text="The user.", in_path=True, example="ann")

OPERATIONS: Final[Operations] = {
    "/api/v1/whoami": {"GET": Operation(summary="Who asks, and what they may", tag=ACCESS)},
    "/api/v1/login": {
        "POST": Operation(
            summary="Begin a session",
            tag=ACCESS,
            body=Body(text="An object with name and password."),
            answers={
                200: Answer(text="Who it is now; the cookie is set."),
                401: Answer(text="Name or password are wrong."),
                429: Answer(text="Too many tries."),
            },
        )
    },
    "/api/v1/logout": {
        "POST": Operation(summary="End the session of the cookie", tag=ACCESS, answers={204: NO_CONTENT})
    },
    "/api/v1/tokens": {
        "GET": Operation(summary="All tokens, without what is secret", tag=ACCESS),
        "POST": Operation(
            summary="Make a token; it is shown this once",
            tag=ACCESS,
            body=Body(text="An object with agents, selector or role, and perhaps note and expires_in."),
            answers={201: Answer(text="The token."), 400: _WRONG},
        ),
    },
    "/api/v1/tokens/{token_id}": {
        "DELETE": Operation(
            summary="Revoke a token",
            tag=ACCESS,
            parameters=(Parameter(name="token_id", text="Its id.", in_path=True, example="3196bbc748"),),
            answers={204: NO_CONTENT, 404: _UNKNOWN},
        )
    },
    "/api/v1/users": {
        "GET": Operation(summary="All users", tag=ACCESS),
        "POST": Operation(
            summary="Add a user",
            tag=ACCESS,
            body=Body(text="An object with name, role and password."),
            answers={201: Answer(text="The user."), 400: _WRONG},
        ),
    },
    "/api/v1/users/{name}": {
        "DELETE": Operation(
            summary="Remove a user and end their sessions",
            tag=ACCESS,
            parameters=(_USER,),
            answers={204: NO_CONTENT, 404: _UNKNOWN},
        )
    },
    "/api/v1/users/{name}/password": {
        "POST": Operation(
            summary="Give a user another password and end their sessions",
            tag=ACCESS,
            parameters=(_USER,),
            body=Body(text="An object with password."),
            answers={204: NO_CONTENT, 400: _WRONG, 404: _UNKNOWN},
        )
    },
    "/api/v1/audit": {
        "GET": Operation(
            summary="What was changed, and who logged in, the newest first",
            tag=ACCESS,
            parameters=(
                Parameter(name="limit", text="So many, 1,000 at most.", kind="integer"),
                Parameter(name="before", text="Only entries below this number.", kind="integer"),
            ),
        )
    },
}
