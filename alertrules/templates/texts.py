"""Functions of texts that Prometheus' and Alertmanager's templates share: cases, regular expressions."""

from functools import lru_cache
from typing import Final

from alertrules.templates.limits import MAX_OUTPUT, STEP_SIZE
from alertrules.templates.values import CallError, Function, Functions, Html
from timeseries.errors import InvalidMatcher
from timeseries.matcher import Pattern

# As many as the re2 module keeps itself.
_KEPT_PATTERNS: Final = 128

# What RE2 says and Go's regexp says, which has the words in question in back quotes behind it.
_REASONS: Final = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "unexpected )": "unexpected )",
    "bad repetition operator": "invalid nested repetition operator",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid character class range": "invalid character class range",
    "invalid escape sequence": "invalid escape sequence",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid repetition size": "invalid repeat count",
    "invalid named capture group": "invalid named capture",
}
# Go shows the whole expression with these, RE2 only a part.
_WHOLE: Final = frozenset(("missing )", "unexpected )"))
_JOINTS: Final = frozenset("'\u2019.:\xb7")


def to_upper(text: str) -> str:
    """Return a text in capitals, character by character."""
    return text.upper() if text.isascii() else "".join(map(_upper, text))


def to_lower(text: str) -> str:
    """Return a text in small letters, character by character."""
    return text.lower() if text.isascii() else "".join(map(_lower, text))


def capitalised(text: str) -> str:
    """Return a text with a capital at the start of each word; the rest stays."""
    made, inside = [], False
    for char in text:
        made.append(char if inside else _title(char))
        inside = char == "_" or char.isalpha() or char.isdecimal() or not (char.isascii() or char.isspace())
    return "".join(made)


def titled(text: str) -> str:
    """Return a text with a capital as the first letter of each word, and small letters for the rest."""
    made, started = [], False
    for place, char in enumerate(text):
        if char.isalpha():
            made.append(_lower(char) if started else _title(char))
            started = True
            continue
        made.append(char)
        joins = (
            char in _JOINTS and text[place - 1 : place].isalpha() and text[place + 1 : place + 2].isalpha()
        )
        started = started and (joins or char == "_" or char.isalnum())
    return "".join(made)


def matches(pattern: str, text: str) -> bool:
    """Tell whether some part of a text matches."""
    return _pattern(pattern, "").is_in(_searchable(text))


def replaced(pattern: str, replacement: str, text: str) -> str:
    """Return a text with all matches replaced."""
    compiled = _pattern(pattern, f"regexp: Compile({_in_back_quotes(pattern)}): ")
    try:
        return compiled.replaced(_searchable(text), replacement, MAX_OUTPUT)
    except InvalidMatcher as error:
        raise CallError(str(error)) from None


def _upper(char: str) -> str:
    return new if len(new := char.upper()) == 1 else char


def _lower(char: str) -> str:
    return new if len(new := char.lower()) == 1 else new[0]


def _title(char: str) -> str:
    return new if len(new := char.title()) == 1 else char


def _searchable(text: str) -> str:
    """Return a text with bytes that are no UTF-8 replaced, as RE2 sees them."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _pattern(pattern: str, prefix: str) -> Pattern:
    try:
        return _compiled(pattern)
    except InvalidMatcher as error:
        raise CallError(prefix + _reason(str(error), pattern)) from None


@lru_cache(maxsize=_KEPT_PATTERNS)
def _compiled(pattern: str) -> Pattern:
    return Pattern(pattern)


def _reason(words: str, pattern: str) -> str:
    if words.startswith("trailing \\"):
        return "error parsing regexp: trailing backslash at end of expression: ``"
    kind, colon, shown = words.partition(": ")
    known = _REASONS.get(kind)
    if not colon or known is None:
        return words
    return f"error parsing regexp: {known}: {_in_back_quotes(pattern if kind in _WHOLE else shown)}"


def _in_back_quotes(text: str) -> str:
    return f"`{text}`"


_TEXT: Final = ("string",)

TEXT_FUNCTIONS: Final[Functions] = {
    "toUpper": Function(call=to_upper, params=_TEXT),
    "toLower": Function(call=to_lower, params=_TEXT),
    "match": Function(call=matches, params=("string", "string")),
    "reReplaceAll": Function(call=replaced, params=("string", "string", "string"), weight=STEP_SIZE),
    "safeHtml": Function(call=Html, params=_TEXT),
}
