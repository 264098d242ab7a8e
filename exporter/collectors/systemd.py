"""States of systemd's units (`node_systemd_*`), from `systemctl show`.

Two short programs a scrape ask what a client of D-Bus would, which we would have to write or carry along.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from exporter.collectors.making import labelled, single, with_points
from exporter.families import Family, Kind, Point

STATES: Final = ("activating", "active", "deactivating", "failed", "inactive")
# systemd may itself hang; the collector is asked again later.
PATIENCE_SECONDS: Final = 4.0
MANAGER: Final = ("show", "--property=Version,SystemState")
UNITS: Final = (
    "show",
    "--property=Id,LoadState,ActiveState,Type,NAccepted,NConnections,NRefused,LastTriggerUSec",
    "*",
)
# By the property of a socket: how its family's name ends, its kind, its help.
SOCKETS: Final[dict[str, tuple[str, Kind, str]]] = {
    "NAccepted": ("accepted_connections_total", "counter", "Connections that a socket accepted."),
    "NConnections": ("current_connections", "gauge", "Connections that a socket has."),
    "NRefused": ("refused_connections_total", "gauge", "Connections that a socket refused."),
}
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_TIME: Final = re.compile(r"\w+ ([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) UTC")

Ask = Callable[[Sequence[str]], str]
Unit = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The properties of systemd and of the units to be shown, and how many of all units are in each state."""

    manager: Unit
    states: Mapping[str, int]
    units: tuple[Unit, ...]


def ask_systemctl(arguments: Sequence[str]) -> str:
    """What systemctl prints; OSError where it fails or takes too long."""
    # Few agents need it.
    import subprocess

    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    try:
        done = subprocess.run(  # noqa: S603
            ["systemctl", *arguments],  # noqa: S607
            capture_output=True,
            check=True,
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"systemctl did not answer for {PATIENCE_SECONDS:g} s") from error
    except subprocess.CalledProcessError as error:
        raise OSError(f"systemctl: {error.stderr.decode(errors='replace').strip()[:200]}") from error
    return done.stdout.decode(errors="replace")


def read(shown: Callable[[str], bool], ask: Ask = ask_systemctl) -> Snapshot:
    """The units now; those that are loaded and whose name is to be shown, with all they tell."""
    [manager] = _paragraphs(ask(MANAGER))
    units = list(_paragraphs(ask(UNITS)))
    return Snapshot(
        manager=manager,
        states=Counter(unit.get("ActiveState", "") for unit in units),
        units=tuple(
            unit for unit in units if unit.get("LoadState") == "loaded" and shown(unit.get("Id", ""))
        ),
    )


def _paragraphs(printed: str) -> Iterator[Unit]:
    for paragraph in printed.split("\n\n"):
        pairs = (line.partition("=") for line in paragraph.splitlines() if line)
        if found := {name: value for name, _, value in pairs}:
            yield found


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The families, named as node_exporter names them."""
    manager = snapshot.manager
    version = manager.get("Version", "")
    number = _NUMBER.match(version.removeprefix("v"))
    states = Family(
        name="node_systemd_unit_state",
        kind="gauge",
        help="1 for the state that a unit is in.",
        points=tuple(
            Point(
                unit.get("ActiveState") == state,
                (("name", unit.get("Id", "")), ("state", state), ("type", unit.get("Type", ""))),
            )
            for unit in snapshot.units
            for state in STATES
        ),
    )
    return with_points(
        (
            single(
                "node_systemd_system_running",
                "gauge",
                "1 where systemd is up and no unit failed.",
                manager.get("SystemState") == "running",
            ),
            single(
                "node_systemd_version",
                "gauge",
                "The version of systemd.",
                float(number[0]) if number else 0,
                (("version", version),),
            ),
            labelled(
                "node_systemd_units",
                "gauge",
                "Units by state.",
                "state",
                {state: snapshot.states.get(state, 0) for state in STATES},
            ),
            states,
            *_sockets_and_timers(snapshot.units),
        )
    )


def _sockets_and_timers(units: Sequence[Unit]) -> Iterator[Family]:
    sockets = [unit for unit in units if unit.get("Id", "").endswith(".socket")]
    for key, (name, kind, text) in SOCKETS.items():
        # Old versions do not count what they refused.
        values = {unit["Id"]: float(unit[key]) for unit in sockets if unit.get(key, "").isdecimal()}
        yield labelled(f"node_systemd_socket_{name}", kind, text, "name", values)
    triggered = {
        unit["Id"]: _seconds(unit.get("LastTriggerUSec", ""))
        for unit in units
        if unit.get("Id", "").endswith(".timer")
    }
    yield labelled(
        "node_systemd_timer_last_trigger_seconds",
        "gauge",
        "When a timer last elapsed, in Unix time; 0 where it has not.",
        "name",
        triggered,
    )


def _seconds(shown: str) -> float:
    found = _TIME.fullmatch(shown)
    return datetime.fromisoformat(found[1]).replace(tzinfo=UTC).timestamp() if found else 0
