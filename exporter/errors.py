"""The errors of the agent.

AgentError
├── ListenRefused     it would be open to others without anyone having said so
├── ListenFailed      the address cannot be had
└── StateUnusable     the state directory cannot be used
"""


class AgentError(Exception):
    """Anything the agent raises on purpose."""


class ListenRefused(AgentError):
    """Listening there would let others in without anyone having said so."""


class ListenFailed(AgentError):
    """The address cannot be listened on: it is taken, foreign or forbidden."""


class StateUnusable(AgentError):
    """The state directory cannot be made, read or written, or another agent uses it."""
