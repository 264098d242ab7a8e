"""A line on a terminal that says how far long work is. Knows no work and no clock.

Where the stream is no terminal nothing is written.
"""

from typing import Final, Self, TextIO

_UNITS: Final = ("B", "KB", "MB", "GB", "TB", "PB")
_CLEAR: Final = "\r\x1b[K"


class Progress:
    """One line, written anew for each step; it is gone at the end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = ""
        self._terminal = stream.isatty()

    def __enter__(self) -> Self:
        """Give the line, still empty."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take the line away."""
        self._show("")

    def __call__(self, doing: str, done: int, total: int) -> None:
        """Say that so many bytes of the total are done, 0 where the total is not known."""
        if self._terminal:
            share = f"{min(100 * done // total, 100):3d} %  " if total else ""
            of = f" of {sized(total)}" if total else ""
            self._show(f"{doing}  {share}{sized(min(done, total or done))}{of}")

    def share(self, doing: str, done: int, total: int) -> None:
        """Say how much of the total is done, whatever it counts."""
        if self._terminal:
            self._show(f"{doing}  {min(100 * done // max(total, 1), 100):3d} %")

    def _show(self, line: str) -> None:
        if line != self._shown:
            self._stream.write(f"{_CLEAR}{line}")
            self._stream.flush()
            self._shown = line


def sized(size: float) -> str:
    """Write a number of bytes for people: `2.1 GB`."""
    for unit in _UNITS[:-1]:
        if size < 999.95:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} {_UNITS[-1]}"
