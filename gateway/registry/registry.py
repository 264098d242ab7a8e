"""All agents: who they are, how they are, what happened. For many threads; the time comes with each call.

What changes who an agent is is durable before it is answered. Heartbeats stay in memory, and `flush` writes
how the agents are from time to time: after a restart an agent has time to be heard before its silence counts.
"""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from heapq import merge
from itertools import islice
from typing import Final

from gateway.registry.changed import differences
from gateway.registry.errors import AmbiguousName, TooManyAgents, UnknownAgent
from gateway.registry.kept import Kept
from gateway.registry.machine import (
    TABLE,
    Signal,
    Timing,
    Transition,
    is_skewed,
    signal_of,
    troubles,
)
from gateway.registry.model import Agent, Changes, Edits, Event, Facts, Life, Status, Vitals

JUMP_MS: Final = 10_000
"""Looks come every second. After a longer pause, as when the machine slept, nobody could be heard."""

SETTLE_MS: Final = 30_000
"""Agents that could not reach the gateway say so for a while after they can: no trouble of theirs."""

MAX_WAITING: Final = 20
"""So many events of one agent wait to be written: a few seconds have less."""

BATCH: Final = 1000
"""So many agents or events are written at once: the store's writers wait for some ms at most."""


class Registry:
    """The agents of one gateway."""

    def __init__(
        self,
        kept: Kept,
        *,
        timing: Timing,
        max_agents: int,
        now_ms: int,
        happened: Callable[[str], None] = lambda _kind: None,
    ) -> None:
        self._kept = kept
        self._timing = timing
        self._max_agents = max_agents
        self._happened = happened
        self._lock = threading.Lock()
        agents, self._last_event = kept.load()
        self._agents = {agent.id: agent for agent in agents}
        self._named: dict[str, set[str]] = {}
        for agent in agents:
            self._named.setdefault(agent.name, set()).add(agent.id)
        self._looked_ms = self._resumed_ms = now_ms
        # What is not durable yet: who is gone, with a number for each removal; agents; lives; events.
        self._removed: dict[str, int] = {}
        self._removals = 0
        self._unsaved: dict[str, Agent] = {}
        self._lives: dict[str, Life] = {}
        self._events: dict[str, list[Event]] = {}
        self._moved: set[str] = set()

    # --- asking ---

    def agents(self) -> list[Agent]:
        """Return all agents."""
        with self._lock:
            return list(self._agents.values())

    def by_id(self, agent_id: str) -> Agent | None:
        """Return the agent with an id."""
        with self._lock:
            return self._agents.get(agent_id)

    def find(self, text: str, seen: Callable[[Agent], bool] = lambda _: True) -> Agent:
        """Return the agent with an id, or with a name, of those that are seen; raises UnknownAgent or
        AmbiguousName.

        Of several with a name the only one that is there is meant.
        """
        with self._lock:
            found = self._agents.get(text)
            rivals = [self._agents[each] for each in sorted(self._named.get(text, ()))]
        if found is not None and seen(found):
            return found
        named = [agent for agent in rivals if seen(agent)]
        there = [agent for agent in named if agent.life.status.is_up]
        if len(named) == 1 or len(there) == 1:
            return (there or named)[0]
        if not named:
            raise UnknownAgent("There is no agent with this id or name")
        ids = ", ".join(agent.id for agent in named)
        raise AmbiguousName(f"{len(named)} agents have this name. Say which is meant by its id: {ids}")

    def namesakes(self, agent: Agent) -> list[Agent]:
        """Return the other agents with its name."""
        with self._lock:
            return [self._agents[each] for each in sorted(self._named.get(agent.name, set()) - {agent.id})]

    def count(self) -> dict[Status, int]:
        """Return how many agents have each status."""
        counted = Counter(agent.life.status for agent in self.agents())
        return {status: counted[status] for status in Status}

    def holders(self) -> list[Agent]:
        """Return one agent a name: of several one that is there, and then the one that took it last."""
        with self._lock:
            found = []
            for ids in self._named.values():
                rivals = [self._agents[each] for each in ids]
                found.append(rivals[0] if len(rivals) == 1 else max(rivals, key=_claim))
            return found

    def events(
        self, wanted: Callable[[str], bool], *, agent_id: str | None, before: int | None, limit: int
    ) -> list[Event]:
        """Return the newest events, before the one with a number, of agents whose ids are wanted."""
        with self._lock:
            groups = self._events.values() if agent_id is None else [self._events.get(agent_id, ())]
            removed = frozenset(self._removed)
            waiting = [each for group in groups for each in group if before is None or each.id < before]
        waiting.sort(key=_newest_first)
        seen = {each.id for each in waiting}
        stored = (
            each
            for each in self._kept.events(agent_id, before)
            if each.id not in seen and each.agent_id not in removed
        )
        both = merge(waiting, stored, key=_newest_first)
        return list(islice((each for each in both if wanted(each.agent_id)), limit))

    def interval_s(self, agent: Agent) -> float:
        """Return how often an agent is to be heard."""
        return self._timing.interval_s(agent.facts.interval_s)

    # --- what agents say ---

    def register(self, facts: Facts, *, is_local: bool, now_ms: int) -> Agent:
        """Take an agent, or what is new about it, durably; raises TooManyAgents or StorageUnavailable."""
        with self._lock:
            before = self._agents.get(facts.agent_id)
            if before is None:
                if len(self._agents) >= self._max_agents:
                    raise TooManyAgents(
                        f"There are {self._max_agents} agents, as many as limits.agents allows. Delete those "
                        "that are gone, or raise it"
                    )
                life = Life(status=Status.ONLINE, since_ms=now_ms, seen_ms=now_ms)
                agent = Agent(facts=facts, life=life, first_ms=now_ms, named_ms=now_ms, is_local=is_local)
                self._event(agent, TABLE[None, Signal.REGISTERED].event, now_ms)
            else:
                agent = self._registered_again(before, facts, is_local=is_local, now_ms=now_ms)
            if before is None or (before.facts, before.is_local) != (facts, is_local):
                self._unsaved[agent.id] = agent
            if before is None or before.name != agent.name:
                self._take_name(before, agent, now_ms)
            self._agents[agent.id] = agent
            self._lives[agent.id] = agent.life
            waits = agent.id in self._unsaved
        if waits:
            self._save([agent.id])
        return agent

    def _registered_again(self, before: Agent, facts: Facts, *, is_local: bool, now_ms: int) -> Agent:
        named_ms = before.named_ms if before.name == facts.name else now_ms
        agent = replace(before, facts=facts, is_local=is_local, named_ms=named_ms)
        agent = self._signalled(agent, Signal.REGISTERED, (), now_ms, seen=True)
        old = before.facts
        if before.name != agent.name:
            self._event(agent, "renamed", now_ms, f"it was {before.name}")
        if before.life.status.is_up and (old.pid, old.started_at) != (facts.pid, facts.started_at):
            self._event(agent, "restarted", now_ms)
        if told := differences(old, facts):
            self._event(agent, "changed", now_ms, told)
        return agent

    def _take_name(self, before: Agent | None, agent: Agent, now_ms: int) -> None:
        if before is not None:
            self._drop_name(before)
        others = self._named.setdefault(agent.name, set())
        for other in [self._agents[each] for each in sorted(others)]:
            if other.life.status.is_up:
                self._event(agent, "name_conflict", now_ms, f"agent {other.id} has this name, too")
                self._event(other, "name_conflict", now_ms, f"agent {agent.id} took this name, too")
            else:
                self._event(other, "replaced", now_ms, f"agent {agent.id} took this name")
        others.add(agent.id)

    def _drop_name(self, agent: Agent) -> None:
        ids = self._named[agent.name]
        ids.discard(agent.id)
        if not ids:
            del self._named[agent.name]

    def heartbeat(self, agent_id: str, vitals: Vitals, *, now_ms: int) -> Agent:
        """Take a sign of life; raises UnknownAgent."""
        with self._lock:
            agent = self._agents.get(agent_id)
            if agent is None:
                raise UnknownAgent("There is no agent with this id: it has to register first")
            life = agent.life
            reasons = troubles(vitals, life.vitals)
            skew_s = life.skew_s if vitals.timestamp is None else vitals.timestamp - now_ms / 1000
            skewed = skew_s is not None and is_skewed(skew_s, life.is_skewed)
            agent = replace(agent, life=replace(life, skew_s=skew_s, is_skewed=skewed, vitals=vitals))
            signal = signal_of(vitals, reasons)
            if signal is Signal.TROUBLED and self._is_settling(agent, now_ms):
                signal = Signal.WELL
            agent = self._signalled(agent, signal, reasons, now_ms, seen=True)
            if skewed != life.is_skewed:
                told = f"its clock differs by {skew_s:+.1f} s"
                self._event(agent, "clock_skew" if skewed else "clock_right", now_ms, told)
            self._agents[agent_id] = agent
            return agent

    def _is_settling(self, agent: Agent, now_ms: int) -> bool:
        """Tell whether the gateway was away a moment ago, while it thought well of the agent."""
        was_known = agent.first_ms < self._resumed_ms
        is_well = agent.life.status is Status.ONLINE
        return was_known and is_well and now_ms < self._resumed_ms + SETTLE_MS

    # --- what people do ---

    def edit(self, agent_id: str, change: Callable[[Edits], Edits], *, now_ms: int) -> Agent:
        """Change what people added to an agent, durably; raises UnknownAgent or StorageUnavailable."""
        with self._lock:
            before = self._agents.get(agent_id)
            if before is None:
                raise UnknownAgent("There is no agent with this id or name")
            edits = change(before.edits)
            if edits == before.edits and agent_id not in self._unsaved:
                return before
            agent = self._agents[agent_id] = self._unsaved[agent_id] = replace(before, edits=edits)
            self._event(agent, "edited", now_ms)
        self._save([agent_id])
        return agent

    def remove(self, agent_id: str) -> None:
        """Forget an agent and its events, durably; raises UnknownAgent or StorageUnavailable."""
        with self._lock:
            agent = self._agents.pop(agent_id, None)
            if agent is None and agent_id not in self._removed:
                raise UnknownAgent("There is no agent with this id or name")
            if agent is not None:
                self._drop_name(agent)
            self._removals += 1
            self._removed[agent_id] = self._removals
            self._unsaved.pop(agent_id, None)
            self._lives.pop(agent_id, None)
            self._events.pop(agent_id, None)
            self._moved.add(agent_id)
        self._save([agent_id])

    # --- what time does ---

    def look(self, now_ms: int) -> None:
        """Find those who were not heard for long."""
        with self._lock:
            if not 0 <= now_ms - self._looked_ms <= JUMP_MS:
                self._resume(now_ms)
            self._looked_ms = now_ms
            for agent in list(self._agents.values()):
                status = agent.life.status
                signal = self._silence(agent, now_ms) if status.is_up else None
                if signal is None or (status, signal) not in TABLE:
                    continue
                silent_s = (now_ms - agent.life.seen_ms) / 1000
                reason = (f"no heartbeat for {silent_s:.0f} s",)
                self._agents[agent.id] = self._signalled(agent, signal, reason, now_ms, seen=False)

    def _silence(self, agent: Agent, now_ms: int) -> Signal | None:
        """Return what the silence of an agent means. Nobody was heard before the gateway was there."""
        asked_s = agent.facts.interval_s
        heard_ms = agent.life.seen_ms
        if heard_ms < self._resumed_ms:
            heard_ms = self._resumed_ms + int(self._timing.interval_s(asked_s) * 1000)
        return self._timing.signal((now_ms - heard_ms) / 1000, asked_s)

    def _resume(self, now_ms: int) -> None:
        """Begin anew after the gateway was asleep, or its clock was set."""
        self._resumed_ms = now_ms
        for agent in list(self._agents.values()):
            if agent.life.seen_ms > now_ms:
                self._agents[agent.id] = replace(agent, life=replace(agent.life, seen_ms=now_ms))

    def forgotten(self, older_than_ms: int) -> list[Agent]:
        """Return those who are gone for longer than that."""
        with self._lock:
            return [
                agent
                for agent in self._agents.values()
                if not agent.life.status.is_up and agent.life.seen_ms < older_than_ms
            ]

    def take_moved(self) -> set[str]:
        """Return to whom something happened, or who is gone, since the last time this was asked."""
        with self._lock:
            moved, self._moved = self._moved, set()
            return moved

    # --- what is durable ---

    def flush(self) -> None:
        """Write how all agents are, what happened, and what could not be written before.

        Raises StorageUnavailable; then what is left waits for the next time.
        """
        with self._lock:
            ids = {*self._removed, *self._unsaved, *self._lives, *self._events}
        for part in _parts(sorted(ids)):
            self._save(part)

    def forget_events(self, older_than_ms: int) -> None:
        """Drop old events; raises StorageUnavailable."""
        self._kept.forget_events(older_than_ms)

    def _save(self, ids: Collection[str]) -> None:
        """Write what waits for these agents."""
        wanted = frozenset(ids)
        saved: list[Changes] = []

        def take() -> Changes:
            with self._lock:
                changes = self._waiting(wanted)
            saved[:] = [changes]
            return changes

        self._kept.save(take)
        with self._lock:
            for changes in saved:
                self._done(changes)

    def _waiting(self, ids: Collection[str]) -> Changes:
        return Changes(
            removed={each: self._removed[each] for each in ids if each in self._removed},
            agents=tuple(self._unsaved[each] for each in ids if each in self._unsaved),
            lives={each: self._lives[each] for each in ids if each in self._lives},
            events=tuple(event for each in ids for event in self._events.get(each, ())),
        )

    def _done(self, changes: Changes) -> None:
        for agent in changes.agents:
            if self._unsaved.get(agent.id) is agent:
                del self._unsaved[agent.id]
        for agent_id, life in changes.lives.items():
            if self._lives.get(agent_id) is life:
                del self._lives[agent_id]
        for agent_id, number in changes.removed.items():
            if self._removed.get(agent_id) == number:
                del self._removed[agent_id]
        written = frozenset(event.id for event in changes.events)
        for agent_id in {event.agent_id for event in changes.events}:
            left = [event for event in self._events.pop(agent_id, ()) if event.id not in written]
            if left:
                self._events[agent_id] = left

    # --- parts of the above, under the lock ---

    def _signalled(
        self, agent: Agent, signal: Signal, reasons: tuple[str, ...], now_ms: int, *, seen: bool
    ) -> Agent:
        """Return an agent after something happened to it, and tell of it."""
        life = agent.life
        transition = TABLE.get((life.status, signal), _STAYS)
        moves = transition is not _STAYS
        status = transition.status if moves else life.status
        life = replace(
            life,
            status=status,
            since_ms=now_ms if moves else life.since_ms,
            seen_ms=now_ms if seen else life.seen_ms,
            # A registration tells nothing of how the agent is.
            reasons=life.reasons if signal is Signal.REGISTERED and not moves else reasons,
        )
        agent = replace(agent, life=life)
        self._lives[agent.id] = life
        if moves:
            self._event(agent, transition.event, now_ms, "; ".join(reasons))
        return agent

    def _event(self, agent: Agent, kind: str, now_ms: int, detail: str = "") -> None:
        self._last_event += 1
        event = Event(
            id=self._last_event,
            agent_id=agent.id,
            name=agent.name,
            time_ms=now_ms,
            kind=kind,
            status=agent.life.status,
            detail=detail,
        )
        # Where the disk is full they wait, but not for ever.
        self._events[agent.id] = [*self._events.get(agent.id, ()), event][-MAX_WAITING:]
        self._moved.add(agent.id)
        self._happened(kind)


_STAYS: Final = Transition(status=Status.OFFLINE, event="")


def _newest_first(event: Event) -> int:
    return -event.id


def _claim(agent: Agent) -> tuple[bool, int, str]:
    return agent.life.status.is_up, agent.named_ms, agent.id


def _parts(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
