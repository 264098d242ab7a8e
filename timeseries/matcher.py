"""Matchers: which label sets a selector takes; what an expression captures. The only home of google-re2."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import re2

from timeseries.errors import InvalidMatcher
from timeseries.labels import Labels
from timeseries.text import EXCERPT_LENGTH, excerpt, is_legacy_label_name, is_utf8, quote

# Compiling and each test of a value cost time in proportion to the length. Plain choices are not compiled.
MAX_REGEX_LENGTH: Final = 65_536
# RE2 unfolds a{1000} to 120 KB and \pL to 12 KB before it looks at its memory limit: 25 MB at worst.
MAX_REGEX_UNFOLDED: Final = 200
# For one compiled expression. The re2 module keeps the last 128 of them, so 256 MiB in all.
MAX_REGEX_MEMORY: Final = 2 * 1024 * 1024

_UNFOLDED: Final = re.compile(r"\{|\\[pP]")
# What `a|b\.c` is made of: no operator but the bar, and nothing escaped but punctuation.
_PLAIN: Final = re.compile(r"[^\\.+*?()\[\]{}^$]*(?:\\[!-/:-@\[-`{}~][^\\.+*?()\[\]{}^$]*)*")
_ESCAPED: Final = re.compile(r"\\(.)")
# What refers to a group in a replacement, as Go has it; a dollar stands for itself when it is doubled.
_REFERENCE: Final = re.compile(r"\$(?:\{(\w+)\}|(\$|\w+))")
# No expression has groups with numbers of more digits.
_MANY_DIGITS: Final = 9


class MatchType(StrEnum):
    """The four operators."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """A test of one label's value; a label that is not there counts as empty.

    Regular expressions are RE2's (linear time, whatever the pattern), match the whole value, and their dot
    matches a newline too. Raises InvalidMatcher.
    """

    name: str
    type: MatchType
    value: str
    matches: Callable[[str], bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the test."""
        if not self.name or not is_utf8(self.name) or not is_utf8(self.value):
            raise InvalidMatcher(f"matcher {excerpt(self.name)} needs a label name and value in valid UTF-8")
        object.__setattr__(self, "matches", self._compile())

    def _compile(self) -> Callable[[str], bool]:
        match self.type:
            case MatchType.EQUAL:
                return self.value.__eq__
            case MatchType.NOT_EQUAL:
                return self.value.__ne__
            case MatchType.REGEX:
                return self._compile_regex()
            case MatchType.NOT_REGEX:
                matches = self._compile_regex()
                return lambda text: not matches(text)

    def _compile_regex(self) -> Callable[[str], bool]:
        values = _plain_values(self.value)
        if values is not None:
            return values.__contains__
        try:
            fullmatch = _compiled(self.value, capturing=False).fullmatch
        except _UnusableRegexError as error:
            raise InvalidMatcher(
                f"regular expression {excerpt(self.value)} of label {excerpt(self.name)}: {error}"
            ) from None
        return lambda text: fullmatch(text.encode()) is not None

    @property
    def matches_empty(self) -> bool:
        """Whether series without the label are taken."""
        return self.matches("")

    def accepts(self, labels: Labels) -> bool:
        """Tell whether a label set passes."""
        return self.matches(labels.get(self.name))

    def __str__(self) -> str:
        """Write the matcher as PromQL does."""
        name = self.name if is_legacy_label_name(self.name) else quote(self.name)
        return f"{name}{self.type}{quote(self.value)}"


class Extractor:
    """A regular expression like a matcher's, with the groups that it captures. Raises InvalidMatcher."""

    def __init__(self, regex: str) -> None:
        try:
            self._regex = _compiled(regex, capturing=True)
        except _UnusableRegexError as error:
            raise InvalidMatcher(f"regular expression {excerpt(regex)}: {error}") from None

    def groups(self, text: str) -> dict[str, str] | None:
        """Return what was captured, by number and by name; "0" is all. None when the text doesn't match."""
        found = self._regex.fullmatch(text.encode())
        if found is None:
            return None
        captured = [found.group(number) for number in range(self._regex.groups + 1)]
        names = {name: captured[number] for name, number in self._regex.groupindex.items()}
        numbered = {str(number): value for number, value in enumerate(captured)}
        return {key: (value or b"").decode() for key, value in (numbered | names).items()}


class Pattern:
    """A regular expression that is looked for anywhere in a text; its dot matches no newline.

    Raises InvalidMatcher with RE2's words alone.
    """

    def __init__(self, regex: str) -> None:
        try:
            self._regex = _compiled(regex, capturing=True, dot_matches_newline=False)
        except (_UnusableRegexError, UnicodeEncodeError) as error:
            raise InvalidMatcher(str(error)) from None

    def is_in(self, text: str) -> bool:
        """Tell whether some part of the text matches."""
        return self._regex.search(text) is not None

    def replaced(self, text: str, replacement: str, max_length: int) -> str:
        """Return the text with all matches replaced; `$1` and `${name}` are what was captured.

        Raises InvalidMatcher when more than `max_length` characters come of it.
        """
        pieces = _REFERENCE.split(replacement)
        made: list[str] = []
        done = length = 0
        last_end = -1
        for found in self._regex.finditer(text):
            start, end = found.span()
            # An empty match right behind another one does not count.
            if start == end == last_end:
                continue
            last_end = end
            new = [text[done:start], *self._filled(pieces, found)]
            done = end
            length += sum(map(len, new))
            if length > max_length:
                raise InvalidMatcher(f"the text is longer than {max_length} characters")
            made += new
        return "".join((*made, text[done:]))

    def _filled(self, pieces: list[str], found: Any) -> list[str]:
        """Return a replacement; every third piece is text, and after it a name in braces, or one without."""
        new = []
        for place, piece in enumerate(pieces):
            if place % 3 == 0:
                new.append(piece)
            elif piece is not None:
                new.append("$" if piece == "$" else self._captured(piece, found))
        return new

    def _captured(self, name: str, found: Any) -> str:
        if name.isdecimal() and name.isascii():
            number = int(name[:_MANY_DIGITS])
            known = number <= self._regex.groups
            return (found.group(number) or "") if known else ""
        number = self._regex.groupindex.get(name)
        return "" if number is None else found.group(number) or ""


class _UnusableRegexError(Exception):
    """Why an expression is no good."""


def _compiled(regex: str, *, capturing: bool, dot_matches_newline: bool = True) -> Any:
    if len(regex) > MAX_REGEX_LENGTH:
        raise _UnusableRegexError(f"it has {len(regex)} characters; the limit is {MAX_REGEX_LENGTH}")
    if len(_UNFOLDED.findall(regex)) > MAX_REGEX_UNFOLDED:
        raise _UnusableRegexError(
            f"it has more than {MAX_REGEX_UNFOLDED} counted repetitions or Unicode classes"
        )
    options = re2.Options()
    options.dot_nl = dot_matches_newline
    options.never_capture = not capturing
    options.log_errors = False
    options.max_mem = MAX_REGEX_MEMORY
    try:
        return re2.compile(regex, options)
    except re2.error as error:
        reason = error.args[0]
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise _UnusableRegexError(text[:EXCERPT_LENGTH]) from None


def _plain_values(regex: str) -> frozenset[str] | None:
    """Read a choice of values as dashboards write it, `a|b\\.c` or `(a|b\\.c)`; None for anything else."""
    body = regex[1:-1] if regex.startswith("(") and regex.endswith(")") else regex
    if not _PLAIN.fullmatch(body):
        return None
    return frozenset(_ESCAPED.sub(r"\1", body).split("|"))
