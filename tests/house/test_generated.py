"""The generated protobuf modules are what their .proto files say, and load with every protobuf we accept."""

import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.house.tree import PYPROJECT, ROOT, run

PROTOS = sorted(
    file.relative_to(ROOT).as_posix()
    for place in ("remotewrite", "tests")
    for file in (ROOT / place).rglob("*.proto")
)


@pytest.mark.parametrize("proto", PROTOS)
def test_generating_again_changes_nothing(proto: str, tmp_path: Path) -> None:
    output = (f"--python_out={tmp_path}", f"--pyi_out={tmp_path}")
    generated = run(sys.executable, "-m", "grpc_tools.protoc", "--proto_path=.", *output, proto)
    assert generated.returncode == 0, generated.stderr
    for suffix in ("_pb2.py", "_pb2.pyi"):
        module = proto.removesuffix(".proto") + suffix
        assert (tmp_path / module).read_text() == (ROOT / module).read_text(), "run `make proto`"


def test_every_generated_module_has_its_proto_file_where_make_looks() -> None:
    generated = {
        file.relative_to(ROOT).as_posix()
        for place in ("remotewrite", "tests")
        for file in (ROOT / place).rglob("*_pb2.py")
    }
    assert generated == {proto.removesuffix(".proto") + "_pb2.py" for proto in PROTOS}
    listed = run("make", "--dry-run", "--always-make", "proto").stdout
    assert [proto for proto in PROTOS if proto not in listed] == []


def test_the_oldest_protobuf_that_the_product_accepts_can_load_the_generated_modules() -> None:
    [asked_for] = [
        Requirement(line)
        for line in PYPROJECT["project"]["optional-dependencies"]["gateway"]
        if line.startswith("protobuf")
    ]
    [oldest] = [Version(part.version) for part in asked_for.specifier if part.operator == ">="]
    for proto in PROTOS:
        module = (ROOT / (proto.removesuffix(".proto") + "_pb2.py")).read_text()
        [made_with] = re.findall(r"^# Protobuf Python Version: (\S+)$", module, re.MULTILINE)
        assert Version(made_with) <= oldest, f"{proto}: raise the lower bound in pyproject.toml"
