"""What psutil tells of this machine is what the readers of /proc tell."""

import math
import os
import sys
from collections.abc import Callable
from typing import Final

import pytest

from exporter.families import Family
from tests.exporter import pages
from tests.exporter.hosts import COLLECTORS, live

pytest.importorskip("psutil")

from exporter.collectors import portable
from exporter.collectors.choosing import shown

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="compares with the readers of /proc")

ALL: Final = shown(None, None)
CHOSEN: Final = live().chosen
PORTABLE: Final[dict[str, Callable[[], list[Family]]]] = {
    "cpu": portable.cpu,
    "diskstats": lambda: portable.diskstats(
        shown(CHOSEN.diskstats.device_include.matches, CHOSEN.diskstats.device_exclude.matches)
    ),
    "filesystem": lambda: portable.filesystem(
        mount_excluded=CHOSEN.filesystem.mount_points_exclude.matches,
        type_excluded=CHOSEN.filesystem.fs_types_exclude.matches,
    ),
    "loadavg": portable.loadavg,
    "netdev": lambda: portable.netdev(ALL),
    "stat": portable.boot,
    "time": lambda: portable.time(live().now().timestamp()),
    "uname": lambda: portable.uname(os.uname()),
}


@pytest.mark.parametrize("name", PORTABLE)
def test_psutil_and_proc_tell_the_same(name: str) -> None:
    theirs, ours = pages.page(PORTABLE[name]()), pages.page(COLLECTORS[name](live()))
    assert theirs
    for family, (kind, values) in theirs.items():
        assert kind == ours[family][0]
        for labels, value in values.items():
            # psutil leaves out the NIS domain, and a device that is mounted twice is there once.
            [same] = [held for pairs, held in ours[family][1].items() if labels <= pairs]
            assert math.isclose(value, same, rel_tol=0.05, abs_tol=1000), (family, labels)


def test_memory_is_what_the_kernel_tells() -> None:
    told = pages.page(portable.meminfo())
    kernel = pages.page(COLLECTORS["meminfo"](live()))
    for name, key in (("total", "MemTotal"), ("swap_total", "SwapTotal")):
        assert told[f"node_memory_{name}_bytes"] == kernel[f"node_memory_{key}_bytes"]
    assert told["node_memory_swapped_in_bytes_total"][0] == "counter"


def test_a_device_that_does_not_answer_shows_its_error() -> None:
    [error] = portable.filesystem_families(
        [portable.Mount(device="d", mountpoint="/m", fstype="f", readonly=False, sizes=None)]
    )
    assert (error.name, error.points[0].value) == ("node_filesystem_device_error", 1)
