"""Values as text, as Go's fmt writes them: print, println, printf. Limited in length and depth."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from alertrules.errors import TemplateError
from alertrules.templates.limits import MAX_DEPTH, MAX_OUTPUT, MAX_WIDTH
from alertrules.templates.values import Map, Slice, Struct, Value, to_bytes, type_name
from promql.gofloat import general
from timeseries.text import quote

_FLAGS: Final = frozenset("#0+- ")
_INTEGER_BASES: Final = {"d": "d", "v": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_PREFIXES: Final = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}
_STRING_VERBS: Final = frozenset("vsxXq")
_EXPONENTS: Final = {"e": re.compile("[eE]"), "x": re.compile("[pP]")}
_MANTISSA_BITS: Final = 53
_LEAST_EXPONENT: Final = -1074


@dataclass(slots=True)
class _Spec:
    """What stands between the percent sign and the verb."""

    verb: str = "v"
    flags: str = ""
    width: int | None = None
    precision: int | None = None
    names_fields: bool = False
    is_literal: bool = False

    @property
    def minus(self) -> bool:
        return "-" in self.flags

    @property
    def zero(self) -> bool:
        return "0" in self.flags and not self.minus

    @property
    def plus(self) -> bool:
        return "+" in self.flags

    @property
    def sharp(self) -> bool:
        return "#" in self.flags


_PLAIN: Final = _Spec()


class Limited:
    """Texts that are joined, up to a length."""

    __slots__ = ("_length", "_parts")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0

    def add(self, text: str) -> None:
        """Take a text; raises TemplateError when it is too much."""
        self._length += len(text)
        if self._length > MAX_OUTPUT:
            raise TemplateError(f"the text is longer than {MAX_OUTPUT} characters")
        self._parts.append(text)

    def joined(self) -> str:
        """Return all of it."""
        return "".join(self._parts)


def text_of(value: Value) -> str:
    """Write a value as print does."""
    if type(value) is str:
        return value
    if type(value) is float:
        return general(value)
    if type(value) is int:
        return str(value)
    out = Limited()
    _write(out, value, _PLAIN, 0)
    return out.joined()


def sprint(values: Sequence[Value]) -> str:
    """Write values, with a space between two of which none is a string."""
    out = Limited()
    before_is_string = True
    for value in values:
        is_string = isinstance(value, str)
        if not is_string and not before_is_string:
            out.add(" ")
        out.add(text_of(value))
        before_is_string = is_string
    return out.joined()


def sprintln(values: Sequence[Value]) -> str:
    """Write values with spaces between them, and a line's end."""
    out = Limited()
    for place, value in enumerate(values):
        if place:
            out.add(" ")
        out.add(text_of(value))
    out.add("\n")
    return out.joined()


def sprintf(template: str, values: Sequence[Value]) -> str:
    """Write values in the places of verbs."""
    return _Formatter(template, values).run()


class _Formatter:
    """One call of printf."""

    def __init__(self, template: str, values: Sequence[Value]) -> None:
        self._template = template
        self._values = values
        self._at = 0
        self._next = 0
        self._reordered = False
        self._is_good = True
        self._after_index = False
        self._out = Limited()

    def run(self) -> str:
        template = self._template
        while True:
            found = template.find("%", self._at)
            if found < 0:
                self._out.add(template[self._at :])
                break
            self._out.add(template[self._at : found])
            self._at = found + 1
            self._verb()
        if not self._reordered and self._next < len(self._values):
            extra = ", ".join(map(_typed, self._values[self._next :]))
            self._out.add(f"%!(EXTRA {extra})")
        return self._out.joined()

    def _here(self) -> str:
        return self._template[self._at : self._at + 1]

    def _verb(self) -> None:
        spec = _Spec()
        self._is_good, self._after_index = True, False
        while self._here() and self._here() in _FLAGS:
            spec.flags += self._here() if self._here() not in spec.flags else ""
            self._at += 1
        self._index()
        self._width(spec)
        self._precision(spec)
        if not self._after_index:
            self._index()
        verb = self._here()
        if not verb:
            self._out.add("%!(NOVERB)")
            return
        self._at += 1
        spec.verb = verb
        if verb == "v":
            spec.names_fields, spec.is_literal = spec.plus, spec.sharp
            spec.flags = spec.flags.replace("+", "").replace("#", "")
        if verb == "%":
            self._out.add("%")
        elif not self._is_good:
            self._out.add(f"%!{verb}(BADINDEX)")
        elif self._next >= len(self._values):
            self._out.add(f"%!{verb}(MISSING)")
        else:
            self._next += 1
            _write(self._out, self._values[self._next - 1], spec, 0)

    def _width(self, spec: _Spec) -> None:
        if self._here() == "*":
            self._at += 1
            spec.width = self._starred("WIDTH")
            if spec.width is not None and spec.width < 0:
                spec.width = -spec.width
                spec.flags += "-"
            self._after_index = False
            return
        spec.width = self._digits()
        if self._after_index and spec.width is not None:
            self._is_good = False

    def _precision(self, spec: _Spec) -> None:
        if self._here() != ".":
            return
        self._at += 1
        if self._after_index:
            self._is_good = False
        self._index()
        if self._here() == "*":
            self._at += 1
            spec.precision = self._starred("PREC", negative=False)
            self._after_index = False
        else:
            spec.precision = self._digits() or 0

    def _starred(self, name: str, *, negative: bool = True) -> int | None:
        """Take a width or a precision from the arguments."""
        value = self._values[self._next] if self._next < len(self._values) else None
        self._next += self._next < len(self._values)
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        if not is_integer or abs(value or 0) > MAX_WIDTH or ((value or 0) < 0 and not negative):
            self._out.add(f"%!(BAD{name})")
            return None
        return int(value or 0)

    def _digits(self) -> int | None:
        start = self._at
        while self._here() and self._here() in "0123456789":
            self._at += 1
        if self._at == start:
            return None
        digits = self._template[start : self._at]
        # As in Go, where the last digit is not looked at.
        if len(digits) > len(str(MAX_WIDTH)) + 1 or int(digits[:-1] or "0") > MAX_WIDTH:
            self._at = len(self._template)
            return None
        if int(digits) > MAX_OUTPUT:
            raise TemplateError(f"the text is longer than {MAX_OUTPUT} characters")
        return int(digits)

    def _index(self) -> None:
        """Take `[2]`: the argument that comes next."""
        if self._here() != "[":
            return
        self._reordered = True
        end = self._template.find("]", self._at)
        digits = self._template[self._at + 1 : end] if end >= 0 else ""
        self._at = self._at + 1 if end < 0 else end + 1
        is_number = digits.isascii() and digits.isdecimal() and len(digits) <= len(str(MAX_WIDTH))
        if is_number and 1 <= int(digits) <= len(self._values):
            self._next = int(digits) - 1
            self._after_index = True
        else:
            self._is_good = False


