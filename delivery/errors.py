"""The errors of this package.

SendingError
├── BadTarget       where to send can't be understood
├── NoAnswer        the request got no answer: network, DNS, TLS, time, a file that can't be read
└── SpoolInUse      another process has the directory
"""


class SendingError(Exception):
    """Anything wrong with sending."""


class BadTarget(SendingError):
    """Where to send can't be understood; the text says what is wrong."""


class NoAnswer(SendingError):
    """The request got no answer. Trying again may help."""


class SpoolInUse(SendingError):
    """Another process has the directory of the spool."""
