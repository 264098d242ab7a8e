"""The errors of this package.

SendingError
├── BadTarget       where to send can't be understood
├── BadRule         a relabelling rule makes no sense
├── NoAnswer        the request got no answer: network, DNS, TLS, time, a file that can't be read
├── Unsendable      no request can be made of a batch
├── NotYet          nothing can be sent before something else has happened
└── SpoolInUse      another process has the directory
"""


class SendingError(Exception):
    """Anything wrong with sending."""


class BadTarget(SendingError):
    """Where to send can't be understood; the text says what is wrong."""


class BadRule(SendingError):
    """A relabelling rule makes no sense; the text says why."""


class NoAnswer(SendingError):
    """The request got no answer. Trying again may help."""


class Unsendable(SendingError):
    """No request can be made of this batch, now or ever; the text says why."""


class NotYet(SendingError):
    """Nothing can be sent now, and that is no failure: the host is not registered, for example."""


class SpoolInUse(SendingError):
    """Another process has the directory of the spool."""