def _write(out: Limited, value: Value, spec: _Spec, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TemplateError(f"a value is nested more than {MAX_DEPTH} deep")
    if spec.verb == "T":
        out.add(_padded(type_name(value), spec))
    elif value is None:
        out.add(_padded("<nil>", spec) if spec.verb == "v" else f"%!{spec.verb}(<nil>)")
    elif hasattr(value, "go_text") and spec.verb in _STRING_VERBS:
        out.add(_string(value.go_text(), spec))
    elif isinstance(value, bool):
        text = "true" if value else "false"
        out.add(_padded(text, spec) if spec.verb in "tv" else _bad_verb(value, spec))
    elif isinstance(value, int):
        out.add(_integer(int(value), spec) or _bad_verb(value, spec))
    elif isinstance(value, float):
        out.add(_float(value, spec) or _bad_verb(value, spec))
    elif isinstance(value, str):
        out.add(_string(value, spec) if spec.verb in _STRING_VERBS else _bad_verb(value, spec))
    else:
        _write_many(out, value, spec, depth)


def _write_many(out: Limited, value: Value, spec: _Spec, depth: int) -> None:
    """Write what consists of other values. With `%#v` it is a Go literal."""
    literal = spec.is_literal
    between = ", " if literal else " "
    if literal:
        out.add(value.go_type)
    if isinstance(value, Map):
        out.add("{" if literal else "map[")
        for place, key in enumerate(sorted(value)):
            out.add(between if place else "")
            _write(out, key, spec, depth + 1)
            out.add(":")
            _write(out, value[key], spec, depth + 1)
        out.add("}" if literal else "]")
    elif isinstance(value, Slice):
        out.add("{" if literal else "[")
        for place, item in enumerate(value):
            out.add(between if place else "")
            _write(out, item, spec, depth + 1)
        out.add("}" if literal else "]")
    elif isinstance(value, Struct):
        out.add("{")
        for place, (name, item) in enumerate(value.fields.items()):
            out.add(between if place else "")
            out.add(f"{name}:" if literal or spec.names_fields else "")
            _write(out, item, spec, depth + 1)
        out.add("}")


def _typed(value: Value) -> str:
    return "<nil>" if value is None else f"{type_name(value)}={text_of(value)}"


def _bad_verb(value: Value, spec: _Spec) -> str:
    shown = Limited()
    _write(shown, value, replace(spec, verb="v"), 0)
    return f"%!{spec.verb}({type_name(value)}={shown.joined()})"


def _padded(text: str, spec: _Spec) -> str:
    missing = (spec.width or 0) - len(text)
    if missing <= 0:
        return text
    if spec.minus:
        return text + " " * missing
    return ("0" if spec.zero else " ") * missing + text


def _string(text: str, spec: _Spec) -> str:
    if spec.verb in "xX":
        data = to_bytes(text)
        data = data if spec.precision is None else data[: spec.precision]
        digits = data.hex(" ") if " " in spec.flags else data.hex()
        if spec.sharp and data:
            digits = "0x" + digits.replace(" ", " 0x")
        return _padded(digits.upper() if spec.verb == "X" else digits, spec)
    cut = text if spec.precision is None else text[: spec.precision]
    if spec.verb == "q" or spec.is_literal:
        if spec.sharp and "`" not in cut and cut.replace("\t", "").isprintable():
            return _padded(f"`{cut}`", spec)
        return _padded(_ascii(quote(cut)) if spec.plus else quote(cut), spec)
    return _padded(cut, spec)


def _ascii(quoted: str) -> str:
    """Escape what is not ASCII."""
    if quoted.isascii():
        return quoted
    return "".join(
        char if char.isascii() else f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"
        for char in quoted
    )


def _integer(value: int, spec: _Spec) -> str:
    """Write an integer; nothing when the verb is not for integers."""
    if spec.verb in ("c", "q", "U"):
        return _character(value, spec)
    base = _INTEGER_BASES.get(spec.verb)
    if base is None:
        return ""
    digits = format(abs(value), base)
    if spec.precision is not None:
        digits = "" if spec.precision == 0 and value == 0 else digits.rjust(spec.precision, "0")
    prefix = "0o" if spec.verb == "O" else _PREFIXES.get(spec.verb, "") if spec.sharp else ""
    sign = "-" if value < 0 else "+" if spec.plus else " " if " " in spec.flags else ""
    if spec.zero and spec.width is not None and spec.precision is None:
        digits = digits.rjust(spec.width - len(sign), "0")
    if prefix == "0" and digits.startswith("0"):
        prefix = ""
    missing = (spec.width or 0) - len(sign + prefix + digits)
    text = sign + prefix + digits
    return text if missing <= 0 else text + " " * missing if spec.minus else " " * missing + text


def _character(value: int, spec: _Spec) -> str:
    valid = 0 <= value <= 0x10FFFF and not 0xD800 <= value < 0xE000
    char = chr(value) if valid else "\ufffd"
    if spec.verb == "U":
        text = f"U+{value & 0xFFFF_FFFF_FFFF_FFFF:04X}"
        return _padded(f"{text} '{char}'" if spec.sharp and valid and char.isprintable() else text, spec)
    if spec.verb == "c":
        return _padded(char, spec)
    inner = "\\'" if char == "'" else '"' if char == '"' else quote(char)[1:-1]
    return _padded(f"'{inner}'", spec)


def _float(value: float, spec: _Spec) -> str:
    """Write a float; nothing when the verb is not for floats."""
    verb = "g" if spec.verb == "v" else spec.verb
    if verb not in "beEfFgGxX":
        return ""
    negative = math.copysign(1.0, value) < 0 and not math.isnan(value)
    sign = "-" if negative else "+" if spec.plus else " " if " " in spec.flags else ""
    if not math.isfinite(value):
        if math.isinf(value) and not negative:
            sign = sign or "+"
        name = "NaN" if math.isnan(value) else "Inf"
        return _padded(sign + name, _Spec(flags=spec.flags.replace("0", ""), width=spec.width))
    digits = _digits_of(abs(value), verb, spec.precision)
    if spec.sharp and verb != "b":
        digits = _with_zeros(digits, verb, spec.precision)
    missing = (spec.width or 0) - len(sign) - len(digits)
    if missing <= 0:
        return sign + digits
    if spec.minus:
        return sign + digits + " " * missing
    return sign + "0" * missing + digits if spec.zero else " " * missing + sign + digits


def _with_zeros(digits: str, verb: str, precision: int | None) -> str:
    """Keep the point, and the zeros at the end of as many digits as there may be."""
    left = (6 if precision is None else precision) if verb in "gGx" else 0
    end = _EXPONENTS["x" if verb in "xX" else "e"].search(digits)
    mantissa, tail = (digits, "") if end is None else (digits[: end.start()], digits[end.start() :])
    left -= len(mantissa.replace(".", "").lstrip("0"))
    if "." not in mantissa:
        left -= mantissa == "0"
        mantissa += "."
    return mantissa + "0" * left + tail


def _digits_of(value: float, verb: str, precision: int | None) -> str:
    if verb in "xX":
        return _hexadecimal(value, verb)
    if verb == "b":
        exponent = math.frexp(value)[1]
        shift = max(exponent - _MANTISSA_BITS, _LEAST_EXPONENT) if value else _LEAST_EXPONENT
        return f"{int(math.ldexp(value, -shift))}p{shift:+d}"
    if verb in "gG" and precision is None:
        text = general(value)
    else:
        places = 6 if precision is None else precision
        text = format(value, f".{places}{verb.lower()}")
    return text.upper() if verb in "EG" else text


def _hexadecimal(value: float, verb: str) -> str:
    mantissa, _, exponent = value.hex().partition("p")
    power = int(exponent)
    shown = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    text = f"{'0x0' if value == 0 else shown}p{'-' if power < 0 else '+'}{abs(power):02d}"
    return text.upper() if verb == "X" else text
