"""The id by which the gateway knows this agent: one file of the state directory. Must not know the gateway.

The file holds the id and a fingerprint of the machine. Where the directory was copied to another machine, as
with a cloned disk, the fingerprint differs and a new id is made: two hosts must not share one.
"""

import os
import re
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from runtime.logs import Log

FILE: Final = "agent-id"

# What may stand in a URL without being written differently.
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")

# A file that is longer is none of ours.
_MAX_BYTES: Final = 4096


def machine_of(root: Path) -> str:
    """Return the id of the machine whose files are under `root`; empty where it has none."""
    with suppress(OSError, ValueError):
        return (root / "etc/machine-id").read_text().strip()
    return ""


def identity(directory: Path, *, machine: str, make_id: Callable[[], str], log: Log) -> str:
    """Return the id in the directory, or make one and keep it there, if the directory lets us.

    Beside it is a checksum of the machine's id, which itself is to stay out of files that people copy. One of
    hashlib would say no more here, and takes 4 MiB: OpenSSL.
    """
    path = directory / FILE
    say = log.warning
    mark = f"{zlib.crc32(machine.encode()):08x}" if machine else ""
    try:
        agent_id, kept_mark = _read(path)
    except FileNotFoundError:
        # As at each first start.
        reason, say = "there was none", log.info
    except (OSError, ValueError) as error:
        reason = f"{path} is damaged or cannot be read: {error}"
    else:
        if kept_mark == mark or not kept_mark or not mark:
            if mark and not kept_mark:
                _keep(path, agent_id, mark, log)
            return agent_id
        reason = f"{path} came from another machine"
    agent_id = make_id()
    say("identity.made", agent_id=agent_id, reason=reason)
    _keep(path, agent_id, mark, log)
    return agent_id


def _read(path: Path) -> tuple[str, str]:
    """Return the id and the mark of the machine; raises OSError or ValueError."""
    with path.open("rb") as file:
        lines = file.read(_MAX_BYTES).decode("ascii").splitlines()
    if not lines or not _ID.fullmatch(lines[0]):
        raise ValueError("it does not begin with an id")
    return lines[0], lines[1] if len(lines) > 1 else ""


def _keep(path: Path, agent_id: str, mark: str, log: Log) -> None:
    """Have the id on the disk, whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        written = path.with_suffix(".new")
        with written.open("wb") as file:
            file.write(f"{agent_id}\n{mark}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        written.replace(path)
        handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        log.warning("identity.not_kept", reason=str(error))
