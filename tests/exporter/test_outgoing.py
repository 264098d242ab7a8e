"""Everything that leaves the agent: one receiver's failure costs no other; what a change of settings does."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from delivery.settings import RemoteWrite
from exporter.families import Family, Point
from exporter.outgoing import Outgoing, World
from exporter.sending.outlet import SeriesOutlet, Surroundings
from exporter.settings import AgentSettings
from runtime.values import LabelPair
from tests.delivery.parts import NOW_MS, FakeClock
from tests.delivery.receiver import refusing_port

LOAD = Family(name="node_load1", kind="gauge", help="Load.", points=[Point(1.0)])


def world() -> World:
    unused: Any = None
    return World(
        gather=lambda: [LOAD],
        table=unused,
        user_name=str,
        container_name=str,
        agent_id="agent-1",
        name="web-1",
        facts=unused,
        vitals=unused,
        environ={},
    )


def settings(*names: str, label: str = "a") -> AgentSettings:
    url = f"http://127.0.0.1:{refusing_port()}/w"
    return AgentSettings(
        label=(LabelPair(name="env", value=label),),
        remote_write=tuple(RemoteWrite(url=url, name=name) for name in names),
    )


@dataclass
class Made:
    """Outgoing parts that were opened, and never started."""

    directory: Path
    all: list[Outgoing] = field(default_factory=list)

    def __call__(self, wanted: AgentSettings) -> Outgoing:
        around = Surroundings(
            spools=self.directory, clock=FakeClock(), chance=lambda: 0.5, user_agent="fleetgauge/test"
        )
        self.all.append(Outgoing(wanted, world(), around))
        return self.all[-1]


@pytest.fixture
def outgoing(tmp_path: Path) -> Iterator[Made]:
    made = Made(tmp_path)
    yield made
    for each in made.all:
        for way in each._outlets.values():
            way.outlet.close()


def waiting(made: Outgoing) -> dict[str, int]:
    return {each.name: each.waiting_samples for each in made.progress().receivers}


def test_a_receiver_whose_series_cannot_be_made_costs_the_others_nothing(
    outgoing: Made, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = outgoing(settings("first", "second", "third"))
    take = SeriesOutlet.take

    def failing(self: SeriesOutlet, families: Iterable[Family], *, time_ms: int, seconds: float) -> None:
        if self.outlet.name == "second":
            raise ZeroDivisionError
        take(self, families, time_ms=time_ms, seconds=seconds)

    monkeypatch.setattr(SeriesOutlet, "take", failing)
    made.take([LOAD], time_ms=NOW_MS, seconds=0.1)
    assert waiting(made) == {"first": 6, "second": 0, "third": 6}
    assert [record.msg for record in caplog.records] == ["agent.round_lost"]


def test_only_who_gets_other_series_is_told_that_the_old_ones_have_ended(outgoing: Made) -> None:
    usual = settings("r")
    made = outgoing(usual)
    made.take([LOAD], time_ms=NOW_MS, seconds=0.1)
    assert waiting(made) == {"r": 6}
    elsewhere = settings("r")
    made._replace_outlets(elsewhere)
    made.take([LOAD], time_ms=NOW_MS + 1, seconds=0.1)
    assert waiting(made) == {"r": 12}, "another address gets the same series"
    made._replace_outlets(settings("r", label="b"))
    assert waiting(made) == {"r": 18}, "other labels: the old series end"
    made.take([LOAD], time_ms=NOW_MS + 2, seconds=0.1)
    assert waiting(made) == {"r": 24}
