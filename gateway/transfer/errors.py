"""The errors of export and import.

TransferError
├── NotReadable     a file that is not what it should be, with the line where that shows
└── NotMoved        the other end can't be reached, or refuses
"""


class TransferError(Exception):
    """Anything that keeps samples from being moved."""


class NotReadable(TransferError):
    """A file that is not what it should be; the text says where and why."""


class NotMoved(TransferError):
    """The other end can't be reached, or refuses; the text says why."""
