"""The errors of this package.

Exception
├── SettingsError     a file, a variable or a flag says something that cannot be
├── ListenRefused     it would be open to others without anyone having said so
└── ListenFailed      the address cannot be had
"""

from collections.abc import Sequence


class SettingsError(Exception):
    """The settings cannot be used. The text has one line for each problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))


class ListenRefused(Exception):
    """Listening there would let others in without anyone having said so."""


class ListenFailed(Exception):
    """The address cannot be listened on: it is taken, foreign or forbidden."""
