"""YAML files as values with lines."""

from pathlib import Path

import pytest

from runtime.documents import MAX_REPEATED, parse_document, read_document
from runtime.errors import SettingsError


def test_values_know_their_lines_and_keys_stay_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("b: 1\na:\n  - x\n  - true\nb: null\n")
    document = read_document(tmp_path / "a.yml")
    assert document.pairs is not None
    assert [(key.text, key.line) for key, _ in document.pairs] == [("b", 1), ("a", 2), ("b", 5)]
    items = document.pairs[1][1].items
    assert items is not None
    assert [(item.content, item.line) for item in items] == [("x", 3), (True, 4)]


def test_scalars_are_known_as_they_were_written() -> None:
    document = parse_document("[0x10, true, '5', 1e3, ~, x]", "a.yml")
    assert [item.written for item in document.items or ()] == ["0x10", "true", "5", "1e3", None, "x"]


def test_an_empty_file_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("")
    assert read_document(tmp_path / "a.yml").content is None


def test_an_empty_mapping_is_no_list(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("{}")
    document = read_document(tmp_path / "a.yml")
    assert (document.pairs, document.items) == ((), None)


def test_a_value_named_by_many_aliases_is_made_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 15))]
    (tmp_path / "a.yml").write_text("\n".join(lines))
    document = read_document(tmp_path / "a.yml")
    assert document.pairs is not None
    assert len(document.pairs) == 15


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "a: &b [*b]",
        "a: 2026-13-45",
        "a: !!bool maybe",
        "a: !odd x",
        "\0",
        f"a: 1{':00' * 300}:0.5",
        'a: "\\ud800"',
        '{"\\udfff": 1}',
    ],
)
def test_what_is_no_yaml_is_told_with_the_file(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(text)
    with pytest.raises(SettingsError, match=r"a\.yml.*: this is not valid YAML: "):
        read_document(tmp_path / "a.yml")


def repeating(count: int) -> str:
    return f"a: &a {'x' * 63}\nb: [{', '.join(['*a'] * count)}]"


def test_aliases_may_stand_for_so_much_and_no_more() -> None:
    parse_document(repeating(MAX_REPEATED // 64), "f")
    with pytest.raises(SettingsError, match="line 1: aliases stand for too much of what begins here"):
        parse_document(repeating(MAX_REPEATED // 64 + 1), "f")


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [{f'*a{n - 1},' * 9}]" for n in range(1, 60))]),
        f"a: &a {{{', '.join(f'k{n}: 1' for n in range(3000))}}}\nb:\n" + "- <<: *a\n" * 3000,
        f"a: &a {{{', '.join(f'k{n}: 1' for n in range(3000))}}}\nb: {{<<: [{'*a,' * 3000}]}}",
    ],
    ids=["aliases of aliases", "merged again and again", "merged at once"],
)
def test_a_short_text_does_not_become_a_long_one(text: str) -> None:
    with pytest.raises(SettingsError, match="aliases stand for too much"):
        parse_document(text, "f")


def merged(text: str) -> dict[str | None, object]:
    value = parse_document(text, "f")
    assert value.pairs is not None
    return {key.written: own.content for key, own in value.pairs}


def test_a_merge_key_brings_in_pairs_of_which_own_ones_win_and_the_first_of_several() -> None:
    text = "{<<: [{a: 1, b: 1}, {b: 2, c: 2}], c: 3}"
    assert merged(text) == {"a": 1, "b": 1, "c": 3}
    assert merged("{<<: {a: 1}}") == {"a": 1}
    assert merged("{'<<': 1}") == {"<<": 1}


@pytest.mark.parametrize("text", ["{<<: 1}", "{<<: [1]}", "{<<: [[{a: 1}]]}"])
def test_only_mappings_can_be_merged(text: str) -> None:
    with pytest.raises(
        SettingsError, match="f: this is not valid YAML: line 1: only mappings can stand behind <<"
    ):
        parse_document(text, "f")


def test_an_own_key_that_stands_twice_is_still_seen() -> None:
    value = parse_document("{a: 1, a: 2, <<: {a: 3}}", "f")
    assert [own.content for _, own in value.pairs or ()] == [1, 2]


def test_a_character_that_json_escapes_as_two_halves_is_one() -> None:
    document = parse_document(r'{"\ud83d\ude00": "a\uD83D\uDE00é"}', "a.yml")
    assert document.pairs is not None
    [(key, value)] = document.pairs
    assert (key.written, key.content) == ("\U0001f600", "\U0001f600")
    assert (value.written, value.content) == ("a\U0001f600é", "a\U0001f600é")


@pytest.mark.parametrize("text", [r'"\ud83d"', r'"\ude00\ud83d"', r'"\ud83d\ud83d"', r'{"\udfff": 1}'])
def test_half_a_character_is_told_with_its_line(text: str) -> None:
    with pytest.raises(SettingsError, match=r"a\.yml, line 2: .*half a character"):
        parse_document(f"\n{text}", "a.yml")
