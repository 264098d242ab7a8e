"""Settings come from files, variables and flags; the corpus in configs/ says what each file gives."""

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import SettingsError
from runtime.settings import MAX_FILE_BYTES, Section, file_of, flags_of, load, settings_of
from runtime.values import Address

CONFIGS = Path(__file__).parent / "configs"

NOTHING: Mapping[str, str] = {}


class Storage(Section, frozen=True, kw_only=True):
    sync: Annotated[bool, "Wait for the disk."] = True
    parts: Annotated[int, "How many parts."] = 4
    ratio: Annotated[float, "How full."] = 0.5


class Example(Section, frozen=True, kw_only=True):
    listen: Annotated[Address, "Where."] = Address(host="127.0.0.1", port=9095)
    name: Annotated[str, "Who."] = ""
    level: Annotated[Literal["quiet", "loud"], "How."] = "quiet"
    rules: Annotated[tuple[str, ...], "Which."] = ()
    storage: Storage = Storage()


def read(
    file: Path | None = None, environ: Mapping[str, str] = NOTHING, flags: Mapping[str, object] = NOTHING
) -> Example:
    return load(Example, file=file, environ=environ, flags=flags)


def problems(
    file: Path | None = None, environ: Mapping[str, str] = NOTHING, flags: Mapping[str, object] = NOTHING
) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(file, environ, flags)
    return str(caught.value).splitlines()


def comments(file: Path, word: str) -> list[str]:
    return re.findall(rf"^# {word}: (.*)$", file.read_text(), re.MULTILINE)


def value(settings: object, key: str) -> str:
    for name in key.split("."):
        settings = getattr(settings, name)
    if isinstance(settings, tuple):
        return ",".join(settings)
    return str(settings).lower() if isinstance(settings, bool) else str(settings)


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("good/*.yml")), ids=lambda file: file.stem)
def test_a_good_file_gives_the_values_it_says(file: Path) -> None:
    settings = read(file)
    for comment in comments(file, "is"):
        key, _, expected = comment.partition("=")
        assert value(settings, key) == expected


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("bad/*.yml")), ids=lambda file: file.stem)
def test_a_bad_file_is_refused_with_the_sentence_it_says(file: Path) -> None:
    expected = comments(file, "error")
    assert expected
    found = [line.removeprefix(f"{file}") for line in problems(file)]
    assert sorted(line.removeprefix(", ").removeprefix(": ") for line in found) == sorted(expected)


def test_nothing_given_means_all_defaults() -> None:
    assert read() == Example()


def test_a_setting_has_one_name_of_each_kind() -> None:
    names = {setting.key: (setting.flag, setting.variable) for setting in settings_of(Example)}
    assert names["listen"] == ("--listen", "FLEETGAUGE_LISTEN")
    assert names["storage.sync"] == ("--storage.sync", "FLEETGAUGE_STORAGE_SYNC")
    assert list(names) == [
        "listen",
        "name",
        "level",
        "rules",
        "storage.sync",
        "storage.parts",
        "storage.ratio",
    ]


def test_defaults_are_shown_as_one_would_write_them() -> None:
    texts = {setting.key: setting.default_text for setting in settings_of(Example)}
    assert texts["listen"] == "127.0.0.1:9095"
    assert texts["storage.sync"] == "true"
    assert texts["rules"] == ""


def test_flag_wins_over_variable_wins_over_file_wins_over_default(tmp_path: Path) -> None:
    file = tmp_path / "f.yml"
    file.write_text("name: file\nlevel: loud\nstorage: {parts: 5}\n")
    settings = read(file, {"FLEETGAUGE_NAME": "variable", "FLEETGAUGE_STORAGE_PARTS": "6"}, {"name": "flag"})
    assert (settings.name, settings.storage.parts, settings.level) == ("flag", 6, "loud")
    assert settings.storage.ratio == 0.5


def test_a_negative_flag_wins_over_a_variable() -> None:
    environ = {"FLEETGAUGE_STORAGE_SYNC": "true"}
    assert read(environ=environ, flags={"storage.sync": False}).storage.sync is False


def test_a_flag_that_was_not_given_leaves_the_variable() -> None:
    settings = read(environ={"FLEETGAUGE_RULES": "a,b"}, flags={"name": None, "rules": ()})
    assert settings.rules == ("a", "b")


def test_a_repeated_flag_is_a_list() -> None:
    assert read(flags={"rules": ("a,b", "c")}).rules == ("a,b", "c")


@pytest.mark.parametrize("text", ["true", "1", "True"])
def test_a_variable_can_say_true(text: str) -> None:
    assert read(environ={"FLEETGAUGE_STORAGE_SYNC": text}).storage.sync is True


def test_an_empty_variable_counts_as_not_set() -> None:
    assert read(environ={"FLEETGAUGE_LISTEN": ""}) == Example()


def test_a_wrong_variable_is_named() -> None:
    assert problems(environ={"FLEETGAUGE_STORAGE_PARTS": "many"}) == [
        'FLEETGAUGE_STORAGE_PARTS: expected a whole number, got "many".'
    ]


def test_a_wrong_flag_is_named() -> None:
    assert problems(flags={"storage.ratio": "half"}) == ['--storage.ratio: expected a number, got "half".']


def test_a_wrong_file_is_reported_even_where_a_flag_wins(tmp_path: Path) -> None:
    file = tmp_path / "f.yml"
    file.write_text("name: 5\n")
    assert problems(file, flags={"name": "fine"}) == [f"{file}, line 1: name: expected text, got 5."]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "none.yml"
    assert problems(file) == [f"{file}: cannot be read: No such file or directory."]


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    assert problems(tmp_path) == [f"{tmp_path}: cannot be read: Is a directory."]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name: \xff\xfe", "invalid start byte"),
        (b"name: \x00", "special characters are not allowed"),
        (b"[" * 20_000, "recursion"),
        (b"name: &a [*a]", "recursive node"),
    ],
)
def test_hostile_bytes_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "f.yml"
    file.write_bytes(content)
    (problem,) = problems(file)
    assert problem.startswith(str(file))
    assert said in problem


def test_the_size_of_a_file_is_limited(tmp_path: Path) -> None:
    file = tmp_path / "f.yml"
    file.write_text("#" * MAX_FILE_BYTES)
    assert read(file) == Example()
    file.write_text("#" * (MAX_FILE_BYTES + 1))
    assert problems(file) == [f"{file}: it is larger than {MAX_FILE_BYTES} bytes."]


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_settings_errors(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzz.yml"
    file.write_bytes(content)
    with contextlib.suppress(SettingsError):
        read(file)


CHANGED = Example(
    listen=Address(host="::1", port=1),
    name='a: "b" # é\n',
    level="loud",
    rules=("x", "y z"),
    storage=Storage(sync=False, parts=7, ratio=0.25),
)


@pytest.mark.parametrize("settings", [Example(), CHANGED])
def test_settings_written_as_a_file_are_read_as_they_were(tmp_path: Path, settings: Example) -> None:
    file = tmp_path / "settings.yml"
    file.write_text(file_of(settings))
    assert read(file) == settings


def test_settings_are_shown_as_flags() -> None:
    assert flags_of(Example(rules=("x", "y"), storage=Storage(sync=False))) == {
        "listen": "127.0.0.1:9095",
        "name": "",
        "level": "quiet",
        "rules": "x,y",
        "storage.sync": "false",
        "storage.parts": "4",
        "storage.ratio": "0.5",
    }
