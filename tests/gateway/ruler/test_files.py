"""Rule files: found by patterns, all that is wrong with them told at once."""

import os
from pathlib import Path

import pytest

from alertrules.errors import BadFile
from alertrules.rules.model import Group
from gateway.ruler import files
from gateway.ruler.files import parse_rules, read_rules
from gateway.ruler.making import load


def text_of(*names: str, rules: int = 1) -> str:
    rule = "  - {record: a, expr: up}\n"
    return "groups:\n" + "".join(f"- name: {name}\n  rules:\n{rule * rules}" for name in names)


def test_all_files_that_fit_are_read_once_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for path, name in (("b.yml", "b"), ("a.yml", "a"), ("deep/er/c.yml", "c"), ("d.txt", "d")):
        (tmp_path / path).write_text(text_of(name))
    found = read_rules(["*.yml", "**/*.yml", str(tmp_path / "a.yml"), "none/*.yml"], tmp_path, load)
    assert [group.key for group in found.groups] == [
        f"{tmp_path}/{path}" for path in ("a.yml;a", "b.yml;b", "deep/er/c.yml;c")
    ]
    assert (found.files, found.unmatched) == (3, ("none/*.yml",))


def test_what_is_no_file_is_told_and_nothing_waits_for_it(tmp_path: Path) -> None:
    (tmp_path / "a.yml").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "b.yml")
    (tmp_path / "c.yml").symlink_to("c.yml")
    (tmp_path / "d.yml").mkdir()
    with pytest.raises(BadFile) as caught:
        read_rules(["*.yml"], tmp_path, load)
    reasons = [text.partition(": ")[2] for text in caught.value.problems]
    assert reasons == ["cannot be read: it is no regular file."] * 2 + [
        "cannot be read: Too many levels of symbolic links.",
        "cannot be read: it is no regular file.",
    ]


def test_all_that_is_wrong_in_all_files_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("groups:\n- name: a\n  rules:\n  - {record: a, expr: 'up('}\n")
    (tmp_path / "b.yml").write_text("groups: [")
    (tmp_path / "c.yml").write_text(text_of("c"))
    (tmp_path / "d.yml").mkdir()
    with pytest.raises(BadFile) as caught:
        read_rules(["*.yml"], tmp_path, load)
    told = caught.value.problems
    assert [text.partition("/")[2].rpartition("/")[2][:5] for text in told] == ["a.yml", "b.yml", "d.yml"]
    assert "line 4" in told[0]


def test_there_is_a_limit_of_groups_and_of_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_GROUPS", 2)
    monkeypatch.setattr(files, "MAX_RULES", 4)
    file = tmp_path / "a.yml"
    file.write_text(text_of("a", "b", rules=2))
    assert len(read_rules(["a.yml"], tmp_path, load).groups) == 2
    file.write_text(text_of("a", "b", "c"))
    with pytest.raises(BadFile, match="There are 3 rule groups; there may be 2"):
        read_rules(["a.yml"], tmp_path, load)
    file.write_text(text_of("a", rules=5))
    with pytest.raises(BadFile, match="There are 5 rules; there may be 4"):
        read_rules(["a.yml"], tmp_path, load)


def test_a_text_is_read_as_a_file_is() -> None:
    [group] = parse_rules(text_of("a"), "name", "file", load)
    assert isinstance(group, Group)
    assert group.key == "file;a"
    with pytest.raises(BadFile, match="name, line 1: "):
        parse_rules("groups: [", "name", "file", load)
