"""What can go wrong with alerts.

AlertingError
├── BadFile             a file that can't be used, with all that is wrong with it
├── TemplateError       a template that can't be parsed, or can't be expanded
├── RuleFailed          a rule that came to no result
└── NotifyFailed        a receiver that did not take a notification
"""

from collections.abc import Sequence


class AlertingError(Exception):
    """Anything of these."""


class BadFile(AlertingError):
    """A file that can't be used. `problems` says all that is wrong, each as `NAME, line N: …`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class TemplateError(AlertingError):
    """A template that can't be parsed or expanded; the text is like that of Go."""


class RuleFailed(AlertingError):
    """A rule that came to no result at this time."""


class NotifyFailed(AlertingError):
    """A receiver that did not take a notification, and whether it is worth trying again."""

    def __init__(self, reason: str, *, is_final: bool) -> None:
        super().__init__(reason)
        self.is_final = is_final
