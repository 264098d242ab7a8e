"""What can go wrong with rules that people edit.

RulesError
├── BadRules         a text that is no rule group, or too large
├── RulesRefused     a gateway that evaluates no rules
├── NoSuchRules      no group, or no version of it, with this name
└── TooManyRules     there are as many groups as there may be
"""

from collections.abc import Sequence

from gateway.errors import GatewayError


class RulesError(GatewayError):
    """Anything of these."""


class BadRules(RulesError):
    """A text that is no rule group. `problems` says all that is wrong with it."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class RulesRefused(RulesError):
    """This gateway evaluates no rules."""


class NoSuchRules(RulesError):
    """There is no group, or no version, with this name."""


class TooManyRules(RulesError):
    """There are as many groups as there may be."""
