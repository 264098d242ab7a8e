"""Text files that other programs write: the bad ones are left out as a whole, the good ones are shown."""

import contextlib
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.collectors import textfile
from exporter.collectors.textformat import parse, written
from tests.exporter import pages
from tests.exporter.texts import BAD, GOOD


def error_shown(*directories: Path) -> float:
    families = textfile.to_metrics(textfile.read(map(str, directories)))
    [error] = [family for family in families if family.name == "node_textfile_scrape_error"]
    return error.points[0].value


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_is_shown(tmp_path: Path, name: str) -> None:
    (tmp_path / "one.prom").write_text(GOOD[name])
    os.utime(tmp_path / "one.prom", (5, 1_700_000_000.75))
    read = textfile.read([str(tmp_path)])
    assert (read.wrong, read.written) == ({}, {f"{tmp_path}/one.prom": 1_700_000_000})
    assert error_shown(tmp_path) == 0


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_harms_only_itself(tmp_path: Path, name: str) -> None:
    bad = BAD[name]
    (tmp_path / "1.prom").write_text("first 1\n")
    (tmp_path / "2.prom").write_bytes(bad if isinstance(bad, bytes) else bad.encode())
    (tmp_path / "3.prom").write_text("third 3\n")
    read = textfile.read([str(tmp_path)])
    assert read.wrong.keys() == {f"{tmp_path}/2.prom"}
    assert "line " in read.wrong[f"{tmp_path}/2.prom"]
    names = [family.name for family in textfile.to_metrics(read)]
    assert names == ["first", "third", "node_textfile_mtime_seconds", "node_textfile_scrape_error"]
    assert error_shown(tmp_path) == 1


def test_a_histogram_has_all_its_parts() -> None:
    [family] = parse('# TYPE h histogram\nh_bucket{le="1000000",a="b"} 2\nh_count{a="b"} 3\nh_sum{a="b"} 7\n')
    [(labels, points)] = family.metrics()
    assert labels == (("a", "b"),)
    assert points == [
        (2, (("a", "b"), ("le", "1e+06")), "_bucket"),
        (3, (("a", "b"), ("le", "+Inf")), "_bucket"),
        (7, (("a", "b"),), "_sum"),
        (3, (("a", "b"),), "_count"),
    ]


def test_no_directory_is_no_error_and_a_missing_one_is(tmp_path: Path) -> None:
    assert error_shown() == 0
    assert error_shown(tmp_path) == 0
    assert error_shown(tmp_path, tmp_path / "gone") == 1


def test_directories_may_be_patterns(tmp_path: Path) -> None:
    for name in ("app-a", "app-b", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.prom").write_text(f'x{{of="{name}"}} 1\n')
        (tmp_path / name / "x.prom.tmp").write_text("half")
    read = textfile.read([str(tmp_path / "app-*"), str(tmp_path / "other")])
    [shown, *_] = textfile.to_metrics(read)
    assert [dict(point.labels)["of"] for point in shown.points] == ["app-a", "app-b", "other"]


@pytest.mark.parametrize("more", [0, 1])
def test_a_file_has_a_largest_size(tmp_path: Path, more: int) -> None:
    # Cut anywhere, it would be good.
    (tmp_path / "large.prom").write_text("x 1" + "\n" * (textfile.MAX_FILE_BYTES - 3 + more))
    assert error_shown(tmp_path) == more


def test_a_pipe_and_a_folder_do_not_hold_us_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.prom")
    (tmp_path / "folder.prom").mkdir()
    (tmp_path / "dangling.prom").symlink_to("nowhere")
    assert len(textfile.read([str(tmp_path)]).wrong) == 3


def test_a_file_of_proc_that_waits_harms_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/proc/kmsg is a regular file, and has nothing to read at times: as a pipe that passed for one."""
    os.mkfifo(tmp_path / "kmsg.prom")
    (tmp_path / "open.prom").write_text("y 1\n")
    monkeypatch.setattr("stat.S_ISREG", lambda _: True)
    with (tmp_path / "kmsg.prom").open("r+b", buffering=0):
        found = textfile.read([str(tmp_path)])
    assert found.wrong.keys() == {f"{tmp_path}/kmsg.prom"}
    assert found.families.keys() == {f"{tmp_path}/open.prom"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_we_may_not_read_harms_only_itself(tmp_path: Path) -> None:
    (tmp_path / "closed.prom").write_text("x 1\n")
    (tmp_path / "closed.prom").chmod(0)
    (tmp_path / "open.prom").write_text("y 1\n")
    assert textfile.read([str(tmp_path)]).wrong.keys() == {f"{tmp_path}/closed.prom"}


def test_our_own_families_cannot_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "x.prom").write_text("node_textfile_scrape_error 7\n")
    assert error_shown(tmp_path) == 0


@given(
    st.lists(
        st.sampled_from([*GOOD.values(), *'{}",=\\# \t\r\n1ex', "_sum", "TYPE", "\udcff", "\u0661"])
    ).map("".join)
)
def test_only_declared_errors_escape(text: str) -> None:
    with contextlib.suppress(ValueError):
        for family in parse(text):
            assert list(family.metrics())


@given(st.floats(allow_nan=False))
def test_a_number_is_written_so_that_it_reads_back(value: float) -> None:
    assert float(written(value)) == value


def test_all_good_files_together_make_names_once(tmp_path: Path) -> None:
    for name, text in GOOD.items():
        (tmp_path / f"{name}.prom").write_text(text)
    families = textfile.to_metrics(textfile.read([str(tmp_path)]))
    assert len(pages.page(families)) == len(families)


@pytest.mark.parametrize("line", ["1" * 20_000 + "x", "." + "1" * 20_000 + "x", "1e" + "1" * 20_000 + "x"])
def test_a_long_number_does_not_hold_up_the_agent(line: str) -> None:
    began_s = time.thread_time()
    with pytest.raises(ValueError, match="expected a number"):
        parse(f"a {line}\n")
    assert time.thread_time() - began_s < 1
