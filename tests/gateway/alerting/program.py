"""A pipeline in a process of its own, to be killed: `python -m tests.gateway.alerting.program DIR`.

It reads lines of JSON: alerts to put, or hosts to silence; it answers each with `done`. What it tells goes to
DIR/told, a line of JSON each, written at once.
"""

import json
import os
import sys
from pathlib import Path

from alertrules.errors import NotifyFailed
from alertrules.notification import Notification
from tests.alertrules.routing.dispatching import alert, configured, equal, silence
from tests.gateway.alerting.parts import now_ms, pipeline_in

HOUR = 3_600_000
WAIT_MS, INTERVAL_MS = 300, 300


class Line:
    """A channel that writes to a file, and fails while a file says so."""

    def __init__(self, directory: Path) -> None:
        self._fails = directory / "fails"
        self._file = os.open(directory / "told", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def send(self, notification: Notification, *, timeout_s: float) -> None:
        del timeout_s
        if self._fails.exists():
            raise NotifyFailed("it is away", is_final=False)
        told = {
            status: [each.labels.get("host") for each in alerts]
            for status, alerts in (("firing", notification.firing), ("resolved", notification.resolved))
        }
        os.write(self._file, f"{json.dumps(told)}\n".encode())


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(directory: Path) -> None:
    configuration = configured(route={"group_wait_ms": WAIT_MS, "group_interval_ms": INTERVAL_MS})
    with pipeline_in(directory, configuration, {"webhook": Line(directory)}) as pipeline:
        say("ready")
        for line in sys.stdin:
            said = json.loads(line)
            if "silence" in said:
                matcher = equal("host", said["silence"])
                pipeline.put_silence(silence(matcher, starts_ms=now_ms(), ends_ms=now_ms() + HOUR))
            else:
                ends_ms = now_ms() if said.get("ends") else now_ms() + HOUR
                pipeline.put([alert(host=said["put"], starts_ms=now_ms() - 1, ends_ms=ends_ms)])
            say("done")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
