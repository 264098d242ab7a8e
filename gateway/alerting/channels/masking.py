"""Texts of services without the secrets that were told to them: some say back what they were sent."""

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import quote, unquote

MAX_REASON_CHARACTERS: Final = 300

_PIECES: Final = re.compile(r"[/:@?&=#,]+")


def masked(text: str, secrets: Collection[str], *, shortest: int) -> str:
    """Return a text in one line without secrets, nor pieces of one that is an address.

    Pieces that are shorter are words such as "to": masking them would make reasons unreadable.
    """
    pieces = {piece for secret in secrets for piece in (secret, *_PIECES.split(secret))}
    all_forms = pieces | {unquote(each) for each in pieces} | {quote(each, safe="") for each in pieces}
    for secret in sorted(all_forms, key=len, reverse=True):
        if len(secret) >= shortest and secret.lower() not in ("http", "https"):
            text = text.replace(secret, "…")
    return " ".join(text.split())[:MAX_REASON_CHARACTERS]
