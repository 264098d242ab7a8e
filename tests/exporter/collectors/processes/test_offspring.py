"""A simulated machine whose true processor time is known: what is counted never exceeds it."""

import random
from dataclasses import dataclass, field

import pytest

from exporter.collectors.processes.offspring import Offspring
from exporter.collectors.processes.reading import Counts, Key, Look, Program, Reading, Seen, glimpse
from exporter.collectors.processes.tally import Tally

PROGRAM = Program(comm="a", args=("a",), uid=0, cgroups=())
MACHINES = 100


@dataclass(slots=True)
class Process:
    pid: int
    started: int
    parent: "Process | None"
    ignores: bool = False
    reaper: bool = False
    own: int = 0
    children: int = 0
    alive: bool = True
    kids: "list[Process]" = field(default_factory=list)


class Machine:
    """Runs processes, and reads them one after the other while they go on."""

    def __init__(self, seed: int, *, orphans: bool) -> None:
        self.random = random.Random(seed)
        self.orphans = orphans
        self.goes_on = True
        self.now = 0
        self.truth = 0
        self.init = Process(pid=1, started=0, parent=None, reaper=True)
        self.processes = [self.init]

    def act(self) -> None:
        chance = self.random.random()
        one = self.random.choice(self.processes)
        if chance < 0.4:
            used = self.random.choice([1, 3, 50])
            one.own += used
            self.truth += used
        elif chance < 0.75 and len(self.processes) < 30:
            self.now += 1
            taken = {each.pid for each in self.processes}
            pid = self.random.choice([number for number in range(2, 60) if number not in taken])
            ignores, reaper = self.random.random() < 0.1, self.random.random() < 0.1
            if not self.orphans:
                # Shells that stay, and jobs without children.
                one, ignores = one if one.parent is self.init else self.init, False
            new = Process(pid=pid, started=self.now, parent=one, ignores=ignores, reaper=reaper)
            one.kids.append(new)
            self.processes.append(new)
        elif one is not self.init and (self.orphans or one.parent is not self.init):
            self.end(one)

    def end(self, one: Process) -> None:
        heir = one.parent
        while heir is not None and not heir.reaper:
            heir = heir.parent
        assert one.parent is not None
        assert heir is not None
        if not one.parent.ignores:
            one.parent.children += one.own + one.children
        one.parent.kids.remove(one)
        for kid in one.kids:
            kid.parent = heir
            heir.kids.append(kid)
        self.processes.remove(one)
        one.alive = False

    def look(self) -> list[Reading]:
        """Read in a random order; between two readings the machine goes on."""
        listed = list(self.processes)
        self.random.shuffle(listed)
        found = []
        for one in listed:
            while self.goes_on and self.random.random() < 0.3:
                self.act()
            if one.alive:
                found.append(reading(one))
        return found


def reading(one: Process) -> Reading:
    parent = one.parent.pid if one.parent else 0
    return glimpse(
        Seen(Key(one.pid, one.started), parent, PROGRAM, "S", 0, 0, one.own, 0, one.children, 0, 1, 0, 0)
    )


def watch(machine: Machine, tally: Tally) -> int:
    before = machine.now
    readings = machine.look()
    look = Look(
        at_s=machine.now + machine.random.random(),
        uptime_s=before + 3,
        since_s=0,
        boot_time_s=0,
        ticks=1,
        readings=readings,
        unreadable=0,
    )
    machine.now += 3
    groups = tally.add(look, readings, {each.seen.key: ("all",) for each in readings})
    return sum(group.used[0] for group in groups)


@pytest.mark.parametrize("orphans", [False, True])
@pytest.mark.parametrize("restarts", [False, True])
def test_no_tick_counts_twice(orphans: bool, restarts: bool) -> None:
    for seed in range(MACHINES):
        machine, tally, last = Machine(seed, orphans=orphans), Tally(), 0
        for _ in range(25):
            for _ in range(machine.random.randrange(60)):
                machine.act()
            counted = watch(machine, tally)
            assert last <= counted <= machine.truth, seed
            last = counted
            if restarts and machine.random.random() < 0.3:
                state = tally.state()
                tally = Tally()
                tally.restore(state)
        # When nothing happens any more, all is counted but what nobody could tell us.
        machine.goes_on = False
        for _ in range(4):
            last = watch(machine, tally)
        assert last <= machine.truth, seed
        assert orphans or last == machine.truth, seed


def test_a_child_that_nobody_saw_counts_for_its_parent() -> None:
    offspring = Offspring()
    shell = Process(pid=5, started=0, parent=None)
    offspring.add([reading(shell)], since=0)
    shell.children = 40
    assert offspring.add([reading(shell)], since=0) == {}
    assert offspring.add([reading(shell)], since=0) == {Key(5, 0): (40, 0)}
    assert offspring.add([reading(shell)], since=0) == {}


def test_a_child_that_was_seen_counts_only_with_what_it_used_since() -> None:
    offspring = Offspring()
    shell = Process(pid=5, started=0, parent=None)
    job = Process(pid=6, started=1, parent=shell, own=30, children=5)
    offspring.add([reading(shell), reading(job)], since=0)
    shell.children = 47
    assert offspring.add([reading(shell)], since=0) == {Key(6, 1): (5, 0)}
    assert offspring.add([reading(shell)], since=0) == {Key(5, 0): (12, 0)}


def test_what_is_never_waited_for_is_taken_off_for_three_looks_only() -> None:
    offspring = Offspring()
    shell = Process(pid=5, started=0, parent=None)
    job = Process(pid=6, started=1, parent=shell, own=30)
    offspring.add([reading(shell), reading(job)], since=0)
    for children in (0, 0, 10, 10):
        shell.children = children
        found = offspring.add([reading(shell)], since=0)
    assert found == {Key(5, 0): (10, 0)}


def test_a_parent_older_than_our_look_begins_with_what_it_has() -> None:
    offspring = Offspring()
    shell = Process(pid=5, started=0, parent=None, children=40)
    offspring.add([reading(shell)], since=10)
    assert offspring.add([reading(shell)], since=10) == {}


def test_a_look_shown_again_counts_nothing() -> None:
    machine, tally = Machine(3, orphans=True), Tally()
    for _ in range(200):
        machine.act()
    readings = machine.look()
    look = Look(at_s=5, uptime_s=5, since_s=0, boot_time_s=0, ticks=1, readings=readings, unreadable=0)
    named = {each.seen.key: ("all",) for each in readings}
    first = [tally.add(look, readings, named) for _ in range(5)]
    assert all(each == first[0] for each in first)


def test_counts_are_the_machines() -> None:
    one = Process(pid=7, started=3, parent=None, own=9, children=4)
    assert reading(one).counts == Counts(9, 0, 0, 0, None, None, None, None)
