"""HTML with values in it: each is escaped for the place where it stands. Knows neither templates nor alerts.

The place is told by what was written before: text, an attribute, a URL, a script, a style, a comment.
"""

import json
import re
from collections.abc import Callable
from typing import Final

from alertrules.templates.builtins import escape_html, escape_js
from alertrules.templates.printing import Limited, text_of
from alertrules.templates.values import Html, Value, to_bytes

UNSAFE: Final = "ZgotmplZ"
"""What stands in place of a value that can't be made safe, as in Go."""

_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]*)")
_IN_TAG: Final = re.compile(
    r"\s+|/(?!>)|(?P<end>/?>)|(?P<equals>=\s*)|(?P<name>[^\s=>/\"'][^\s=>/]*)|.", re.DOTALL
)
_UNQUOTED_END: Final = re.compile(r"[\s>]")
_RAW: Final = frozenset(("script", "style", "title", "textarea"))
_URLS: Final = frozenset(
    ("action", "background", "cite", "data", "formaction", "href", "longdesc", "poster", "src", "xlink:href")
)
_SCHEME: Final = re.compile(r"\s*([^/?#]*?):")
_SAFE_SCHEMES: Final = frozenset(("http", "https", "mailto"))
_SAFE_CSS: Final = re.compile(r"[\w #%,.+-]*", re.ASCII)
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_RESERVED: Final = frozenset(b"!#$&*+,/:;=?@[]%")
_SPACES: Final = {ord(char): f"&#{ord(char)};" for char in " \t\n\r\f\v`="}
_JSON: Final = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029'"})


class HtmlSink:
    """Takes what a run writes."""

    def __init__(self) -> None:
        self._out = Limited()
        self._state: Callable[[str, int], int] = self._text
        self._element = ""
        self._closes = False
        self._attribute = ""
        self._quote = ""
        self._value = ""
        self._string = ""

    def joined(self) -> str:
        """Return all of it."""
        return self._out.joined()

    def copy(self, text: str) -> None:
        """Take a text of the template; comments are left out."""
        at = 0
        while at < len(text):
            at = self._state(text, at)

    def show(self, value: Value) -> None:
        """Take a value, escaped for its place."""
        shown = "" if value is None else text_of(value)
        state = self._state
        if state in (self._in_value, self._before_value):
            self._show_attribute(value, shown)
        elif state == self._raw and self._element == "script":
            self._out.add(_in_string(self._string, shown) if self._string else _script(value, shown))
        elif state == self._raw and self._element == "style":
            self._out.add(shown if _SAFE_CSS.fullmatch(shown) else UNSAFE)
        elif state == self._tag:
            self._out.add(shown if shown.isascii() and shown.isalnum() else UNSAFE)
        elif state != self._comment:
            self._out.add(shown if isinstance(value, Html) and state == self._text else escape_html(shown))

    def _show_attribute(self, value: Value, shown: str) -> None:
        if self._state == self._before_value:
            self._begin("")
        before, self._value = self._value, self._value + shown
        if self._attribute in _URLS:
            shown = _url(before, shown)
        elif self._attribute == "style":
            shown = shown if _SAFE_CSS.fullmatch(shown) else UNSAFE
        elif self._attribute.startswith("on"):
            shown = _script(value, shown)
        escaped = escape_html(shown)
        self._out.add(escaped if self._quote else escaped.translate(_SPACES))

    # Each of these takes a part of a text that is copied, and returns where it ends.

    def _text(self, text: str, at: int) -> int:
        start = text.find("<", at)
        if start < 0:
            self._out.add(text[at:])
            return len(text)
        self._out.add(text[at:start])
        if text.startswith("<!--", start):
            self._state = self._comment
            return start + 4
        found = _TAG.match(text, start)
        if found is None:
            self._out.add("<" if text.startswith("<!", start) else "&lt;")
            return start + 1
        self._closes, self._element = bool(found[1]), found[2].lower()
        self._attribute, self._state = "", self._tag
        self._out.add(found[0])
        return found.end()

    def _comment(self, text: str, at: int) -> int:
        end = text.find("-->", at)
        if end < 0:
            return len(text)
        self._state = self._text
        return end + 3

    def _tag(self, text: str, at: int) -> int:
        found = _IN_TAG.match(text, at)
        if found is None:
            return len(text)
        self._out.add(found[0])
        if found["name"]:
            self._attribute = found["name"].lower()
        elif found["equals"]:
            self._state = self._before_value
        elif found["end"]:
            self._leave()
        return found.end()

    def _leave(self) -> None:
        is_raw = self._element in _RAW and not self._closes
        self._state, self._string = (self._raw if is_raw else self._text), ""

    def _before_value(self, text: str, at: int) -> int:
        if text[at].isspace():
            self._out.add(text[at])
            return at + 1
        quote = text[at] if text[at] in "\"'" else ""
        self._begin(quote)
        self._out.add(quote)
        return at + len(quote)

    def _begin(self, quote: str) -> None:
        self._quote, self._value, self._state = quote, "", self._in_value

    def _in_value(self, text: str, at: int) -> int:
        if self._quote:
            end = text.find(self._quote, at)
        else:
            found = _UNQUOTED_END.search(text, at)
            end = -1 if found is None else found.start()
        part = text[at:] if end < 0 else text[at:end]
        self._value += part
        self._out.add(part)
        if end < 0:
            return len(text)
        self._out.add(self._quote)
        self._attribute, self._state = "", self._tag
        return end + len(self._quote)

    def _raw(self, text: str, at: int) -> int:
        end = text.lower().find(f"</{self._element}", at)
        part = text[at:] if end < 0 else text[at:end]
        self._out.add(part)
        if self._element == "script":
            self._follow_strings(part)
        if end < 0:
            return len(text)
        self._state = self._text
        return end

    def _follow_strings(self, script: str) -> None:
        """Know whether a script stands inside a string at its end."""
        escaped = False
        for char in script:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = bool(self._string)
            elif self._string:
                self._string = "" if char == self._string else self._string
            elif char in "\"'`":
                self._string = char


def _script(value: Value, shown: str) -> str:
    if isinstance(value, bool) or value is None:
        return " null " if value is None else f" {shown} "
    if type(value) in (int, float):
        return f" {shown} "
    return json.dumps(shown, ensure_ascii=False).translate(_JSON)


def _in_string(quote: str, shown: str) -> str:
    """Escape a part of a string of JavaScript; in one with back quotes, anything may be code."""
    return UNSAFE if quote == "`" else escape_js(shown)


def _url(before: str, shown: str) -> str:
    """Escape a part of a URL, of which something may stand before it."""
    scheme = _SCHEME.match(before + shown)
    if not before.strip() and scheme is not None and scheme[1].lower() not in _SAFE_SCHEMES:
        return f"#{UNSAFE}"
    kept = _UNRESERVED if "?" in before or "#" in before else _UNRESERVED | _RESERVED
    return "".join(chr(byte) if byte in kept else f"%{byte:02x}" for byte in to_bytes(shown))
