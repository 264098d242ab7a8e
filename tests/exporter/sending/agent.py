"""An agent reduced to its rounds and its outlets, to be killed: a round for each line it reads.

Run with a directory, the time of round 0, and URLs. It says a round's number when the round is kept, and
"drained" after the line "drain" when nothing waits any more.
"""

import sys
import threading
import time
from pathlib import Path

from delivery.remotewrite import RemoteWrite
from delivery.transport import Target
from exporter.families import Family, Point
from exporter.sending.outlet import Outlet, SeriesOutlet, Surroundings
from exporter.sending.series import Identity, SeriesMaker
from tests.delivery.parts import FakeClock

SERIES = 40
STEP_MS = 15_000


def value_of(series: int, number: int) -> float:
    """What a series has in a round; now and then 0."""
    return float((series * 7 + number) % 11)


def families(number: int) -> list[Family]:
    points = [Point(value_of(series, number), (("n", str(series)),)) for series in range(SERIES)]
    return [Family(name="away", kind="gauge", help="Of the test.", points=points)]


def say(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


def main(directory: str, start_ms: str, *urls: str) -> None:
    clock = FakeClock()
    around = Surroundings(
        spools=Path(directory), clock=clock, chance=lambda: 0.5, user_agent="fleetgauge/test"
    )
    identity = Identity(instance="web-1", job="node")
    outlets = [
        SeriesOutlet(
            Outlet(f"r{number}", Target(url=url), RemoteWrite(), around), SeriesMaker(identity=identity)
        )
        for number, url in enumerate(urls)
    ]
    stopped = threading.Event()
    threads = [
        threading.Thread(target=each.outlet.run, args=[stopped.is_set, lambda s: time.sleep(min(s, 0.01))])
        for each in outlets
    ]
    for thread in threads:
        thread.daemon = True
        thread.start()
    for line in sys.stdin:
        if line == "drain\n":
            break
        time_ms = int(start_ms) + int(line) * STEP_MS
        clock.seconds = time_ms / 1000
        for each in outlets:
            each.take(families(int(line)), time_ms=time_ms, seconds=0.1)
        say(line)
    stopped.set()
    for thread in threads:
        thread.join()
    for each in outlets:
        assert each.outlet.drain(30.0, clock.sleep)
        each.outlet.close()
    say("drained\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
