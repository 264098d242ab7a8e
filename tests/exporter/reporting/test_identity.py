"""The agent's id: kept, whole, and never shared by two machines."""

import logging
from itertools import count
from pathlib import Path

import pytest

from exporter.reporting.identity import FILE, identity, machine_of
from runtime.logs import Log


class Ids:
    """Makes ids in order."""

    def __init__(self) -> None:
        self.numbers = count(1)

    def __call__(self) -> str:
        return f"agent-{next(self.numbers):04}"


def read(directory: Path, ids: Ids, machine: str = "machine-a") -> str:
    return identity(directory, machine=machine, make_id=ids, log=Log("test"))


def test_an_id_is_made_once_and_kept(tmp_path: Path) -> None:
    ids = Ids()
    assert [read(tmp_path / "state", ids) for _ in range(3)] == ["agent-0001"] * 3
    assert [path.name for path in (tmp_path / "state").iterdir()] == [FILE]
    assert "machine-a" not in (tmp_path / "state" / FILE).read_text()


def test_a_directory_copied_to_another_machine_gets_a_new_id_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ids = Ids()
    read(tmp_path, ids)
    caplog.clear()
    assert read(tmp_path, ids, "machine-b") == "agent-0002"
    [line] = caplog.records
    assert line.msg == "identity.made"
    assert "another machine" in line.__dict__["fields"]["reason"]
    assert read(tmp_path, ids, "machine-b") == "agent-0002", "it is kept"


def test_a_machine_without_an_id_keeps_what_is_there(tmp_path: Path) -> None:
    ids = Ids()
    assert read(tmp_path, ids, "") == "agent-0001"
    assert read(tmp_path, ids, "machine-a") == "agent-0001", "it is known now where it belongs"
    assert read(tmp_path, ids, "") == "agent-0001"
    assert read(tmp_path, ids, "machine-b") == "agent-0002"


@pytest.mark.parametrize(
    "damage", [b"", b"\n", b"\x00" * 40, b"short\n", b"a/../b-is-no-id\n", b"x" * 10_000, b"\xff\xfe agent"]
)
def test_a_damaged_file_is_replaced_and_said_to_be_damaged(
    damage: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ids = Ids()
    (tmp_path / FILE).write_bytes(damage)
    assert [read(tmp_path, ids) for _ in range(2)] == ["agent-0001"] * 2
    assert "is damaged" in caplog.records[0].__dict__["fields"]["reason"]


def test_a_half_written_file_of_a_killed_agent_does_no_harm(tmp_path: Path) -> None:
    ids = Ids()
    read(tmp_path, ids)
    (tmp_path / FILE).with_suffix(".new").write_bytes(b"agent-9")
    assert read(tmp_path, ids) == "agent-0001"


def test_without_a_directory_it_may_write_to_there_is_an_id_for_now(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert read(blocked / "state", Ids()) == "agent-0001"
    assert [record.msg for record in caplog.records] == ["identity.made", "identity.not_kept"]


def test_the_machine_is_the_hosts_not_the_containers(tmp_path: Path) -> None:
    assert machine_of(tmp_path) == ""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/machine-id").write_text("0123456789abcdef\n")
    assert machine_of(tmp_path) == "0123456789abcdef"
