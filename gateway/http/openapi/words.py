"""What is said of a method of a route.

Owns the words of a description. How they look in a document is for document.py and page.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

JSON: Final = "application/json"
TEXT: Final = "text/plain"

Kind = Literal["string", "integer", "number", "boolean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter in the URL; with `in_path`, a part of the path."""

    name: str
    text: str
    kind: Kind = "string"
    required: bool = False
    many: bool = False
    in_path: bool = False
    choices: tuple[str, ...] = ()
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a request brings along. Without fields it is bytes, or a JSON object that the text describes."""

    text: str
    media: tuple[str, ...] = (JSON,)
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a status means. An answer with no media type has no body."""

    text: str
    media: tuple[str, ...] = (JSON,)
    in_envelope: bool = True
    """Whether JSON comes in Prometheus' envelope."""


DONE: Final = Answer(text="Done.")
NO_CONTENT: Final = Answer(text="Done; there is nothing to say.", media=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What one method of a route does. Errors that every route can answer need not be said."""

    summary: str
    tag: str
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    takes_form: bool = False
    """Whether the parameters may come in a form, too."""
    answers: Mapping[int, Answer] = field(default_factory=lambda: {200: DONE})


Operations = Mapping[str, Mapping[str, Operation]]
"""The descriptions: by path, then by methods, `"GET"` or `"POST, PUT"`. HEAD is as GET and is not said."""
