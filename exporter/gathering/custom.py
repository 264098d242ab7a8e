"""Loads users' collectors: Python files in a directory, and entry points of installed packages.

Whatever is wrong with one becomes a collector that fails with the reason. Gathers nothing itself.
"""

import math
import os
import re
import stat
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from exporter.families import Family
from exporter.gathering.clientmetrics import families_in
from exporter.gathering.collector import Collector
from exporter.gathering.lanes import Call, Failure, Lanes, failure
from runtime.values import Duration

GROUP: Final = "fleetgauge.collectors"
# The name under which it is shown that the directory, or the list of installed packages, cannot be read.
DIRECTORY: Final = "collectors_dir"
# A directory with more is not one of collectors: nothing in it is loaded, and that is shown.
MAX_FILES: Final = 100
# Nobody writes so much by hand; what is larger is no collector.
MAX_FILE_BYTES: Final = 1 << 20
# A collector may ask for so long. Everyone who asks for metrics waits for it.
MAX_TIMEOUT_S: Final = 60.0

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class NotLoaded(Exception):
    """Why there is no collector. Its collector raises it whenever it is to gather."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A file or an entry point. What has the same `state` need not be loaded again."""

    name: str
    source: str
    state: object
    load: Callable[[], Iterable[object]]
    version: str = ""


@dataclass(slots=True)
class Loader:
    """Loads collectors, and loads again only what changed or failed. For one thread."""

    stopwatch: Callable[[], float]
    default_timeout_s: float
    entry_points: Callable[[], Iterable[_Found]] = field(default_factory=lambda: installed)
    _loaded: dict[str, tuple[object, list[Collector]]] = field(default_factory=dict)
    _lanes: Lanes[list[Collector]] | None = None

    def load(self, directory: str, *, taken: Container[str]) -> list[Collector]:
        """All that users added; `taken` are names that they cannot have."""
        found: list[_Found] = []
        good: list[Collector] = []
        for listed in (partial(_files, directory), self.entry_points):
            try:
                found += listed()
            except (OSError, ValueError) as error:
                good.append(_broken(DIRECTORY, directory or GROUP, failure(error).text))
        kept = self._loaded
        self._loaded = {}
        if self._lanes is None:
            self._lanes = Lanes("loading", stopwatch=self.stopwatch)
        new = [each for each in found if kept.get(each.source, (None,))[0] != each.state]
        calls = [Call(partial(self._collectors, each), self.default_timeout_s, True) for each in new]
        answers = dict(zip((each.source for each in new), self._lanes.run(calls), strict=True))
        for each in found:
            if each.source not in answers:
                self._loaded[each.source] = kept[each.source]
                good += kept[each.source][1]
            elif isinstance(result := answers[each.source].result, Failure):
                good.append(_broken(each.name, each.source, result.text))
            else:
                self._loaded[each.source] = (each.state, result)
                good += result
        return _distinct(good, taken)

    def _collectors(self, found: _Found) -> list[Collector]:
        return [
            _collector(instance, found, self.default_timeout_s)
            for instance in map(_instance, filter(_switched_on, found.load()))
        ]


def _instance(each: object) -> object:
    made = each() if isinstance(each, type) else each
    if not callable(getattr(made, "collect", None)):
        raise TypeError(f"{type(made).__name__} has no collect()")
    return made


def _switched_on(each: object) -> bool:
    enabled = getattr(each, "enabled", True)
    if not isinstance(enabled, bool):
        raise TypeError(f"enabled must be True or False, not {enabled!r}")
    return enabled


def _collector(instance: Any, found: _Found, default_timeout_s: float) -> Collector:
    name = getattr(instance, "name", found.name)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"name must be up to 64 letters, digits, '.', '_' or '-', not {name!r}")
    timeout_s = _seconds(instance, "timeout", default_timeout_s)
    if not 0 < timeout_s <= MAX_TIMEOUT_S:
        raise ValueError(f"timeout must be more than 0 and at most {MAX_TIMEOUT_S:g} s, not {timeout_s:g}")
    return Collector(
        name=name,
        gather=partial(_gather, instance),
        timeout_s=timeout_s,
        interval_s=_seconds(instance, "interval", 0.0),
        version=str(getattr(instance, "version", found.version)),
        source=found.source,
    )


def _seconds(instance: object, attribute: str, default: float) -> float:
    """Seconds as a number, or a duration such as "1m"."""
    value = getattr(instance, attribute, default)
    if isinstance(value, str):
        try:
            return Duration.parse(value).ms / 1000
        except ValueError:
            raise ValueError(f"{attribute} must be {Duration.EXPECTED}, not {value!r}") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{attribute} must be a number of seconds or a duration, not {value!r}")
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{attribute} must not be {value}")
    return float(value)


