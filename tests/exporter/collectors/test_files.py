"""Files of /sys that are there, and those that are not or may not be read."""

from pathlib import Path

import pytest

from exporter.collectors.files import attribute, attributes, content


def test_several_files_of_a_directory_are_what_each_of_them_says(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("1\n")
    (tmp_path / "two").write_bytes(b" \xff two \n")
    (tmp_path / "folder").mkdir()
    names = ["one", "two", "gone", "folder"]
    assert attributes(tmp_path, names) == {"one": "1", "two": "\ufffd two"}
    assert [attribute(tmp_path / name) for name in names] == ["1", "\ufffd two", None, None]


def test_no_file_stays_open(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("1\n")
    (tmp_path / "folder").mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        attributes(tmp_path, ["one", "gone", "folder"])
        attribute(tmp_path / "folder")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_directory_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        attributes(tmp_path / "gone", ["one"])


@pytest.mark.parametrize("size", [0, 65_535, 65_536, 65_537, 200_000])
def test_a_file_is_read_to_its_end(tmp_path: Path, size: int) -> None:
    (tmp_path / "file").write_bytes(b"x" * size)
    assert content(tmp_path / "file") == b"x" * size
