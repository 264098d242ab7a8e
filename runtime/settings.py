"""Settings: a struct says once what there is; keys in a file, flags and variables follow from it.

The field `sync` of a section `storage` is the key `storage.sync`, the flag `--storage.sync` and the variable
`FLEETGAUGE_STORAGE_SYNC`. A flag wins over a variable, a variable over the file, the file over the default.
The field `enabled` of a section is the section's switch: flag and variable are the section's own. A list of
sections has neither: it is for the file.

Owns strict decoding and its messages. Must not know which settings a program has, nor click. A file is read
by runtime.settingsfile, which is imported when there is one: YAML takes memory.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from itertools import chain
from pathlib import Path
from stat import S_ISREG
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec

from runtime.errors import SettingsError
from runtime.values import TextValue

MAX_FILE_BYTES = 1 << 20
"""No file that people write is larger, and naming /dev/zero by mistake must come to an end."""

MAX_SHOWN = 60
"""Characters of a wrong value that a message repeats: enough to recognise it."""

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")

SWITCH = "enabled"
"""The field of a section that is the section's switch."""


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a program's settings and of each section in them.

    A setting is a field `Annotated[type, "help"] = default`. The type is bool, int, float, str, a Literal of
    texts, a TextValue, or tuple[type, ...] for a list, also of Sections. A field
    whose type is a Section is a section; as Annotated[Section, "help"] it says the help of its `enabled`.
    """


Settings = TypeVar("Settings", bound=Section)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: its three names, its type, its default and its help."""

    path: tuple[str, ...]
    kind: Any
    many: bool
    default: Any
    help: str

    @property
    def key(self) -> str:
        return ".".join(self.path)

    @property
    def names(self) -> tuple[str, ...]:
        """What flag and variable are made of: a switch is called as its section."""
        return self.path[:-1] if self.path[-1] == SWITCH and len(self.path) > 1 else self.path

    @property
    def in_file_only(self) -> bool:
        """Whether it is a list of sections: too much for a flag or a variable."""
        return is_a(self.kind, Section)

    @property
    def flag(self) -> str:
        return "" if self.in_file_only else "--" + ".".join(self.names).replace("_", "-")

    @property
    def variable(self) -> str:
        return "" if self.in_file_only else "_".join(("FLEETGAUGE", *self.names)).upper()

    @property
    def choices(self) -> tuple[str, ...]:
        return get_args(self.kind) if get_origin(self.kind) is Literal else ()

    @property
    def default_text(self) -> str:
        """The default as one would write it."""
        if self.many:
            return ",".join(str(each) for each in self.default)
        return str(self.default).lower() if self.kind is bool else str(self.default)


def settings_of(
    shape: type[Section], inside: tuple[str, ...] = (), switch_help: str = ""
) -> Iterator[Setting]:
    """Every setting of a program, those of its sections included, in the order of the struct."""
    for field in msgspec.structs.fields(shape):
        path = (*inside, field.name)
        kind, text = _type_and_help(field)
        if is_a(kind, Section):
            yield from settings_of(kind, path, text)
            continue
        if field.name == SWITCH:
            text = switch_help or text
        many = get_origin(kind) is tuple
        kind = get_args(kind)[0] if many else kind
        yield Setting(path=path, kind=kind, many=many, default=field.default, help=text)


def _type_and_help(field: msgspec.structs.FieldInfo) -> tuple[Any, str]:
    kind, text = get_args(field.type) if get_origin(field.type) is Annotated else (field.type, "")
    return kind, text


def changed(settings: Settings, **values: object) -> Settings:
    """Return the settings with other values for some fields."""
    return msgspec.structs.replace(settings, **values)


def flags_of(settings: Section) -> dict[str, str]:
    """Return each setting as a flag without its dashes, with its value as one would write it."""
    return {
        setting.flag.removeprefix("--"): replace(
            setting, default=reduce(getattr, setting.path, settings)
        ).default_text
        for setting in settings_of(type(settings))
        if setting.flag
    }


def file_of(settings: Section, indent: str = "") -> str:
    """Return the settings as a file that says the same."""
    lines = []
    for field in msgspec.structs.fields(type(settings)):
        value = getattr(settings, field.name)
        if isinstance(value, Section):
            lines.append(f"{indent}{field.name}:\n{file_of(value, indent + '  ')}")
        else:
            lines.append(f"{indent}{field.name}: {_in_yaml(value)}\n")
    return "".join(lines)


