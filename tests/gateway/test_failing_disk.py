"""The real program on a disk that fails for a while: it says when to come back, and loses nothing."""

import errno
import os
import random
from pathlib import Path

import pytest
import requests

from gateway.storage.database import FILE_NAME
from remotewrite.encode.v1 import encode_v1
from remotewrite.model import Sample, Series
from tests.gateway.programs import Program, running
from tests.gateway.storage.samples import contents, open_store
from tests.gateway.storage.test_faults import needs_root, small_disk
from tests.gateway.test_storing import LISTEN, now_ms, post
from tests.gateway.tracing import failing, strace
from tests.strategies import bits
from timeseries.labels import Labels

UP = Labels({"__name__": "up", "instance": "web-1"})

# So often in a row it must answer 204 before we say that it works again.
WELL = 12


def written(gateway: Program, time_ms: int) -> requests.Response:
    """Send one sample."""
    return post(gateway.url, encode_v1([Series(labels=UP, samples=[Sample(time_ms, 1.5)])]))


def head_samples(gateway: Program) -> int:
    """Ask the store how many samples it has in memory."""
    text = requests.get(f"{gateway.url}/metrics", timeout=5).text
    (line,) = [line for line in text.splitlines() if line.startswith("fleetgauge_store_head_samples ")]
    return int(float(line.split()[1]))


@pytest.mark.peer("strace")
@pytest.mark.parametrize(
    ("call", "error", "first", "last"),
    [("fdatasync", errno.EIO, 2, 3), ("pwrite64", errno.ENOSPC, 30, 32), ("pwrite64", errno.EIO, 30, 32)],
)
def test_a_failing_disk_is_503_with_a_time_to_come_back_and_it_recovers_by_itself(
    tmp_path: Path, call: str, error: int, first: int, last: int
) -> None:
    open_store(tmp_path).close()
    files = (str(tmp_path / FILE_NAME), str(tmp_path / f"{FILE_NAME}-wal"))
    # As a grandchild, the tracer ends with the gateway, however that ends.
    faults = ("-D", "-o", os.devnull, "-P", files[0], "-P", files[1], f"--trace={call}")
    start, kept, refused, well = now_ms(), [], 0, 0
    under = strace(*faults, failing(call, errno.errorcode[error], first, last))
    with running(*LISTEN, "--data-dir", str(tmp_path), under=under) as gateway:
        for at in range(200):
            answer = written(gateway, start + at)
            if answer.status_code == 204:
                kept.append(start + at)
                well += 1
            else:
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
                assert answer.json()["error"].startswith("The request was refused: nothing can be kept: ")
                refused, well = refused + 1, 0
                assert head_samples(gateway) == len(kept), "what it has can be asked for meanwhile"
            if refused and well == WELL:
                break
        assert (refused > 0, well) == (True, WELL)
        gateway.process.kill()
        gateway.process.wait(10)
    with open_store(tmp_path) as store:
        assert contents(store) == {UP: [(time_ms, bits(1.5), 0) for time_ms in kept]}


@needs_root
def test_a_full_temporary_directory_refuses_large_bodies_with_a_time_to_come_back(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "temporary", "3m") as directory,
        running(*LISTEN, "--data-dir", str(tmp_path), TMPDIR=str(directory)) as gateway,
    ):
        noise = random.Random(1).randbytes(8 << 20)
        answer = requests.post(f"{gateway.url}/api/v1/write", data=noise, timeout=10)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert answer.json()["error"] == (
            "The request was refused: its body can't be kept in a temporary file: No space left on device."
        )
        assert written(gateway, now_ms()).status_code == 204
        assert not any(directory.iterdir())
