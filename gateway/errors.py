"""The errors of the gateway.

GatewayError
├── ListenRefused     it would be open to others without anyone having said so
└── ListenFailed      the address cannot be had
"""


class GatewayError(Exception):
    """Anything the gateway raises on purpose."""


class ListenRefused(GatewayError):
    """Listening there would let others in without anyone having said so."""


class ListenFailed(GatewayError):
    """The address cannot be listened on: it is taken, foreign or forbidden."""
