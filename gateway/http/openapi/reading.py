"""Descriptions of the routes that read: Prometheus' HTTP API, remote read, federation."""

from dataclasses import replace
from typing import Final

from gateway.http.openapi.common import END, LIMIT, MATCH, SPAN, START
from gateway.http.openapi.words import NO_CONTENT, TEXT, Answer, Body, Operation, Operations, Parameter

QUERIES: Final = "queries"
SERIES: Final = "series"
EMPTY: Final = "what Prometheus has besides"
PROTOBUF: Final = "application/x-protobuf"

_QUERY: Final = Parameter(name="query", text="PromQL.", required=True, example="sum by (job) (up)")
_ASKED: Final = (
    Parameter(name="timeout", text="Give up after so long: seconds or a duration such as 10s."),
    LIMIT,
    Parameter(name="lookback_delta", text="How long a sample counts, up to 366d."),
    Parameter(name="stats", text="Anything: add how long it took and how many samples were read."),
)
_QUERY_ANSWERS: Final = {
    200: Answer(text="The answer: a vector, matrix, scalar or string."),
    400: Answer(text="A parameter is wrong, or the query is no query."),
    422: Answer(text="The query can't be answered."),
    503: Answer(text="It took too long, or there is no memory for it now."),
}
_LISTED: Final = {200: Answer(text="A list."), 400: Answer(text="A parameter is wrong.")}


def _of_nothing(what: str) -> dict[str, Operation]:
    return {
        "GET": Operation(
            summary=f"{what}: none, so that clients of Prometheus find what they expect", tag=EMPTY
        )
    }


OPERATIONS: Final[Operations] = {
    "/api/v1/query": {
        "GET, POST": Operation(
            summary="Answer a query at one time",
            tag=QUERIES,
            parameters=(
                _QUERY,
                Parameter(name="time", text="Unix seconds or RFC 3339; now unless given."),
                *_ASKED,
            ),
            takes_form=True,
            answers=_QUERY_ANSWERS,
        )
    },
    "/api/v1/query_range": {
        "GET, POST": Operation(
            summary="Answer a query at every step from start to end",
            tag=QUERIES,
            parameters=(
                _QUERY,
                replace(START, required=True),
                replace(END, required=True),
                Parameter(name="step", text="Seconds or a duration such as 15s.", required=True),
                *_ASKED,
            ),
            takes_form=True,
            answers=_QUERY_ANSWERS,
        )
    },
    "/api/v1/query_exemplars": {
        "GET, POST": Operation(
            summary="The exemplars of all series that a query reads",
            tag=QUERIES,
            parameters=(_QUERY, *SPAN),
            takes_form=True,
            answers=_LISTED | {204: NO_CONTENT},
        )
    },
    "/api/v1/format_query": {
        "GET, POST": Operation(
            summary="A query, laid out in lines", tag=QUERIES, parameters=(_QUERY,), takes_form=True
        )
    },
    "/api/v1/parse_query": {
        "GET, POST": Operation(
            summary="A query as a tree", tag=QUERIES, parameters=(_QUERY,), takes_form=True
        )
    },
    "/api/v1/series": {
        "GET, POST": Operation(
            summary="The labels of series",
            tag=SERIES,
            parameters=(replace(MATCH, required=True), *SPAN, LIMIT),
            takes_form=True,
            answers=_LISTED,
        )
    },
    "/api/v1/labels": {
        "GET, POST": Operation(
            summary="The names of labels",
            tag=SERIES,
            parameters=(MATCH, *SPAN, LIMIT),
            takes_form=True,
            answers=_LISTED,
        )
    },
    "/api/v1/label/{name}/values": {
        "GET": Operation(
            summary="The values of a label",
            tag=SERIES,
            parameters=(
                Parameter(name="name", text="The label.", in_path=True, example="job"),
                MATCH,
                *SPAN,
                LIMIT,
            ),
            answers=_LISTED,
        )
    },
    "/api/v1/metadata": {
        "GET": Operation(
            summary="Type, help and unit of metrics, as senders told them",
            tag=SERIES,
            parameters=(
                Parameter(name="metric", text="Only of this one."),
                LIMIT,
                Parameter(name="limit_per_metric", text="So many of each metric.", kind="integer"),
            ),
            answers=_LISTED,
        )
    },
    "/api/v1/read": {
        "POST": Operation(
            summary="Remote read",
            tag=QUERIES,
            body=Body(text="A prometheus.ReadRequest, in snappy's block format.", media=(PROTOBUF,)),
            answers={
                200: Answer(text="A prometheus.ReadResponse, in snappy's block format.", media=(PROTOBUF,)),
                400: Answer(text="The body is no such request, or wants too much."),
            },
        )
    },
    "/federate": {
        "GET": Operation(
            summary="The newest samples, as a page to scrape",
            tag=QUERIES,
            parameters=(MATCH,),
            answers={
                200: Answer(text="A page of metrics.", media=(TEXT, "application/openmetrics-text")),
                400: Answer(text="A selector is wrong."),
            },
        )
    },
    "/api/v1/targets": _of_nothing("Targets"),
    "/api/v1/targets/metadata": _of_nothing("Metadata of targets"),
    "/api/v1/rules/backtest": {
        "POST": Operation(
            summary="When alerts would have fired, had these rules run over the stored samples",
            tag=QUERIES,
            body=Body(
                text="rules, the text of a rule file, or group, the name of a group in service; rule, to try "
                "only the alerts of a name; since and until, Unix seconds or RFC 3339: the last 30 days "
                "unless given."
            ),
            answers={
                200: Answer(text="Each alert rule, and when its alerts fired."),
                400: Answer(text="The rules can't be read, or a time is wrong."),
                404: Answer(text="There is no such group."),
                413: Answer(text="It is too large."),
                503: Answer(text="It took too long, or there is no memory for it now."),
            },
        )
    },
    "/api/v1/alertmanagers": _of_nothing("Alertmanagers"),
}
