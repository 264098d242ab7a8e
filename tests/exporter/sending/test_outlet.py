"""An outlet: a round never waits for the network, and its readings say what became of everything."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from delivery.errors import BadTarget, SpoolInUse
from delivery.remotewrite import RemoteWrite
from delivery.spool import Limits
from delivery.transport import Target
from exporter.families import Family, Point
from exporter.sending.outlet import Outlet, SeriesOutlet, Surroundings
from exporter.sending.series import Identity, SeriesMaker
from remotewrite.compression import decompress
from tests.delivery.parts import NOW_MS, FakeClock
from tests.delivery.receiver import Reply, receiving, refusing_port
from tests.remotewrite.schema import write_v2_pb2 as v2
from timeseries.stale import is_stale

OWN = 5
FAMILY = Family(name="a", kind="gauge", help="A.", points=[Point(1.0), Point(2.0, (("n", "2"),))])
NAMELESS = Family(name="", kind="gauge", help="", points=[Point(1.0)])


class Outlets:
    """Makes outlets in one directory, and closes them."""

    def __init__(self, directory: Path) -> None:
        self.clock = FakeClock()
        self._directory = directory
        self._made: list[Outlet] = []

    def __call__(self, url: str, *, limits: Limits | None = None, name: str = "r") -> SeriesOutlet:
        around = Surroundings(
            spools=self._directory,
            clock=self.clock,
            chance=lambda: 0.0,
            user_agent="fleetgauge/test",
            limits=limits or Limits(),
        )
        outlet = Outlet(name, Target(url=url), RemoteWrite(), around)
        self._made.append(outlet)
        return SeriesOutlet(outlet, SeriesMaker(identity=Identity(instance="web-1", job="node")))

    def close(self) -> None:
        for outlet in self._made:
            outlet.close()


@pytest.fixture
def outlets(tmp_path: Path) -> Iterator[Outlets]:
    made = Outlets(tmp_path)
    yield made
    made.close()


def test_a_round_is_in_the_spool_at_once_and_is_sent_later(outlets: Outlets, tmp_path: Path) -> None:
    with receiving() as receiver:
        out = outlets(receiver.url)
        out.take([FAMILY], time_ms=NOW_MS, seconds=0.1)
        assert (receiver.got, len(list((tmp_path / "r").glob("*.spool")))) == ([], 1)
        assert out.outlet.drain(10.0, outlets.clock.sleep)
    [got] = receiver.got
    assert got.headers["user-agent"] == "fleetgauge/test"
    assert out.readings().sent_samples == 2 + OWN


def test_a_round_never_waits_for_a_receiver_that_hangs(outlets: Outlets) -> None:
    with receiving(Reply(drip_s=1.0)) as receiver:
        out = outlets(receiver.url)
        out.take([FAMILY], time_ms=NOW_MS, seconds=0.1)
        stopped = threading.Event()
        sending = threading.Thread(target=out.outlet.run, args=[stopped.is_set, lambda _: None])
        sending.start()
        while not receiver.got:
            time.sleep(0.005)
        began = time.monotonic()
        out.take([FAMILY], time_ms=NOW_MS + 1, seconds=0.1)
        assert out.readings().waiting_batches == 2
        assert time.monotonic() - began < 0.5
        stopped.set()
        sending.join()


def test_readings_say_what_waits_and_what_is_wrong(outlets: Outlets) -> None:
    out = outlets(f"http://127.0.0.1:{refusing_port()}/w")
    out.take([FAMILY, NAMELESS], time_ms=NOW_MS - 5, seconds=0.1)
    out.take([FAMILY], time_ms=NOW_MS, seconds=0.1)
    assert not out.outlet.drain(1.0, outlets.clock.sleep)
    readings = out.readings()
    assert (readings.waiting_batches, readings.waiting_samples) == (2, 2 * (2 + OWN))
    assert (readings.oldest_ms, readings.sent_samples, readings.version) == (NOW_MS - 5, 0, 2)
    assert readings.waiting_bytes > 100
    assert readings.failures > 3
    assert "ConnectionRefusedError" in readings.trouble
    assert readings.left_out == {"limit": 0, "labels": 1, "duplicate": 0, "unencodable": 0}


def test_readings_say_what_was_refused_and_lost_and_which_version_is_spoken(outlets: Outlets) -> None:
    with receiving(Reply(headers={}), Reply(status=400, headers={})) as receiver:
        out = outlets(receiver.url, limits=Limits(age_ms=1000))
        out.take([FAMILY], time_ms=NOW_MS - 1001, seconds=0.1)
        out.take([FAMILY], time_ms=NOW_MS, seconds=0.1)
        assert out.outlet.drain(10.0, outlets.clock.sleep)
    readings = out.readings()
    assert (readings.version, readings.refused_samples, readings.sent_samples) == (1, 2 + OWN, 0)
    assert readings.lost_samples == {"size": 0, "age": 2 + OWN, "damage": 0, "disk": 0}


def test_the_end_of_all_series_is_sent_like_a_round(outlets: Outlets) -> None:
    with receiving() as receiver:
        out = outlets(receiver.url)
        out.take([FAMILY], time_ms=NOW_MS, seconds=0.1)
        out.end(time_ms=NOW_MS + 1)
        out.outlet.drain(10.0, outlets.clock.sleep)
    ended = v2.Request.FromString(decompress(receiver.bodies[0]))
    assert len(ended.timeseries) == 2 + OWN
    assert all(is_stale(one.samples[0].value) for one in ended.timeseries), "newest first"


def test_what_can_not_be_opened_is_told(outlets: Outlets) -> None:
    outlets("http://a/", name="one")
    with pytest.raises(SpoolInUse):
        outlets("http://a/", name="one")
    with pytest.raises(BadTarget):
        outlets("ftp://a/", name="two")


def test_a_disk_that_takes_nothing_is_a_trouble_until_all_is_sent(outlets: Outlets, tmp_path: Path) -> None:
    with receiving() as receiver:
        out = outlets(receiver.url)
        shutil.rmtree(tmp_path / "r")
        out.take([FAMILY], time_ms=NOW_MS, seconds=0.1)
        assert out.readings().trouble == "the disk does not take what waits: 1 batches are only in memory"
        assert out.outlet.drain(10.0, outlets.clock.sleep)
    assert (out.readings().trouble, out.readings().sent_samples) == ("", 2 + OWN)


def test_damage_of_a_spool_is_logged(
    outlets: Outlets, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "0000000000000001.spool").write_bytes(b"garbage")
    outlets("http://127.0.0.1:9/w")
    assert caplog.messages == ["sending.damaged"]
