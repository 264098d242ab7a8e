"""What the tests of remote read share: requests and answers as protobuf's own classes write and read them."""

from collections.abc import Iterable, Sequence
from typing import Final

from remotewrite.model import Series
from tests.remotewrite.schema import read_v1_pb2 as reference
from tests.remotewrite.schema import write_v1_pb2 as v1
from tests.strategies import series_of_v1
from timeseries.matcher import Matcher, MatchType

TYPES: Final = list(MatchType)


def request_of(
    *queries: tuple[Iterable[Matcher], int, int], accepted: Sequence[int] = ()
) -> reference.ReadRequest:
    """Return a request as protobuf's own message, with hints as Prometheus sends them."""
    request = reference.ReadRequest()
    for matchers, start_ms, end_ms in queries:
        query = request.queries.add(start_timestamp_ms=start_ms, end_timestamp_ms=end_ms)
        query.hints.func = "rate"
        query.hints.range_ms = 60_000
        for matcher in matchers:
            child = query.matchers.add(name=matcher.name, value=matcher.value)
            child.type = TYPES.index(matcher.type)  # type: ignore[assignment]  # the stubs want the enum
    request.accepted_response_types.extend(accepted)  # type: ignore[arg-type]
    return request


def results_of(body: bytes) -> list[list[Series]]:
    """Return the series of each result in an answer."""
    answer = reference.ReadResponse.FromString(body)
    return [series_of_v1(v1.WriteRequest(timeseries=result.timeseries))[0] for result in answer.results]
