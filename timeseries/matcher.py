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


class _UnusableRegexError(Exception):
    """Why an expression is no good."""


def _compiled(regex: str, *, capturing: bool) -> Any:
    if len(regex) > MAX_REGEX_LENGTH:
        raise _UnusableRegexError(f"it has {len(regex)} characters; the limit is {MAX_REGEX_LENGTH}")
    if len(_UNFOLDED.findall(regex)) > MAX_REGEX_UNFOLDED:
        raise _UnusableRegexError(
            f"it has more than {MAX_REGEX_UNFOLDED} counted repetitions or Unicode classes"
        )
    options = re2.Options()
    options.dot_nl = True
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
