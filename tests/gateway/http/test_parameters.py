"""How parameters are read, and what is said when they can't be."""

from datetime import UTC, datetime, timedelta, timezone

import falcon
import pytest
from falcon.testing import create_environ
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.parameters import (
    MAX_FORM_BYTES,
    MAX_PARAMETERS,
    MAX_TIME_MS,
    MIN_TIME_MS,
    Parameters,
    time_ms,
)

FORM = "application/x-www-form-urlencoded"


def request(query: str = "", body: bytes = b"", media: str = FORM) -> falcon.Request:
    """Return a request."""
    headers = {"Content-Type": media} if media else {}
    return falcon.Request(create_environ(method="POST", query_string=query, body=body, headers=headers))


def test_the_url_comes_before_the_form_and_an_empty_value_counts_as_none() -> None:
    found = Parameters.of(request("a%5B%5D=1&a[]=2&b=&c", b"a%5b%5d=%C3%A9+x&b=4", f"{FORM}; charset=utf-8"))
    assert found.all("a[]") == ["1", "2", "é x"]
    assert (found.one("b"), found.one("c"), found.one("d")) == ("4", None, None)


@pytest.mark.parametrize("media", ["", "text/plain", "application/json"])
def test_a_body_that_is_no_form_is_left_alone(media: str) -> None:
    assert Parameters.of(request("a=1", b"a=2", media)).all("a") == ["1"]


def test_a_form_may_have_so_many_bytes_and_no_more() -> None:
    body = b"a=" + b"x" * (MAX_FORM_BYTES - 2)
    assert Parameters.of(request(body=body)).one("a") == body[2:].decode()
    with pytest.raises(falcon.HTTPContentTooLarge):
        Parameters.of(request(body=body + b"x"))


def test_there_may_be_so_many_parameters_and_no_more() -> None:
    body = b"&".join([b"a=1"] * MAX_PARAMETERS)
    assert len(Parameters.of(request(body=body)).all("a")) == MAX_PARAMETERS
    with pytest.raises(falcon.HTTPBadRequest, match="400"):
        Parameters.of(request(body=body + b"&a=1"))


@pytest.mark.parametrize("text", ["a=%FF", "a=%C3", "%80=1"])
def test_what_is_not_utf_8_is_refused(text: str) -> None:
    for one in (request(text), request(body=text.encode()), request(body=b"a=\xff")):
        with pytest.raises(falcon.HTTPBadRequest):
            Parameters.of(one)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0", 0),
        ("1790000000", 1_790_000_000_000),
        ("1790000000.5", 1_790_000_000_500),
        ("1790000000.123456", 1_790_000_000_123),
        ("-1.5", -1500),
        ("1.79e9", 1_790_000_000_000),
        ("9223372036854775.807", MAX_TIME_MS),
        ("-9223372036854775.808", MIN_TIME_MS),
        ("1970-01-01T00:00:00Z", 0),
        ("2026-09-21T14:13:20Z", 1_790_000_000_000),
        ("2026-09-21t14:13:20.1z", 1_790_000_000_100),
        ("2026-09-21T14:13:20.123999999Z", 1_790_000_000_123),
        ("2026-09-21T16:43:20+02:30", 1_790_000_000_000),
        ("1969-12-31T23:59:59.9Z", -100),
    ],
)
def test_a_time_is_read(text: str, ms: int) -> None:
    assert time_ms(text) == ms


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "1_000",
        "\u0661",
        "1.2.3",
        "1e400000",
        "NaN",
        "Infinity",
        "-inf",
        "1e400",
        "1e999999999",
        "9223372036854775.808",
        "-9223372036854775.809",
        "2026-09-21",
        "2026-09-21T14:13Z",
        "2026-09-21T14:13:20",
        "2026-13-21T14:13:20Z",
        "2026-09-21T25:13:20Z",
        "2026-09-21T14:13:20+24:00",
        "2026-09-21 14:13:20Z",
        "20260921T141320Z",
        "",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    assert time_ms(text) is None


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-23, 23))
def test_any_date_is_read_in_any_zone(moment: datetime, hours: int) -> None:
    wanted = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    try:
        local = moment.astimezone(timezone(timedelta(hours=hours)))
    except OverflowError:
        local = moment
    assert time_ms(local.isoformat()) == wanted


@given(st.integers(MIN_TIME_MS, MAX_TIME_MS))
def test_any_time_in_seconds_is_read_to_the_millisecond(ms: int) -> None:
    sign, whole = "-" if ms < 0 else "", abs(ms)
    assert time_ms(f"{sign}{whole // 1000}.{whole % 1000:03}") == ms


@given(st.text())
def test_any_text_is_a_time_or_none(text: str) -> None:
    found = time_ms(text)
    assert found is None or MIN_TIME_MS <= found <= MAX_TIME_MS


@pytest.mark.parametrize("text", ["0", "-1", "11", "1.0", "x", "1e1", "²", "9999999999"])
def test_a_number_out_of_range_is_told(text: str) -> None:
    with pytest.raises(falcon.HTTPBadRequest) as caught:
        Parameters([("limit", text)]).positive("limit", 5, 10)
    assert caught.value.description == f'Parameter "limit" must be a whole number from 1 to 10, got "{text}"'


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("10", 10), ("", 5)])
def test_a_number_in_range_is_read(text: str, number: int) -> None:
    assert Parameters([("limit", text)]).positive("limit", 5, 10) == number
