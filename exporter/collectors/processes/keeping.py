"""The file in which counters wait for the next start. Owns its form; must not know what is counted.

It is there only between a graceful stop and the next start: who reads it removes it. After any other
end there is none, and counters begin anew instead of being lower than somebody has seen them.
"""

import json
import os
from pathlib import Path
from typing import Any, Final

_VERSION: Final = 1


def write(path: Path, *, boot: str, config: str, state: dict[str, Any]) -> None:
    """Write the file whole, and have it on the disk; or raise OSError."""
    content = json.dumps({"version": _VERSION, "boot": boot, "config": config, "state": state})
    beside = path.with_name(path.name + ".new")
    with beside.open("w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def take(path: Path, *, boot: str, config: str) -> dict[str, Any] | None:
    """Remove the file, and return what it said if it is of this boot and configuration. May raise OSError."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    path.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # The power may fail: it must not come back.
        os.fsync(folder)
    finally:
        os.close(folder)
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("state"), dict):
        return None
    wanted = {"version": _VERSION, "boot": boot, "config": config}
    state: dict[str, Any] = found["state"]
    return state if {key: found.get(key) for key in wanted} == wanted else None
