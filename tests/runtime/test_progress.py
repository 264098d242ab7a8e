"""The line on a terminal: written when it changes, gone at the end, and nowhere else."""

import io

import pytest

from runtime.progress import Progress, sized


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_is_written_anew_only_when_it_changes() -> None:
    stream = Terminal()
    with Progress(stream) as progress:
        progress("copying", 0, 2_000_000)
        progress("copying", 1, 2_000_000)
        progress("copying", 1_000_000, 2_000_000)
    assert stream.getvalue().split("\r\x1b[K") == [
        "",
        "copying    0 %  0 B of 2.0 MB",
        "copying    0 %  1 B of 2.0 MB",
        "copying   50 %  1.0 MB of 2.0 MB",
        "",
    ]


def test_nothing_is_written_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with Progress(stream) as progress:
        progress("copying", 1, 2)
    assert stream.getvalue() == ""


def test_more_than_the_total_and_no_total() -> None:
    stream = Terminal()
    with Progress(stream) as progress:
        progress("reading", 30, 20)
        progress("reading", 30, 0)
    assert "100 %  20 B of 20 B" in stream.getvalue()
    assert "reading  30 B\r" in stream.getvalue()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (999_949, "999.9 KB"),
        (999_950, "1.0 MB"),
        (2e18, "2000.0 PB"),
    ],
)
def test_sizes_are_for_people(size: float, text: str) -> None:
    assert sized(size) == text


def test_a_share_of_what_is_no_size() -> None:
    stream = Terminal()
    with Progress(stream) as progress:
        progress.share("DiskFull", 0, 0)
        progress.share("DiskFull", 21_600, 43_200)
        progress.share("DiskFull", 5, 4)
    assert stream.getvalue().split("\r\x1b[K") == [
        "",
        "DiskFull    0 %",
        "DiskFull   50 %",
        "DiskFull  100 %",
        "",
    ]
