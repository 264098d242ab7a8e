"""Runs programs under strace, which makes system calls fail that the program's disk never would.

Whoever uses it is marked `peer("strace")`.
"""

import subprocess
from collections.abc import Sequence
from functools import cache

from tests.peers.required import find_program, go_without


def strace(*options: str) -> Sequence[str]:
    """Return what goes before a command to trace it and its threads; skip where that is not allowed."""
    refusal = _refusal()
    if refusal:
        go_without(f"strace may not trace here: {refusal}")
    return [str(find_program("strace")), "-f", "-qq", "--signal=none", *options]


@cache
def _refusal() -> str:
    command = [str(find_program("strace")), "-qq", "-o", "/dev/null", "true"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr.strip()


def failing(call: str, error: str, first: int, last: int) -> str:
    """Return the option that makes these calls of each thread fail, and no others."""
    return f"--inject={call}:error={error}:when={first}..{last}"
