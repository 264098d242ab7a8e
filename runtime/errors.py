"""The errors of this package.

Exception
└── SettingsError     a file, a variable or a flag says something that cannot be
"""

from collections.abc import Sequence


class SettingsError(Exception):
    """The settings cannot be used. The text has one line for each problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
