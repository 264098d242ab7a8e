"""The first signal is a wish, the second an order."""

import signal
import subprocess
import sys

from runtime.stop import Renewal, Stop

PROGRAM = """
import time
from runtime.stop import Stop

stop = Stop()
stop.on_signals()
print("ready", flush=True)
while not stop.requested:
    time.sleep(0.01)
print(stop.reason, flush=True)
time.sleep({rest})
"""


def program(rest: float) -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(rest=rest)], stdout=subprocess.PIPE, text=True
    )
    assert line(started) == "ready"
    return started


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_sigterm_and_sigint_ask_the_program_to_stop() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with program(rest=0) as process:
            process.send_signal(number)
            assert line(process) == number.name
            assert process.wait(10) == 0


def test_a_second_signal_exits_at_once() -> None:
    with program(rest=60) as process:
        process.send_signal(signal.SIGTERM)
        assert line(process) == "SIGTERM"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 128 + signal.SIGINT


def test_the_first_reason_is_kept() -> None:
    stop = Stop()
    assert not stop.requested
    stop.request("first")
    stop.request("second")
    assert (stop.requested, stop.reason) == (True, "first")


def test_sighup_is_the_wish_to_take_the_settings_anew_once() -> None:
    before = signal.getsignal(signal.SIGHUP)
    renewal = Renewal()
    try:
        renewal.on_signal()
        assert not renewal.take()
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGHUP)
        assert renewal.take()
        assert not renewal.take()
    finally:
        signal.signal(signal.SIGHUP, before)
