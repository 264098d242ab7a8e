"""The errors of the gateway.

GatewayError          each part has its own below it
"""


class GatewayError(Exception):
    """Anything the gateway raises on purpose."""
