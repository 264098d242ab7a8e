"""Why a request is not taken as a whole.

IngestError
├── UnsupportedMedia    it is not in a form that the gateway reads; another form would do
└── Unavailable         not now: the gateway is too busy, or cannot keep anything
"""

from gateway.errors import GatewayError


class IngestError(GatewayError):
    """A request is not taken, and nothing of it is kept."""


class UnsupportedMedia(IngestError):
    """The media type or the encoding of the body is none that the gateway reads."""


class Unavailable(IngestError):
    """Nothing can be kept at the moment; the same request may do after `retry_after_s` seconds."""

    def __init__(self, sentence: str, *, retry_after_s: int) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s
