"""What a client gives with a request: parameters in the URL and in a form, numbers and times in them.

Owns how they are written and what is said when they are wrong. Must not know what they are for.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Self
from urllib.parse import parse_qsl

import falcon

MAX_FORM_BYTES: Final = 1024 * 1024
"""A form takes the place of a URL that would be too long: there is room for thousands of selectors."""

MAX_PARAMETERS: Final = 10_000
"""A client that has more of them than this has made a mistake."""

MIN_TIME_MS: Final = -(1 << 63)
MAX_TIME_MS: Final = (1 << 63) - 1

_FORM: Final = "application/x-www-form-urlencoded"
_RFC_3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-]\d\d:\d\d))", re.ASCII
)
_NUMBER: Final = re.compile(r"[0-9.eE+-]{1,64}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Parameters:
    """The parameters of one request, those of the URL first."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    @classmethod
    def of(cls, req: falcon.Request) -> Self:
        """Read them; raises falcon's errors for what is no form, or too large."""
        pairs = _pairs(req.query_string)
        media = (req.content_type or "").partition(";")[0].strip().lower()
        if media == _FORM:
            body = req.bounded_stream.read(MAX_FORM_BYTES + 1)
            if len(body) > MAX_FORM_BYTES:
                raise falcon.HTTPContentTooLarge(
                    description=f"Its form is larger than {MAX_FORM_BYTES} bytes"
                )
            pairs += _pairs(body)
        return cls(pairs)

    def all(self, name: str) -> list[str]:
        """Return all values of a parameter."""
        return [value for own, value in self._pairs if own == name]

    def one(self, name: str) -> str | None:
        """Return the first value of a parameter; an empty one counts as not given."""
        return next(filter(None, self.all(name)), None)

    def time_ms(self, name: str, default: int) -> int:
        """Return a time in ms."""
        text = self.one(name)
        if text is None:
            return default
        found = time_ms(text)
        if found is None:
            raise bad(
                f'Parameter "{name}": "{text}" is no time. Write Unix seconds, such as 1790000000.5, '
                "or RFC 3339, such as 2026-09-21T13:33:20Z"
            )
        return found

    def positive(self, name: str, default: int, largest: int) -> int:
        """Return a whole number from 1 to the largest that makes sense."""
        text = self.one(name)
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= largest:
            raise bad(f'Parameter "{name}" must be a whole number from 1 to {largest}, got "{text}"')
        return int(text)


def bad(sentence: str) -> falcon.HTTPBadRequest:
    """Return the error for parameters that cannot be used."""
    return falcon.HTTPBadRequest(description=sentence)


def time_ms(text: str) -> int | None:
    """Read Unix seconds or RFC 3339 as ms; None for anything else, or beyond 64 bits."""
    stamp = _RFC_3339.fullmatch(text)
    if stamp is not None:
        date, clock, fraction, zone = stamp.groups()
        try:
            whole = datetime.fromisoformat(f"{date}T{clock}{zone or '+00:00'}") - _EPOCH
        except ValueError:
            return None
        return (whole.days * 86_400 + whole.seconds) * 1000 + int(f"{fraction or '':0<3}"[:3])
    if not _NUMBER.fullmatch(text):
        return None
    try:
        # Decimal, since a double has no room for the last ms that 64 bits can count.
        found = (Decimal(text) * 1000).to_integral_value()
    except ArithmeticError:
        return None
    return int(found) if MIN_TIME_MS <= found <= MAX_TIME_MS else None


def _pairs(text: str | bytes) -> list[tuple[str, str]]:
    try:
        plain = text if isinstance(text, str) else text.decode()
        return parse_qsl(plain, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise bad(f"The parameters are not UTF-8, or more than {MAX_PARAMETERS}") from None
