"""What a token is confined to, as people write it: a selector of series, globs for names of agents."""

import re
from collections.abc import Sequence
from typing import Final

from gateway.access.errors import BadOrder
from promql.errors import ParseError
from promql.language.reader import Reader
from promql.language.selector_parser import selector
from timeseries.errors import InvalidMatcher
from timeseries.matcher import Matcher

MAX_GLOBS: Final = 100
MAX_GLOB_CHARACTERS: Final = 200
MAX_SELECTOR_CHARACTERS: Final = 10_000
"""A list of hosts is better said by a label; each query is run with it."""

# No brackets: to fnmatch they are a choice of characters, and to those who wrote a name they are not.
_GLOB: Final = re.compile(r"[^\[\]\s\x00-\x1f\x7f]+")


def matchers_of(text: str) -> tuple[Matcher, ...]:
    """Read a selector such as `{instance=~"prod-.*"}`; raises BadOrder.

    Unlike in a query, all of its matchers may take series without the label.
    """
    if len(text) > MAX_SELECTOR_CHARACTERS:
        raise BadOrder(f"the selector has more than {MAX_SELECTOR_CHARACTERS} characters")
    try:
        reader = Reader(text)
        found = selector(reader)
        reader.finish()
    except (ParseError, InvalidMatcher) as error:
        raise BadOrder(f'"{text}" is no selector: {error}') from error
    if not found.matchers:
        raise BadOrder(f'"{text}" confines to nothing: give a role, or a selector with a matcher')
    return found.matchers


def checked_globs(globs: Sequence[str]) -> tuple[str, ...]:
    """Return globs for names of agents; raises BadOrder."""
    if not 0 < len(globs) <= MAX_GLOBS:
        raise BadOrder(f"a token of agents needs from 1 to {MAX_GLOBS} names of agents")
    for glob in globs:
        if len(glob) > MAX_GLOB_CHARACTERS or not _GLOB.fullmatch(glob):
            raise BadOrder(
                f'"{glob[:MAX_GLOB_CHARACTERS]}" is no name of agents: write up to {MAX_GLOB_CHARACTERS} '
                "characters, with * for any text and ? for any character, without spaces and brackets"
            )
    return tuple(globs)
