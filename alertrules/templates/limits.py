"""What a template may use, so that none hangs, fills the memory or overflows the stack."""

from typing import Final

MAX_OUTPUT: Final = 1_048_576
"""Characters that one expansion, or one text in it, may have: far above what any receiver takes."""

MAX_STEPS: Final = 200_000
"""Actions, rounds and calls of one expansion: a fifth of a second; usual templates take some hundred.

A call with long texts or lists counts as more, one for each 64 characters or items.
"""

STEP_SIZE: Final = 64
"""Characters or items that take about as long as a step."""

MAX_QUERIES: Final = 100
"""Queries of one expansion: each may take long, and a template that asks this many is a dashboard."""

MAX_DEPTH: Final = 100
"""How deep blocks and parentheses may be nested in a text, and with templates that call each other in a run.

A level takes up to five frames of Python's stack, which has a thousand.
"""

MAX_TEMPLATE: Final = 1_048_576
"""Characters of one text that is parsed: the nodes take some hundred times as much memory as the text."""

MAX_WIDTH: Final = 1_000_000
"""The widest that printf pads to, as in Go."""
