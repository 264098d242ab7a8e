"""Switches of sections, lists of sections, pairs; the corpus in configs/lists says what each file gives."""

import contextlib
import re
from functools import reduce
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.errors import SettingsError
from runtime.settings import Section, file_of, flags_of, load, settings_of
from runtime.values import LabelPair, Pattern

CONFIGS = Path(__file__).parent / "configs" / "lists"


class Cpu(Section, frozen=True, kw_only=True):
    enabled: Annotated[bool, "Run it."] = False


class Disk(Section, frozen=True, kw_only=True):
    enabled: Annotated[bool, "Run it."] = True
    exclude: Annotated[Pattern, "Without these."] = Pattern.parse("")


class Tls(Section, frozen=True, kw_only=True):
    ca_file: Annotated[str, "Whom to trust."] = ""


class Rule(Section, frozen=True, kw_only=True):
    sources: Annotated[tuple[str, ...], "Of what."] = ()
    regex: Annotated[Pattern, "What it must match."] = Pattern.parse("(.*)")
    modulus: Annotated[int, "By what."] = 0
    action: Annotated[Literal["keep", "drop"], "What to do."] = "keep"


class Target(Section, frozen=True, kw_only=True):
    url: Annotated[str, "Where to."] = ""
    headers: Annotated[tuple[LabelPair, ...], "With what."] = ()
    tls: Tls = Tls()
    rules: Annotated[tuple[Rule, ...], "Changed how."] = ()


class Example(Section, frozen=True, kw_only=True):
    enabled: Annotated[bool, "Do anything at all."] = True
    label: Annotated[tuple[LabelPair, ...], "Labels."] = ()
    mask: Annotated[tuple[Pattern, ...], "What to hide."] = ()
    show: Annotated[tuple[Literal["user", "unit"], ...], "What to show."] = ("user",)
    cpu: Annotated[Cpu, "Processors."] = Cpu()
    disk: Disk = Disk()
    tls: Tls = Tls()
    targets: Annotated[tuple[Target, ...], "Receivers."] = ()


def read(file: Path | None = None, **environ: str) -> Example:
    return load(Example, file=file, environ=environ, flags={})


def comments(file: Path, word: str) -> list[str]:
    return re.findall(rf"^# {word}: (.*)$", file.read_text(), re.MULTILINE)


def value(example: object, key: str) -> str:
    def step(at: object, name: str) -> object:
        return at[int(name)] if isinstance(at, tuple) else getattr(at, name)

    found = reduce(step, re.findall(r"\w+", key), example)
    if isinstance(found, tuple):
        return ",".join(str(each) for each in found)
    return str(found).lower() if isinstance(found, bool) else str(found)


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("good/*.yml")), ids=lambda file: file.stem)
def test_a_good_file_gives_the_values_it_says(file: Path) -> None:
    example = read(file)
    assert comments(file, "is")
    for comment in comments(file, "is"):
        key, _, expected = comment.partition("=")
        assert value(example, key) == expected


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("bad/*.yml")), ids=lambda file: file.stem)
def test_a_bad_file_is_refused_with_all_sentences_in_the_order_of_the_file(file: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read(file)
    assert [line.removeprefix(f"{file}, ") for line in str(caught.value).splitlines()] == comments(
        file, "error"
    )


def test_a_switch_is_called_as_its_section_and_a_list_of_sections_is_for_the_file() -> None:
    names = {setting.key: (setting.flag, setting.variable) for setting in settings_of(Example)}
    assert names["enabled"] == ("--enabled", "FLEETGAUGE_ENABLED")
    assert names["cpu.enabled"] == ("--cpu", "FLEETGAUGE_CPU")
    assert names["disk.exclude"] == ("--disk.exclude", "FLEETGAUGE_DISK_EXCLUDE")
    assert names["targets"] == ("", "")


def test_the_help_of_a_section_is_that_of_its_switch() -> None:
    helps = {setting.key: setting.help for setting in settings_of(Example)}
    assert (helps["cpu.enabled"], helps["disk.enabled"]) == ("Processors.", "Run it.")


def test_a_variable_switches_a_section_and_lists_are_split_at_commas() -> None:
    example = read(
        FLEETGAUGE_CPU="true", FLEETGAUGE_DISK="0", FLEETGAUGE_LABEL="a=b, c=d", FLEETGAUGE_MASK="a{1,2}"
    )
    assert (example.cpu.enabled, example.disk.enabled) == (True, False)
    assert example.label == (LabelPair(name="a", value="b"), LabelPair(name="c", value="d"))
    assert [str(mask) for mask in example.mask] == ["a{1", "2}"]


def test_a_flag_can_empty_a_list_or_a_text() -> None:
    def flags(**given: object) -> Example:
        return load(Example, file=None, environ={}, flags=given)

    assert flags(show=("",)).show == ()
    assert flags(show=()).show == ("user",)
    assert load(Example, file=None, environ={}, flags={"disk.exclude": ""}).disk.exclude == Pattern.parse("")


def test_no_variable_and_no_flag_reaches_a_list_of_sections() -> None:
    example = load(Example, file=None, environ={"": "x", "FLEETGAUGE_TARGETS": "x"}, flags={})
    assert example == Example()


def test_settings_are_shown_as_flags_without_the_lists_of_sections() -> None:
    shown = flags_of(Example(cpu=Cpu(enabled=True), targets=(Target(),)))
    assert (shown["cpu"], shown["disk"], shown["show"]) == ("true", "true", "user")
    assert "targets" not in shown
    assert "" not in shown


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
PAIRS = st.builds(
    LabelPair, name=TEXTS.map(lambda text: f"n{text}".replace("=", "").strip()), value=TEXTS.map(str.strip)
)
PATTERNS = st.sampled_from(["", "a|b", "(.*)", "5", "on", "a{1,2}", "\\d+"]).map(Pattern.parse)
RULES = st.builds(
    Rule,
    sources=st.lists(TEXTS, max_size=2).map(tuple),
    regex=PATTERNS,
    modulus=st.integers(0, 9),
    action=st.sampled_from(["keep", "drop"]),
)
TARGETS = st.builds(
    Target,
    url=TEXTS,
    headers=st.lists(PAIRS, max_size=2).map(tuple),
    tls=st.builds(Tls, ca_file=TEXTS),
    rules=st.lists(RULES, max_size=2).map(tuple),
)
EXAMPLES = st.builds(
    Example,
    enabled=st.booleans(),
    label=st.lists(PAIRS, max_size=2).map(tuple),
    mask=st.lists(PATTERNS, max_size=2).map(tuple),
    show=st.lists(st.sampled_from(["user", "unit"]), max_size=2).map(tuple),
    cpu=st.builds(Cpu, enabled=st.booleans()),
    disk=st.builds(Disk, enabled=st.booleans(), exclude=PATTERNS),
    tls=st.builds(Tls, ca_file=TEXTS),
    targets=st.lists(TARGETS, max_size=2).map(tuple),
)


@given(EXAMPLES)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_settings_written_as_a_file_are_read_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, example: Example
) -> None:
    file = tmp_path_factory.getbasetemp() / "written.yml"
    file.write_text(file_of(example))
    assert read(file) == example


GOOD = [file.read_bytes() for file in sorted(CONFIGS.glob("*/*.yml"))]


@given(st.sampled_from(GOOD), st.integers(0, 300), st.integers(0, 20), st.binary(max_size=8))
def test_no_broken_file_raises_anything_but_settings_errors(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, at: int, length: int, other: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "broken.yml"
    file.write_bytes(content[:at] + other + content[at + length :])
    with contextlib.suppress(SettingsError):
        read(file)
