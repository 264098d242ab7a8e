"""What the path of a cgroup tells: the container and the unit of a process. Does no I/O."""

import re
from collections.abc import Sequence
from typing import Final

ID_SHOWN: Final = 12
"""So many digits of a container's id are shown where nobody knows its name, as engines do."""

_CONTAINER: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_UNIT: Final = re.compile(r"[^/]+\.(?:service|scope|socket|mount|swap)(?=/|$)")
_SLICE: Final = re.compile(r"[^/]+\.slice(?=/|$)")


def container_id(cgroups: Sequence[str]) -> str:
    """Return the id of the innermost container, 64 digits; nothing outside of containers."""
    for path in cgroups:
        found = _CONTAINER.findall(path)
        if found:
            return str(found[-1])
    return ""


def unit(cgroups: Sequence[str]) -> str:
    """Return systemd's innermost unit, or its slice where that is all there is."""
    for pattern in (_UNIT, _SLICE):
        for path in cgroups:
            found = pattern.findall(path)
            if found:
                return str(found[-1])
    return ""
