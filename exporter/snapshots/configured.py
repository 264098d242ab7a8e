"""How the settings of snapshots become what the parts need. Makes values only."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from exporter.collectors.processes.cgroups import ID_SHOWN, container_id, unit
from exporter.collectors.processes.reading import Program
from exporter.settings import Snapshot
from exporter.snapshots.masking import command_line
from exporter.snapshots.taking import Place, Policy, Words

# A command line is masked once, not every interval. More than a snapshot has; each has up to 1 KiB.
_REMEMBERED: Final = 512


def policy(settings: Snapshot) -> Policy:
    """Return which processes are told."""
    return Policy(top=settings.top, watch=settings.watch, max_processes=settings.max_processes)


def words(
    settings: Snapshot,
    *,
    user_name: Callable[[int], str],
    container_name: Callable[[str], str] = lambda container: container[:ID_SHOWN],
) -> Words:
    """Return how programs are told; without command lines where they are switched off.

    `container_name` gets an id with 64 digits.
    """
    patterns = [pattern.regex for pattern in settings.mask if pattern.text]

    @lru_cache(_REMEMBERED)
    def masked(program: Program) -> str:
        return command_line(program.args, patterns) if settings.command_lines else ""

    def place(program: Program) -> Place:
        container = container_id(program.cgroups)
        return Place(
            user=user_name(program.uid),
            container=container and container_name(container),
            unit=unit(program.cgroups),
        )

    return Words(command_line=masked, place=place)
