"""Matchers as Alertmanager writes them: in its configuration, amtool, filters of its API and group keys.

Owns both of its grammars: the classic one, and the newer one whose names may be any text in quotes. As
Alertmanager does, both are tried; where they disagree the classic one counts. Knows no route and no silence.
"""

import re
from collections.abc import Iterable
from typing import Final, NoReturn

from alertrules.gostrings import InvalidLiteralError, unquote
from timeseries.errors import InvalidMatcher
from timeseries.matcher import Matcher, MatchType
from timeseries.text import excerpt, is_utf8, quote

_OPERATORS: Final = {each.value: each for each in MatchType}
# What sorts two matchers of the same name and value.
_PLACE: Final = {each: place for place, each in enumerate(MatchType)}

# Space as Go's regular expressions have it.
_CLASSIC: Final = re.compile(
    r"[\t\n\f\r ]*([a-zA-Z_:][a-zA-Z0-9_:]*)[\t\n\f\r ]*(=~|=|!=|!~)[\t\n\f\r ]*(.*?)[\t\n\f\r ]*",
    re.DOTALL,
)
_CLASSIC_PIECE: Final = re.compile(r'\\(.)|"', re.DOTALL)
_CLASSIC_ESCAPES: Final = {"n": "\n", '"': '"', "\\": "\\"}

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<mark>[{},])|(?P<operator>=~|!~|!=|=)"
    r'|(?P<quoted>"(?:[^"\\\n]|\\[^\n])*")|(?P<plain>[^\s{}!=~,\\"\'`]+))'
)
_RESERVED: Final = re.compile(r"[\s{}!=~,\\\"'`]")


def parse_matcher(text: str) -> Matcher:
    """Return the one matcher of a text, `name="value"`; raises InvalidMatcher."""
    if text.startswith("{") or text.endswith("}"):
        raise InvalidMatcher(f"{excerpt(text)}: here one matcher must stand, without braces")
    try:
        return _classic_matcher(text)
    except InvalidMatcher as error:
        try:
            (matcher,) = _parse_newer(text)
        except (InvalidMatcher, ValueError):
            raise error from None
        return matcher


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """Return the matchers of a text, `{a="b", c!~"d|e"}`; braces may lack. Raises InvalidMatcher."""
    try:
        return _parse_classic(text)
    except InvalidMatcher as error:
        try:
            return _parse_newer(text)
        except InvalidMatcher:
            raise error from None


def format_matcher(matcher: Matcher) -> str:
    """Write a matcher as Alertmanager does."""
    if _RESERVED.search(matcher.name):
        return f"{quote(matcher.name)}{matcher.type}{quote(matcher.value)}"
    value = matcher.value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return f'{matcher.name}{matcher.type}"{value}"'


def format_matchers(matchers: Iterable[Matcher]) -> str:
    """Write matchers in the order that they have, in braces: `{a="b",c=~"d"}`."""
    return "{" + ",".join(map(format_matcher, matchers)) + "}"


def sorted_matchers(matchers: Iterable[Matcher]) -> tuple[Matcher, ...]:
    """Return matchers in the order of Alertmanager's keys: by name, value and operator."""
    return tuple(sorted(matchers, key=lambda one: (one.name, one.value, _PLACE[one.type])))


def _parse_classic(text: str) -> tuple[Matcher, ...]:
    pieces = _split(text.removeprefix("{").removesuffix("}"))
    if not pieces[-1].strip():
        pieces.pop()
    return tuple(map(_classic_matcher, pieces))


def _split(text: str) -> list[str]:
    """Split at commas outside of quotes."""
    pieces, start = [], 0
    is_quoted = is_escaped = False
    for place, char in enumerate(text):
        if char == "," and not is_quoted:
            pieces.append(text[start:place])
            start = place + 1
            continue
        if char == '"' and not is_escaped:
            is_quoted = not is_quoted
        is_escaped = char == "\\" and not is_escaped
    pieces.append(text[start:])
    return pieces


def _classic_matcher(text: str) -> Matcher:
    found = _CLASSIC.fullmatch(text)
    if found is None:
        raise InvalidMatcher(f'{excerpt(text)} is no matcher; write it such as name="value" or name=~"a|b"')
    name, operator, raw = found.groups()
    if not is_utf8(raw):
        raise InvalidMatcher(f"{excerpt(text)}: the value is not valid UTF-8")
    return Matcher(name=name, type=_OPERATORS[operator], value=_classic_value(raw, text))


def _classic_value(raw: str, text: str) -> str:
    """Undo quotes and OpenMetrics' escapes; a backslash before anything else stands for itself."""
    is_open = raw.startswith('"')
    body = raw[1:] if is_open else raw
    parts, start = [], 0
    for piece in _CLASSIC_PIECE.finditer(body):
        parts.append(body[start : piece.start()])
        start = piece.end()
        if piece[1] is not None:
            parts.append(_CLASSIC_ESCAPES.get(piece[1], piece[0]))
        elif is_open and start == len(body):
            is_open = False
        else:
            raise InvalidMatcher(f"{excerpt(text)}: a quote inside of the value needs a backslash")
    if is_open:
        raise InvalidMatcher(f"{excerpt(text)}: the closing quote of the value lacks")
    return "".join([*parts, body[start:]])


def _parse_newer(text: str) -> tuple[Matcher, ...]:
    tokens = _tokens(text)
    is_braced = tokens[:1] == [("mark", "{")]
    rest = tokens[1:] if is_braced else tokens
    if is_braced:
        if rest[-1:] != [("mark", "}")]:
            _fail(text)
        rest = rest[:-1]
    matchers = []
    while rest:
        matchers.append(_newer_matcher(rest[:3], text))
        if rest[3:4] not in ([], [("mark", ",")]):
            _fail(text)
        rest = rest[4:]
    return tuple(matchers)


def _newer_matcher(tokens: list[tuple[str, str]], text: str) -> Matcher:
    kinds = [kind for kind, _ in tokens]
    if len(tokens) != 3 or kinds[1] != "operator" or not {kinds[0], kinds[2]} <= {"quoted", "plain"}:
        _fail(text)
    name, value = (_unquoted(written, text) if kind == "quoted" else written for kind, written in tokens[::2])
    return Matcher(name=name, type=_OPERATORS[tokens[1][1]], value=value)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    end = len(text.rstrip())
    while place < end:
        token = _TOKEN.match(text, place)
        if token is None:
            _fail(text)
        found.append((token.lastgroup or "", token[token.lastgroup or 0]))
        place = token.end()
    return found


def _unquoted(written: str, text: str) -> str:
    """Undo quotes and Go's escapes; bytes that are escaped must come to UTF-8."""
    try:
        found = unquote(written) if is_utf8(written) else written
    except InvalidLiteralError:
        _fail(text)
    if not is_utf8(found):
        raise InvalidMatcher(f"{excerpt(text)}: it is not valid UTF-8")
    return found


def _fail(text: str) -> NoReturn:
    raise InvalidMatcher(f'{excerpt(text)} is no list of matchers; write it such as {{name="value"}}')
