"""Every event is one line that machines can read, whatever its fields hold."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.logs import JsonFormatter, Log, LogfmtFormatter, LogFormat, LogLevel, configure

Start = Callable[[LogFormat, LogLevel], io.StringIO]


@pytest.fixture
def start() -> Iterator[Start]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def configured(form: LogFormat, level: LogLevel) -> io.StringIO:
        stream = io.StringIO()
        configure(form=form, level=level, stream=stream)
        return stream

    yield configured
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("fleetgauge").setLevel(logging.NOTSET)


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError


def test_json_has_time_level_event_and_fields(start: Start) -> None:
    stream = start("json", "info")
    Log("test").info("thing.done", count=3, ok=True, names=["a", "b"], missing=None)
    line = json.loads(stream.getvalue())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "info",
        "event": "thing.done",
        "count": 3,
        "ok": True,
        "names": ["a", "b"],
        "missing": None,
    }


def test_logfmt_quotes_what_is_no_plain_word(start: Start) -> None:
    stream = start("logfmt", "info")
    Log("test").warning("thing.odd", url="http://[::1]:9095/-/x", text='a "b"\nc=d', empty="", none=None)
    assert re.sub(r"time=\S+ ", "", stream.getvalue()) == (
        r'level=warning event=thing.odd url="http://[::1]:9095/-/x" text="a \"b\"\nc=d" empty="" none=null'
        "\n"
    )


@pytest.mark.parametrize("form", ["json", "logfmt"])
@pytest.mark.parametrize(
    "value",
    [
        "a\nb\r\x00\x1b[31m\u2028\x85",
        "\udc80",
        b"\xff",
        float("nan"),
        {("a",): 1},
        {1, 2},
        Unprintable(),
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_value_breaks_its_line(start: Start, form: LogFormat, value: object) -> None:
    stream = start(form, "info")
    Log("test").info("thing.done", value=value)
    assert stream.getvalue().isascii()
    assert stream.getvalue().splitlines(keepends=True) == [stream.getvalue()]
    assert "value" in stream.getvalue()


@given(st.dictionaries(st.from_regex("[a-z_]{1,9}", fullmatch=True), st.text() | st.floats() | st.binary()))
def test_json_lines_always_parse(fields: dict[str, object]) -> None:
    record = logging.makeLogRecord({"msg": "x", "levelname": "INFO", "fields": fields})
    assert set(json.loads(JsonFormatter().format(record))) >= {"time", "level", "event", *fields}
    assert len(LogfmtFormatter().format(record).splitlines()) == 1


def test_a_field_cannot_pass_for_the_event(start: Start) -> None:
    stream = start("json", "info")
    Log("test").info("real", event="fake", level="fake", time="fake")
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"]) == ("real", "info")
    assert line["time"] != "fake"


@pytest.mark.parametrize("form", ["json", "logfmt"])
def test_an_exception_is_a_field(start: Start, form: LogFormat) -> None:
    stream = start(form, "info")
    try:
        raise ValueError("bad thing")
    except ValueError as error:
        Log("test").error("thing.failed", exception=error, id=7)
    assert len(stream.getvalue().splitlines()) == 1
    assert r"Traceback (most recent call last):\n" in stream.getvalue()
    assert "ValueError: bad thing" in stream.getvalue()


def test_events_below_the_level_are_left_out(start: Start) -> None:
    stream = start("logfmt", "warning")
    log = Log("test")
    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d")
    assert re.findall(r"event=(\w)", stream.getvalue()) == ["c", "d"]


def test_libraries_are_heard_from_warning_up(start: Start) -> None:
    stream = start("json", "debug")
    logging.getLogger("library").info("chatter")
    logging.getLogger("library").warning("careful with %s", "that")
    line = json.loads(stream.getvalue())
    assert (line["event"], line["message"]) == ("library", "careful with that")


def test_libraries_are_not_heard_below_the_level(start: Start) -> None:
    stream = start("json", "error")
    logging.getLogger("library").warning("careful")
    assert stream.getvalue() == ""
