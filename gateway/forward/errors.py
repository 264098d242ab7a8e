"""Why samples are not passed on, or queries not.

ForwardingFailed    the queues can't be opened
UpstreamFailed      the server that answers queries gave no answer that can be passed on
"""

from gateway.errors import GatewayError


class ForwardingFailed(GatewayError):
    """The queues can't be opened; the text says why."""


class UpstreamFailed(GatewayError):
    """The server gave no answer that can be passed on; the text says why."""
