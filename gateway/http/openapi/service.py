"""Descriptions of the routes that write, delete, watch and look after the gateway."""

from typing import Final

from gateway.http.openapi.common import MATCH, SPAN
from gateway.http.openapi.reading import PROTOBUF
from gateway.http.openapi.words import NO_CONTENT, TEXT, Answer, Body, Operation, Operations, Parameter

SAMPLES: Final = "samples"
SERVICE: Final = "service"
STATUS: Final = "status"

_LINE: Final = Answer(text="A line of text.", media=(TEXT,))
_OFF: Final = Answer(text="The admin API is off, or nothing can be written now.")
_WRITE: Final = {
    "POST": Operation(
        summary="Remote write, 1.0 and 2.0",
        tag=SAMPLES,
        body=Body(text="A write request, in snappy's block format or zstd.", media=(PROTOBUF,)),
        answers={
            204: Answer(text="All of it is on the disk.", media=()),
            400: Answer(text="It can't be read, or some of it was rejected: the sentence says which."),
            413: Answer(text="It is too large."),
            415: Answer(text="It is in a form that is not read here."),
            503: Answer(text="Send it again, after Retry-After."),
        },
    )
}

OPERATIONS: Final[Operations] = {
    "/api/v1/write": _WRITE,
    "/api/v1/push": _WRITE,
    "/api/v1/admin/tsdb/delete_series": {
        "POST, PUT": Operation(
            summary="Delete what series hold in a time range",
            tag=SAMPLES,
            parameters=(MATCH, *SPAN),
            takes_form=True,
            answers={204: NO_CONTENT, 400: Answer(text="A parameter is wrong."), 503: _OFF},
        )
    },
    "/api/v1/admin/tsdb/clean_tombstones": {
        "POST, PUT": Operation(
            summary="Take what was deleted off the disk", tag=SAMPLES, answers={204: NO_CONTENT, 503: _OFF}
        )
    },
    "/-/healthy": {
        "GET": Operation(summary="Whether requests are served", tag=SERVICE, answers={200: _LINE})
    },
    "/-/ready": {
        "GET": Operation(
            summary="Whether the gateway can do its work",
            tag=SERVICE,
            answers={200: _LINE, 503: Answer(text="It starts or stops.")},
        )
    },
    "/-/reload": {
        "POST, PUT": Operation(
            summary="Take the settings anew",
            tag=SERVICE,
            answers={
                200: Answer(text="They are in use."),
                400: Answer(text="What is wrong with them, a line each; nothing was changed."),
                403: Answer(text="A page of another site asked."),
            },
        )
    },
    "/metrics": {
        "GET": Operation(
            summary="The gateway's own metrics",
            tag=SERVICE,
            answers={200: Answer(text="A page.", media=(TEXT, "application/openmetrics-text"))},
        )
    },
    "/openapi.json": {
        "GET": Operation(
            summary="This description",
            tag=SERVICE,
            answers={200: Answer(text="An OpenAPI 3.1 document.", media=("application/openapi+json",))},
        )
    },
    "/docs": {
        "GET": Operation(
            summary="This description, to read",
            tag=SERVICE,
            answers={200: Answer(text="A page.", media=("text/html",))},
        )
    },
    "/api/v1/status/config": {"GET": Operation(summary="The settings, as a file", tag=STATUS)},
    "/api/v1/status/flags": {"GET": Operation(summary="The settings, as flags", tag=STATUS)},
    "/api/v1/status/runtimeinfo": {"GET": Operation(summary="How the process is doing", tag=STATUS)},
    "/api/v1/status/buildinfo": {"GET": Operation(summary="The version that runs", tag=STATUS)},
    "/api/v1/status/tsdb": {
        "GET": Operation(
            summary="How much is stored, and what takes most of it",
            tag=STATUS,
            parameters=(
                Parameter(name="limit", text="So many of each list, 10,000 at most.", kind="integer"),
            ),
            answers={200: Answer(text="An overview."), 400: Answer(text="The limit is wrong.")},
        )
    },
}
