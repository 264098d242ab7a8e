"""The errors of the agent.

AgentError
└── StateUnusable     what it keeps or reads on this host cannot be used
"""


class AgentError(Exception):
    """Anything the agent raises on purpose."""


class StateUnusable(AgentError):
    """The state directory cannot be written, another agent uses it, or there is no /proc to read."""
