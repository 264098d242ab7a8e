"""Evaluated arguments by type. The types were checked with the query: a wrong one is a bug of ours."""

from collections.abc import Sequence

import numpy as np

from promql.values import Scalar, Value, Vector


def vector_at(args: Sequence[Value], position: int) -> Vector:
    """Return an argument that is an instant vector."""
    found = args[position]
    if not isinstance(found, Vector):
        raise TypeError(f"argument {position} is no instant vector")
    return found


def scalar_at(args: Sequence[Value], position: int) -> Scalar:
    """Return an argument that is a scalar."""
    found = args[position]
    if not isinstance(found, np.ndarray):
        raise TypeError(f"argument {position} is no scalar")
    return found


def strings_from(args: Sequence[Value], position: int) -> list[str]:
    """Return the arguments from a position on, which are strings."""
    found = [arg for arg in args[position:] if isinstance(arg, str)]
    if len(found) != len(args) - position:
        raise TypeError(f"an argument from {position} on is no string")
    return found
