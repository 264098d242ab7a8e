"""Interrupts by source and CPU (`node_interrupts_total`), from /proc/interrupts."""

from dataclasses import dataclass
from pathlib import Path

from exporter.collectors.files import rows
from exporter.families import Family, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A line of the file. Numbered sources have a controller as info and the devices that use them."""

    name: str
    info: str
    devices: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The CPUs that are online, and for each source a count by CPU."""

    cpus: tuple[str, ...]
    sources: tuple[Source, ...]


def read(proc: Path) -> Snapshot:
    """The counts now. Lines that do not count by CPU are left out."""
    lines = list(rows(proc / "interrupts"))
    if not lines:
        raise ValueError("no CPU in /proc/interrupts")
    cpus = tuple(word.removeprefix("CPU") for word in lines[0])
    sources = []
    for words in lines[1:]:
        name, told = words[0].rstrip(":"), words[len(cpus) + 1 :]
        if told:
            info, devices = (told[0], " ".join(told[1:])) if name.isdecimal() else (" ".join(told), "")
            counts = tuple(map(int, words[1 : len(cpus) + 1]))
            sources.append(Source(name=name, info=info, devices=devices, counts=counts))
    return Snapshot(cpus=cpus, sources=tuple(sources))


def to_metrics(snapshot: Snapshot) -> list[Family]:
    """The family, named as node_exporter names it."""
    points = tuple(
        Point(
            count, (("cpu", cpu), ("devices", source.devices), ("info", source.info), ("type", source.name))
        )
        for source in snapshot.sources
        for cpu, count in zip(snapshot.cpus, source.counts, strict=True)
    )
    return [Family(name="node_interrupts_total", kind="counter", help="Interrupts handled.", points=points)]
