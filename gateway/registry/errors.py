"""What the registry refuses.

RegistryError
├── BadMessage       what an agent or a person said makes no sense; the sentence names the field
├── TooManyAgents    there are as many agents as there may be
├── UnknownAgent     no agent has this id or name
└── AmbiguousName    several agents have this name
"""

from gateway.errors import GatewayError


class RegistryError(GatewayError):
    """It was refused, and nothing was changed."""


class BadMessage(RegistryError):
    """A field is missing, of the wrong type, or too large."""


class TooManyAgents(RegistryError):
    """No new agent is taken."""


class UnknownAgent(RegistryError):
    """There is no such agent."""


class AmbiguousName(RegistryError):
    """A name that does not say which agent is meant."""
