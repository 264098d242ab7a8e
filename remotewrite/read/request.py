"""Reads what a remote reader asks for."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from remotewrite.decode.general import parse
from remotewrite.errors import MalformedRequest, RequestTooLarge
from remotewrite.wire import read_pb2 as wire
from timeseries.errors import InvalidMatcher
from timeseries.matcher import Matcher, MatchType

# One selector of an expression is one query; Prometheus sends each by itself.
MAX_QUERIES: Final = 64
# More than a series has labels.
MAX_MATCHERS: Final = 256
# Some selectors with long regular expressions.
MAX_READ_BYTES: Final = 1024 * 1024

# By their numbers on the wire.
MATCH_TYPES: Final = (MatchType.EQUAL, MatchType.NOT_EQUAL, MatchType.REGEX, MatchType.NOT_REGEX)


class ResponseType(IntEnum):
    """How an answer can look; the numbers are those on the wire."""

    SAMPLES = 0
    STREAMED_XOR_CHUNKS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadQuery:
    """Which series, and their samples from start to end, both included."""

    matchers: tuple[Matcher, ...]
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """Some queries; `accepted` has the numbers of the response types that the reader knows."""

    queries: tuple[ReadQuery, ...]
    accepted: tuple[int, ...]

    @property
    def takes_samples(self) -> bool:
        """Whether the reader understands samples: also one that says nothing does."""
        return not self.accepted or ResponseType.SAMPLES in self.accepted


def decode_read(body: bytes) -> ReadRequest:
    """Read a request, already decompressed; raises MalformedRequest or RequestTooLarge."""
    message = parse(wire.ReadRequest, body)
    if len(message.queries) > MAX_QUERIES:
        raise RequestTooLarge(
            f"the request has {len(message.queries)} queries; at most {MAX_QUERIES} are taken"
        )
    return ReadRequest(
        queries=tuple(map(_query, message.queries)), accepted=tuple(message.accepted_response_types)
    )


def _query(message: wire.ReadQuery) -> ReadQuery:
    if len(message.matchers) > MAX_MATCHERS:
        raise RequestTooLarge(
            f"a query has {len(message.matchers)} matchers; at most {MAX_MATCHERS} are taken"
        )
    return ReadQuery(
        matchers=tuple(map(_matcher, message.matchers)),
        start_ms=message.start_timestamp_ms,
        end_ms=message.end_timestamp_ms,
    )


def _matcher(message: wire.ReadMatcher) -> Matcher:
    if not 0 <= message.type < len(MATCH_TYPES):
        raise MalformedRequest(f"a matcher has the type {message.type}, which is unknown")
    try:
        return Matcher(name=message.name, type=MATCH_TYPES[message.type], value=message.value)
    except InvalidMatcher as error:
        raise MalformedRequest(str(error)) from None
