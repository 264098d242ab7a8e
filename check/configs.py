"""What is wrong with a file of settings, whichever program it is for.

Owns how that program is recognised. What is right is said by the settings themselves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from exporter.checks import problems as agent_problems
from exporter.settings import AgentSettings
from gateway.forward.checks import problems as gateway_problems
from gateway.settings import GatewaySettings
from runtime.errors import SettingsError
from runtime.settings import Section, load, settings_of
from runtime.settingsfile import Keys, keys_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The settings of a program, and what is wrong with them although each can be read."""

    shape: type[Section]
    check: Callable[[Any], Sequence[str]]

    def knows(self, keys: Keys) -> int:
        """Count the keys at the top of a file that this program has."""
        return len(
            {key for key in keys if "." not in key} & {each.path[0] for each in settings_of(self.shape)}
        )


PROGRAMS: Final = {
    "agent": Program(shape=AgentSettings, check=agent_problems),
    "gateway": Program(shape=GatewaySettings, check=gateway_problems),
}


class Unrecognised(Exception):
    """A file could be for either program, or is for none."""


def problems_of(file: Path, program: str | None) -> tuple[str, list[str]]:
    """Return whose file it is and what is wrong with it; raises Unrecognised when nobody says whose."""
    try:
        keys = keys_of(file)
        name = program or _recognised(file, keys)
        settings = load(PROGRAMS[name].shape, file=file, environ={}, flags={})
    except SettingsError as error:
        return program or "", str(error).splitlines()
    return name, [_placed(file, problem, keys) for problem in PROGRAMS[name].check(settings)]


def _recognised(file: Path, keys: Keys) -> str:
    known = {name: program.knows(keys) for name, program in PROGRAMS.items()}
    if not any(known.values()):
        raise Unrecognised(
            f"{file}: this has no setting of the agent or the gateway: say with --program whose it is. "
            "fleetgauge check rules is for rules, fleetgauge check alertmanager for Alertmanager's files."
        )
    best = max(known, key=lambda name: known[name])
    if list(known.values()).count(known[best]) > 1:
        raise Unrecognised(
            f"{file}: this could be for the agent or for the gateway: say which with --program."
        )
    return best


def _placed(file: Path, problem: str, keys: Keys) -> str:
    """Put the line before a problem that begins with a key: its own, or that of what it is in."""
    key = problem.partition(":")[0]
    while key and key not in keys:
        key = key[:-1]
    return f"{file}, line {keys[key]}: {problem}" if key else f"{file}: {problem}"
