"""The errors of the store.

StorageError
├── StorageUnavailable   the disk is full or failing: nothing was kept, try again later
├── TooManyTombstones    nothing more can be deleted before what was is off the disk
├── NotRestored          a backup that is not whole, or a directory that is not empty
├── UnknownSchema        the file belongs to another program or a newer version
└── DamagedData          bytes that are not what was written
    ├── DamagedRow       of the log
    └── DamagedBlock     of a part
"""


class StorageError(Exception):
    """Anything that keeps the store from doing what was asked."""


class StorageUnavailable(StorageError):
    """The disk is full or failing: nothing was kept, and it is worth trying again later."""


class TooManyTombstones(StorageError):
    """Nothing more can be deleted before what was deleted is off the disk."""


class NotRestored(StorageError):
    """A backup that is not whole, or a directory that is not empty: nothing was changed."""


class UnknownSchema(StorageError):
    """The file belongs to another program, or to a newer version of this one."""


class DamagedData(StorageError):
    """Bytes that are not what was written."""


class DamagedRow(DamagedData):
    """A row of the log that can't be read."""


class DamagedBlock(DamagedData):
    """A block of a part that can't be read."""
