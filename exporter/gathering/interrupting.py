"""Runs a function so that another thread can end it, if Python code is what it hangs in.

Without this a user's endless loop would take a core until the agent ends. Code that waits in the kernel or in
C is not reached before it comes back. Knows no collector.
"""

import ctypes
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc


class Interrupted(BaseException):
    """Not an Exception, so that `except Exception` within a loop does not keep it going."""


class Interruptible(Generic[T]):
    """One call of a function, in the thread that calls this. What it raises becomes a value, too.

    The one ticket says who was first: the call that ended, or who wants to interrupt it. A lock would not do:
    the exception might come between taking it and noting that.
    """

    def __init__(self, function: Callable[[], T], failed: Callable[[BaseException], T]) -> None:
        self._function = function
        self._failed = failed
        self._ticket = deque([None])
        self._sent = threading.Event()
        self._thread = 0

    def __call__(self) -> T:
        self._thread = threading.get_ident()
        result = None
        try:
            result = (self._attempt(),)
            self._close()
        except Interrupted as interrupted:
            # It is sent once. From here on nothing comes any more.
            return result[0] if result else self._failed(interrupted)
        return result[0]

    def interrupt(self) -> None:
        """Raise Interrupted in the call, unless that was done before or the call has ended."""
        try:
            self._ticket.pop()
        except IndexError:
            return
        _raise_in(ctypes.c_ulong(self._thread), ctypes.py_object(Interrupted))
        self._sent.set()

    def _attempt(self) -> T:
        try:
            return self._function()
        except BaseException as error:  # isolation boundary: also SystemExit must not end more than this call
            return self._failed(error)

    def _close(self) -> None:
        try:
            self._ticket.pop()
        except IndexError:
            # Somebody interrupts: wait until it is done, and take it back if it has not come yet.
            while not self._sent.is_set():
                time.sleep(0.001)
            _raise_in(ctypes.c_ulong(self._thread), None)