def _in_yaml(value: object) -> str:
    """JSON is YAML, but for some characters that YAML wants to have escaped."""
    text = json.dumps(value, default=_plain, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _plain(value: object) -> object:
    if not isinstance(value, Section):
        return str(value)
    return {name: getattr(value, name) for name in value.__struct_fields__}


def load(
    shape: type[Settings], *, file: Path | None, environ: Mapping[str, str], flags: Mapping[str, object]
) -> Settings:
    """Read the settings from wherever they may come, or raise SettingsError with all that is wrong.

    `flags` maps keys to what the command line gave: a bool, a text, or a tuple of texts for a list.
    """
    settings = tuple(settings_of(shape))
    problems: list[str] = []
    everywhere = chain(
        _in_file(file, settings, problems) if file else (),
        _in_environment(environ, settings),
        _in_flags(flags, settings),
    )
    values = decode_all(everywhere, problems)
    if problems:
        raise SettingsError(problems)
    return build(shape, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What one source says about one setting. A file is strict: the text "5" is no number there."""

    setting: Setting
    raw: object
    strict: bool
    where: str


class _Wrong(Exception):
    """A value is not what its setting expects."""


def _in_flags(flags: Mapping[str, object], settings: Iterable[Setting]) -> Iterator[Given]:
    for setting in settings:
        raw = flags.get(setting.key)
        if raw is not None and raw != ():
            raw = () if raw == ("",) else raw  # the one way for a flag to say an empty list
            yield Given(setting=setting, raw=raw, strict=False, where=setting.flag)


def _in_environment(environ: Mapping[str, str], settings: Iterable[Setting]) -> Iterator[Given]:
    for setting in settings:
        if text := setting.variable and environ.get(setting.variable):
            raw = [part.strip() for part in text.split(",") if part.strip()] if setting.many else text
            yield Given(setting=setting, raw=raw, strict=False, where=setting.variable)


def _in_file(path: Path, settings: Iterable[Setting], problems: list[str]) -> Iterator[Given]:
    from runtime.settingsfile import in_file

    return in_file(path, settings, problems)


def read_file(path: Path) -> bytes:
    """Return what is in a file that people write, or raise SettingsError."""
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}."]) from error
    if len(text) > MAX_FILE_BYTES:
        raise SettingsError([f"{path}: it is larger than {MAX_FILE_BYTES} bytes."])
    return text


def read_found(path: Path) -> bytes:
    """Return what is in a file that a pattern found, or raise SettingsError; a pipe would never end."""
    try:
        is_regular = S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}."]) from error
    if not is_regular:
        raise SettingsError([f"{path}: cannot be read: it is no regular file."])
    return read_file(path)


def decode_all(everything: Iterable[Given], problems: list[str]) -> dict[tuple[str, ...], object]:
    """Decode as it comes, so that all problems of a file are in its order; what comes later wins."""
    values: dict[tuple[str, ...], object] = {}
    for given in everything:
        try:
            values[given.setting.path] = _decode(given)
        except _Wrong as wrong:
            problems.append(str(wrong))
    return values


def _decode(given: Given) -> object:
    kind, raw, where = given.setting.kind, given.raw, given.where
    if not given.setting.many:
        return _convert(raw, kind, strict=given.strict, where=where)
    if not isinstance(raw, list | tuple):
        raise _Wrong(f"{where}: expected a list, got {shown(raw)}.")
    if given.setting.in_file_only:
        return raw
    return tuple(
        _convert(each, kind, strict=given.strict, where=f"{where}[{index}]") for index, each in enumerate(raw)
    )


def _convert(raw: object, kind: Any, *, strict: bool, where: str) -> object:
    try:
        return _parse(raw, kind) if is_a(kind, TextValue) else msgspec.convert(raw, kind, strict=strict)
    except ValueError:
        raise _Wrong(f"{where}: expected {_expected(kind)}, got {shown(raw)}.") from None


def _parse(raw: object, kind: type[TextValue]) -> TextValue:
    if not isinstance(raw, str):
        raise ValueError(raw)
    return kind.parse(raw)


_EXPECTED = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def _expected(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(get_args(kind))
    return _EXPECTED.get(kind) or str(kind.EXPECTED)


def shown(raw: object) -> str:
    """What a message says of a value that is wrong."""
    if isinstance(raw, str):
        return json.dumps(raw if len(raw) <= MAX_SHOWN else raw[: MAX_SHOWN - 1] + "…", ensure_ascii=False)
    if isinstance(raw, list | tuple):
        return "a list"
    if isinstance(raw, dict):
        return "keys with values"
    return "nothing" if raw is None else str(raw).lower()


def is_a(kind: Any, base: type) -> bool:
    """Whether a type of a setting, which may be no class at all, is such a class."""
    return isinstance(kind, type) and issubclass(kind, base)


def build(
    shape: type[Settings], values: Mapping[tuple[str, ...], object], inside: tuple[str, ...] = ()
) -> Settings:
    """Put the values into the struct; what nobody gave keeps its default."""
    fields: dict[str, object] = {}
    for field in msgspec.structs.fields(shape):
        at = (*inside, field.name)
        kind, _ = _type_and_help(field)
        if is_a(kind, Section):
            fields[field.name] = build(kind, values, at)
        elif at in values:
            fields[field.name] = values[at]
    return shape(**fields)
