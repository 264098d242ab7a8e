"""The errors of this package.

RemoteWriteError
├── MalformedRequest    the body as a whole can't be read: corrupt snappy or protobuf
├── RequestTooLarge     the body breaks a limit of limits.py
├── SeriesRejected      one series can't be taken; the others of its request can
└── Unencodable         a sender's series that no receiver would take
"""


class RemoteWriteError(ValueError):
    """Anything wrong with a remote-write body."""


class MalformedRequest(RemoteWriteError):
    """The body as a whole can't be read: nothing of it is kept, and sending it again won't help."""


class RequestTooLarge(RemoteWriteError):
    """The body breaks a limit: nothing of it is kept; smaller requests would do."""


class SeriesRejected(RemoteWriteError):
    """One series can't be taken, for the reason in the text; `code` is a short word for counters."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Unencodable(RemoteWriteError):
    """A sender's series or metadata that no receiver would take; the text names it and says why."""
