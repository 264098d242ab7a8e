"""The errors of a client.

ClientError
├── WrongRequest    what was asked for makes no sense: nothing was sent
└── QueryFailed     the server can't be reached, or refused
"""


class ClientError(Exception):
    """Anything that keeps an answer from being shown."""


class WrongRequest(ClientError):
    """What was asked for makes no sense; nothing was sent."""


class QueryFailed(ClientError):
    """The server can't be reached, or refused; the text says why."""
