"""The reader's side of remote read: a request to bytes, an answer to the bodies of its results."""

from collections.abc import Iterable

from remotewrite.encode.downgrade import fields_of
from remotewrite.errors import MalformedRequest
from remotewrite.read.request import MATCH_TYPES, ReadQuery
from remotewrite.wire import read_pb2 as wire


def encode_ask(queries: Iterable[ReadQuery]) -> bytes:
    """Write a request, not yet compressed, for an answer in samples."""
    return wire.ReadRequest(
        queries=[
            wire.ReadQuery(
                start_timestamp_ms=query.start_ms,
                end_timestamp_ms=query.end_ms,
                matchers=[
                    wire.ReadMatcher(type=MATCH_TYPES.index(one.type), name=one.name, value=one.value)
                    for one in query.matchers
                ],
            )
            for query in queries
        ]
    ).SerializeToString()


def results_of(answer: bytes) -> list[bytes]:
    """Return the result of each query: a body of remote write 1.0, as it happens.

    Raises MalformedRequest.
    """
    results = []
    for number, _, start, end in fields_of(answer):
        if number != 1:
            raise MalformedRequest("the answer is none of remote read")
        results.append(answer[start:end])
    return results