def _gather(instance: Any) -> Iterator[Family]:
    return families_in(instance.collect())


def _broken(name: str, source: str, reason: str) -> Collector:
    def gather() -> Iterable[Family]:
        raise NotLoaded(reason)

    shown = name if _NAME.fullmatch(name) else re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:64] or "_"
    return Collector(name=shown, gather=gather, source=source)


def _distinct(collectors: Sequence[Collector], taken: Container[str]) -> list[Collector]:
    """Each name once. Who comes later is shown as broken, under a name of its own."""
    by_name: dict[str, Collector] = {}
    for collector in collectors:
        name, number = collector.name, 1
        while name in by_name or name in taken:
            number += 1
            name = f"{collector.name}_{number}"
        if number > 1:
            reason = f"another collector is called {collector.name}; give this one another `name`"
            by_name[name] = _broken(name, collector.source, reason)
        else:
            by_name[name] = collector
    return list(by_name.values())


def _files(directory: str) -> list[_Found]:
    """The files of the directory, in order of their names. It raises what makes the directory unusable."""
    if not directory:
        return []
    place = Path(directory)
    _check_owner(place.stat(), directory)
    files = sorted(
        path for path in place.iterdir() if path.suffix == ".py" and not path.name.startswith((".", "_"))
    )
    if len(files) > MAX_FILES:
        raise ValueError(f"{directory} has more than {MAX_FILES} files")
    return [_file(path) for path in files]


def _file(path: Path) -> _Found:
    """The file. What is wrong with it is raised when it is loaded."""
    try:
        code = _read(path)
    except (OSError, ValueError) as error:
        return _Found(path.stem, str(path), object(), partial(_raise, error))
    return _Found(path.stem, str(path), code, partial(_executed, path, code))


def _raise(error: Exception) -> Iterable[object]:
    raise error


def _read(path: Path) -> bytes:
    """The content of a file that nobody but us and root can change."""
    _check_owner(path.resolve().parent.stat(), str(path.resolve().parent))
    # A pipe must not keep us waiting.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with open(handle, "rb") as file:  # noqa: PTH123
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path} is no regular file")
        _check_owner(status, str(path))
        code: bytes | None = file.read(MAX_FILE_BYTES + 1)
    # Files of /proc that would keep us waiting have nothing to read.
    if code is None:
        raise ValueError(f"{path} is no regular file")
    if len(code) > MAX_FILE_BYTES:
        raise ValueError(f"{path} is larger than {MAX_FILE_BYTES} bytes")
    return code


def _check_owner(status: os.stat_result, path: str) -> None:
    """Its code runs as we do, so nobody else may be able to write it."""
    if status.st_uid not in (0, os.geteuid()):
        raise ValueError(
            f"{path} belongs to user {status.st_uid}: it must belong to root or to the agent's user"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{path} can be written by others: do chmod go-w on it")


def _executed(path: Path, code: bytes) -> Iterable[object]:
    """What is in the file's list COLLECTORS, or else the classes with collect() that are made in the file."""
    module = ModuleType(f"fleetgauge_collector_{path.stem}")
    module.__file__ = str(path)
    # Dataclasses look for their module there.
    sys.modules[module.__name__] = module
    exec(compile(code, str(path), "exec"), module.__dict__)  # noqa: S102
    if (chosen := getattr(module, "COLLECTORS", None)) is not None:
        if not isinstance(chosen, list | tuple):
            raise TypeError("COLLECTORS must be a list")
        return chosen
    made = [
        each
        for name, each in vars(module).items()
        if isinstance(each, type) and each.__module__ == module.__name__ and not name.startswith("_")
    ]
    with_collect = [each for each in made if callable(getattr(each, "collect", None))]
    if not with_collect:
        raise ValueError("it has neither a class with collect() nor a list COLLECTORS")
    return with_collect


def installed() -> list[_Found]:
    """The entry points of installed packages."""
    if not any(_named_in(Path(folder)) for folder in sys.path):
        return []
    from importlib.metadata import entry_points

    return [
        _Found(
            name=point.name,
            source=f"entry point {point.name}: {point.value}",
            state=point.value,
            load=partial(_loaded, point.load),
            version=point.dist.version if point.dist else "",
        )
        for point in entry_points(group=GROUP)
    ]


def _named_in(folder: Path) -> bool:
    """Whether a package there has such entry points. importlib.metadata tells, too, but takes 7 MiB."""
    try:
        return any(
            GROUP in file.read_text("utf-8", "replace") for file in folder.glob("*-info/entry_points.txt")
        )
    except OSError:
        return False


def _loaded(load: Callable[[], object]) -> Iterable[object]:
    loaded = load()
    return loaded if isinstance(loaded, list | tuple) else [loaded]
