"""Rule groups that people edit: every change is a version, and nothing bad is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.ruler import managed as module
from gateway.ruler.errors import BadRules, NoSuchRules, RulesRefused, TooManyRules
from gateway.ruler.making import load
from gateway.ruler.managed import MAX_TEXT_BYTES, Managed
from gateway.storage.ledger.rules import RuleGroups
from tests.gateway.ruler.test_files import text_of
from tests.gateway.storage.samples import open_store


@pytest.fixture
def managed(tmp_path: Path) -> Iterator[Managed]:
    with open_store(tmp_path, sync="off") as store:
        yield Managed(RuleGroups(store.ledger), load=load, now_ms=lambda: 1000)


def in_use(managed: Managed) -> list[str]:
    groups, problems = managed.groups()
    assert not problems
    return [group.key for group in groups]


def test_every_change_is_a_version(managed: Managed) -> None:
    told: list[int] = []
    managed.changed = lambda: told.append(1)
    first = managed.put("a", text_of("a"), is_enabled=True, by="ann")
    assert (first.version, first.changed_ms, first.changed_by) == (1, 1000, "ann")
    assert in_use(managed) == ["managed;a"]
    managed.put("a", text_of("a", rules=2), is_enabled=True, by="bob")
    assert len(managed.groups()[0][0].rules) == 2
    managed.switch("a", is_enabled=False, by="bob")
    assert in_use(managed) == []
    assert [one.is_enabled for one in managed.listed()] == [False]
    managed.delete("a", by="bob")
    assert managed.listed() == []
    with pytest.raises(NoSuchRules):
        managed.switch("a", is_enabled=True, by="bob")
    with pytest.raises(NoSuchRules):
        managed.delete("a", by="bob")
    back = managed.restore("a", 1, is_enabled=True, by="ann")
    assert (back.version, back.text) == (5, first.text)
    assert in_use(managed) == ["managed;a"]
    assert [one.version for one in managed.versions("a")] == [5, 4, 3, 2, 1]
    assert [one.is_deleted for one in managed.versions("a")] == [False, True, False, False, False]
    assert len(told) == 5


def test_what_is_not_there_is_not_found(managed: Managed) -> None:
    with pytest.raises(NoSuchRules):
        managed.versions("a")
    managed.put("a", text_of("a"), is_enabled=True, by="ann")
    with pytest.raises(NoSuchRules):
        managed.restore("a", 2, is_enabled=True, by="ann")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a", "groups: [", "a, line 1"),
        ("a", text_of("b"), 'its name must be "a"'),
        ("a", text_of("a", "b"), "one group"),
        ("a", "groups: []", "one group"),
        ("", text_of("a"), None),
        ("a/b", text_of("a/b"), "without a /"),
        ("a" * 201, text_of("a"), "1 to 200"),
        ("a", "#" * (MAX_TEXT_BYTES + 1), "256 KiB"),
        ("", text_of("a", "b"), "A name must have"),
        (".", text_of("."), "A name must have"),
        ("..", text_of(".."), "A name must have"),
    ],
)
def test_a_bad_text_is_not_kept(managed: Managed, name: str, text: str, problem: str | None) -> None:
    if problem is None:
        assert managed.check(text)
        return
    with pytest.raises(BadRules, match=problem):
        managed.put(name, text, is_enabled=True, by="ann")
    assert managed.listed() == []


def test_a_name_and_a_text_at_the_limit_are_taken(managed: Managed) -> None:
    name = "a" * 200
    text = text_of(name)
    managed.put(name, text + "#" * (MAX_TEXT_BYTES - len(text)), is_enabled=True, by="ann")
    assert in_use(managed) == [f"managed;{name}"]


def test_there_is_a_limit_of_groups_and_of_versions(
    managed: Managed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_MANAGED", 2)
    monkeypatch.setattr(module, "MAX_VERSIONS", 3)
    for name in ("a", "b", "a", "a", "a"):
        managed.put(name, text_of(name), is_enabled=True, by="ann")
    assert [one.version for one in managed.versions("a")] == [4, 3, 2]
    assert [one.version for one in managed.versions("b")] == [1]
    with pytest.raises(TooManyRules):
        managed.put("c", text_of("c"), is_enabled=True, by="ann")


def test_a_deleted_group_makes_room_for_another_the_one_deleted_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_MANAGED", 3)
    clock = iter(range(1, 100))
    with open_store(tmp_path, sync="off") as store:
        managed = Managed(RuleGroups(store.ledger), load=load, now_ms=lambda: next(clock))
        for name in "abc":
            managed.put(name, text_of(name), is_enabled=True, by="ann")
        for name in "cb":
            managed.delete(name, by="ann")
        with pytest.raises(NoSuchRules):
            managed.switch("d", is_enabled=True, by="ann")
        assert len(managed.versions("c")) == 2
        managed.put("d", text_of("d"), is_enabled=True, by="ann")
        assert [one.name for one in managed.listed()] == ["a", "d"]
        assert len(managed.versions("b")) == 2
        with pytest.raises(NoSuchRules):
            managed.versions("c")


def test_a_text_that_is_no_longer_good_keeps_no_other_out_of_use(tmp_path: Path) -> None:
    with open_store(tmp_path, sync="off") as store:
        kept = RuleGroups(store.ledger)
        for name in ("a", "b"):
            Managed(kept, load=load, now_ms=lambda: 0).put(name, text_of(name), is_enabled=True, by="")
        store.ledger.change(lambda one: one.execute("UPDATE rule_group SET text = 'x' WHERE name = 'a'"))
        groups, problems = Managed(kept, load=load, now_ms=lambda: 0).groups()
    assert [group.key for group in groups] == ["managed;b"]
    assert problems


def test_where_no_rules_are_evaluated_none_are_kept(tmp_path: Path) -> None:
    with open_store(tmp_path, sync="off") as store:
        refusing = Managed(RuleGroups(store.ledger), load=load, now_ms=lambda: 0, refusal="no store")
        with pytest.raises(RulesRefused):
            refusing.put("a", text_of("a"), is_enabled=True, by="")
        assert refusing.groups() == ((), ())
