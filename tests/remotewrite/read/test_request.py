"""Requests of remote readers are read, and what can't be answered is refused with its reason."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remotewrite.errors import MalformedRequest, RemoteWriteError, RequestTooLarge
from remotewrite.read.request import MAX_MATCHERS, MAX_QUERIES, ReadQuery, ReadRequest, decode_read
from tests import strategies
from tests.remotewrite.read.reading import request_of
from tests.remotewrite.schema import read_v1_pb2 as reference
from timeseries.matcher import Matcher, MatchType

UP = Matcher(name="__name__", type=MatchType.EQUAL, value="up")

matchers = st.builds(
    Matcher,
    name=strategies.label_names,
    type=st.sampled_from((MatchType.EQUAL, MatchType.NOT_EQUAL)),
    value=strategies.texts | st.just(""),
) | st.builds(
    Matcher,
    name=strategies.label_names,
    type=st.sampled_from((MatchType.REGEX, MatchType.NOT_REGEX)),
    value=st.sampled_from(("a|b", ".+", "", "x.*y")),
)
queries = st.tuples(st.lists(matchers, max_size=4), strategies.times, strategies.times)


@given(st.lists(queries, max_size=3), st.lists(st.integers(0, 9), max_size=3))
def test_what_is_asked_for_is_read(asked: list[tuple[list[Matcher], int, int]], accepted: list[int]) -> None:
    body = request_of(*asked, accepted=accepted).SerializeToString()
    assert decode_read(body) == ReadRequest(
        queries=tuple(
            ReadQuery(matchers=tuple(each), start_ms=start, end_ms=end) for each, start, end in asked
        ),
        accepted=tuple(accepted),
    )


@pytest.mark.parametrize(
    ("accepted", "takes_samples"), [([], True), ([0], True), ([1, 0], True), ([1], False), ([7], False)]
)
def test_a_reader_says_whether_it_takes_samples(accepted: list[int], takes_samples: bool) -> None:
    assert decode_read(request_of(accepted=accepted).SerializeToString()).takes_samples is takes_samples


def test_a_request_is_taken_at_the_limits_and_refused_above() -> None:
    assert (
        len(decode_read(request_of(*[([UP], 0, 1)] * MAX_QUERIES).SerializeToString()).queries) == MAX_QUERIES
    )
    with pytest.raises(RequestTooLarge, match=f"has 65 queries; at most {MAX_QUERIES} are taken"):
        decode_read(request_of(*[([UP], 0, 1)] * (MAX_QUERIES + 1)).SerializeToString())
    [query] = decode_read(request_of(([UP] * MAX_MATCHERS, 0, 1)).SerializeToString()).queries
    assert len(query.matchers) == MAX_MATCHERS
    with pytest.raises(RequestTooLarge, match=f"has 257 matchers; at most {MAX_MATCHERS} are taken"):
        decode_read(request_of(([UP] * (MAX_MATCHERS + 1), 0, 1)).SerializeToString())


def test_a_matcher_that_can_not_be_used_is_named() -> None:
    request = request_of(([UP], 0, 1))
    request.queries[0].matchers[0].type = 4  # type: ignore[assignment]
    with pytest.raises(MalformedRequest, match="a matcher has the type 4, which is unknown"):
        decode_read(request.SerializeToString())
    request.queries[0].matchers[0].type = reference.LabelMatcher.RE
    request.queries[0].matchers[0].value = "(up"
    with pytest.raises(MalformedRequest, match=r'regular expression "\(up" of label "__name__": missing'):
        decode_read(request.SerializeToString())


BODY = request_of(([UP], 5, 9), ([], -1, 1), accepted=[1, 0]).SerializeToString()


@given(
    strategies.with_changed_bytes(BODY)
    | strategies.with_trailing_bytes(BODY)
    | st.sampled_from(list(strategies.truncations(BODY)))
)
def test_damage_raises_only_the_errors_of_the_package(body: bytes) -> None:
    with suppress(RemoteWriteError):
        decode_read(body)
