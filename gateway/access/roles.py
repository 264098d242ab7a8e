"""The roles of people and of the tokens that stand for people: each has the rights of the one before."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from gateway.access.caller import Right


class Role(StrEnum):
    """What a user is."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.VIEWER: frozenset({Right.READ}),
    Role.EDITOR: frozenset({Right.READ, Right.EDIT}),
    Role.ADMIN: frozenset(Right),
}
