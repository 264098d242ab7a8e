"""Names of groups: text with `{{.Fields}}` in it. Knows nothing of how a process is read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a name may tell of a process."""

    comm: str
    args: tuple[str, ...]
    pid: int
    user: str
    started_s: int
    cgroups: tuple[str, ...]

    @property
    def exe(self) -> str:
        """The program as it was started; the short name when nobody tells."""
        return self.args[0] if self.args else self.comm

    @property
    def exe_base(self) -> str:
        """The program without its folder."""
        return base(self.exe)


def base(path: str) -> str:
    """Return the last part of a path, as Go's filepath.Base does."""
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def _started(subject: Subject) -> str:
    return f"{datetime.fromtimestamp(subject.started_s, UTC):%Y-%m-%d %H:%M:%S} +0000 UTC"


FIELDS: Final[Mapping[str, Callable[[Subject], str]]] = {
    "Comm": lambda subject: subject.comm,
    "ExeBase": lambda subject: subject.exe_base,
    "ExeFull": lambda subject: subject.exe,
    "Username": lambda subject: subject.user,
    "PID": lambda subject: str(subject.pid),
    "StartTime": _started,
    "Cgroups": lambda subject: f"[{' '.join(subject.cgroups)}]",
}

MATCHES: Final = "Matches."

_ACTION: Final = re.compile(r"(?:\s*\{\{-\s|\{\{)\s*(.*?)\s*(?:\s-\}\}\s*|\}\})", re.DOTALL)


class TemplateError(ValueError):
    """The text is no template of a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A name in parts: text at the even places, names of fields at the odd ones."""

    parts: Sequence[str]

    def name(self, subject: Subject, matches: Mapping[str, str]) -> str:
        """Return the name of the group of this process."""
        return "".join(
            part if at % 2 == 0 else _field(part, subject, matches) for at, part in enumerate(self.parts)
        )


def parse_template(text: str, captures: frozenset[str]) -> Template:
    """Read a name, or raise TemplateError; `captures` are the names its expressions give."""
    parts = _ACTION.split(text)
    if any("{{" in part or "}}" in part for part in parts[::2]):
        raise TemplateError("a {{ or }} stands alone")
    fields = [field.removeprefix(".") for field in parts[1::2]]
    allowed = [*FIELDS, *(MATCHES + name for name in sorted(captures))]
    for given, field in zip(parts[1::2], fields, strict=True):
        if not given.startswith(".") or field not in allowed:
            shown = " ".join(f"{{{{.{name}}}}}" for name in allowed)
            raise TemplateError(f"there is no {{{{{given}}}}}. Allowed here: {shown}")
    parts[1::2] = fields
    return Template(parts=tuple(parts))


def _field(name: str, subject: Subject, matches: Mapping[str, str]) -> str:
    if name.startswith(MATCHES):
        return matches.get(name.removeprefix(MATCHES), "")
    return FIELDS[name](subject)
