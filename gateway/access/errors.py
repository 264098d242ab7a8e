"""Why someone is not let in, or an account can't be changed as asked.

AccessError
├── Unrecognised    the credentials are wrong, expired or revoked, or there are none
├── LockedOut       too many wrong passwords; not even a right one is looked at for a while
├── Crowded         too many passwords are being checked at this moment
├── BadOrder        what was asked for can't be made: a name, a glob, a selector or a password is no good
├── NameTaken       there is a user with this name
└── NoSuchAccount   there is no such token or user
"""

from gateway.errors import GatewayError


class AccessError(GatewayError):
    """Someone is not let in, or a change of an account is refused."""


class Unrecognised(AccessError):
    """The credentials are wrong, expired or revoked, or there are none."""


class LockedOut(AccessError):
    """There were too many wrong passwords."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"there were too many wrong passwords. Try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class Crowded(AccessError):
    """Too many passwords are being checked."""


class BadOrder(AccessError):
    """What was asked for can't be made."""


class NameTaken(AccessError):
    """There is a user with this name."""


class NoSuchAccount(AccessError):
    """There is no such token or user."""
