"""What an agent sends, made a Snapshot: strictly, with a sentence for what is wrong. Pure.

docs/process-snapshots.md describes every key. Unknown keys are passed over: later agents have some.
"""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NoReturn

from gateway.history.errors import InvalidSnapshot, SnapshotTooLarge
from gateway.history.snapshot import TOTALS, Identity, Process, Program, Snapshot, Whole
from remotewrite.compression import decompress_zstd
from remotewrite.errors import MalformedRequest, RequestTooLarge

VERSION: Final = 1

MAX_BODY_BYTES: Final = 256 * 1024
"""As it comes. An agent's snapshot is at most so large before compression, unless its settings say more."""
MAX_DECODED_BYTES: Final = 1024 * 1024
MAX_PROCESSES: Final = 1000
"""Ten times what an agent sends at most, unless its settings say more."""
MAX_TEXT: Final = 4096
"""Characters of a command line or a name; agents cut at 1,024."""
MAX_WHOLE: Final = (1 << 53) - 1
"""What JSON and doubles hold exactly."""
MAX_PER_CENT: Final = 10_000_000
"""100,000 cores."""

_SHOWN: Final = 60
_LOADS: Final = ("load1", "load5", "load15")
_GZIP_WINDOW: Final = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A snapshot, and whose it says it is."""

    agent: str
    snapshot: Snapshot


def _gunzip(body: bytes) -> bytes:
    decoder = zlib.decompressobj(_GZIP_WINDOW)
    try:
        decoded = decoder.decompress(body, MAX_DECODED_BYTES + 1)
    except zlib.error as error:
        raise InvalidSnapshot("the body is not valid gzip") from error
    if len(decoded) <= MAX_DECODED_BYTES and (not decoder.eof or decoder.unused_data):
        raise InvalidSnapshot("the body is not valid gzip: it is cut, or something follows it")
    return decoded


def _unzstd(body: bytes) -> bytes:
    try:
        return decompress_zstd(body, MAX_DECODED_BYTES)
    except RequestTooLarge as error:
        raise SnapshotTooLarge(str(error)) from error
    except MalformedRequest as error:
        raise InvalidSnapshot(str(error)) from error


ENCODINGS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "zstd": _unzstd,
    "gzip": _gunzip,
    "identity": bytes,
}
"""By their names in HTTP's Content-Encoding."""


def decompress(body: bytes, encoding: str) -> bytes:
    """Return the JSON in a body, in one of ENCODINGS; raises InvalidSnapshot or SnapshotTooLarge."""
    if len(body) > MAX_BODY_BYTES:
        raise SnapshotTooLarge(f"the body is over {MAX_BODY_BYTES} bytes; at most {MAX_BODY_BYTES} are taken")
    decoded = ENCODINGS[encoding](body)
    if len(decoded) > MAX_DECODED_BYTES:
        raise SnapshotTooLarge(
            f"the body is over {MAX_DECODED_BYTES} bytes decoded; at most {MAX_DECODED_BYTES} are taken"
        )
    return decoded


def read(text: bytes) -> Sent:
    """Read the JSON of a snapshot; raises InvalidSnapshot."""
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidSnapshot(f"the body is not JSON: {error}") from error
    root = _object(document, "the body")
    if (version := root.get("version")) != VERSION or isinstance(version, bool):
        raise InvalidSnapshot(f"version: this gateway reads {VERSION}, got {_shown(version)}")
    rows = root.get("processes")
    if not isinstance(rows, list):
        raise InvalidSnapshot(f"processes: expected a list, got {_shown(rows)}")
    if len(rows) > MAX_PROCESSES:
        raise InvalidSnapshot(f"processes: {len(rows)} of them, at most {MAX_PROCESSES} are taken")
    processes = sorted((_process(row, f"processes[{at}]") for at, row in enumerate(rows)), key=_key)
    for before, after in pairwise(processes):
        if _key(before) == _key(after):
            raise InvalidSnapshot(f"processes: number {after.identity.pid} is there twice with one start")
    snapshot = Snapshot(
        time_ms=_required(root, "time", ""),
        interval_ms=_whole(root, "interval_ms", "") or 0,
        omitted=_whole(root, "omitted", "") or 0,
        totals=_totals(_object(root.get("totals", {}), "totals")),
        processes=processes,
    )
    return Sent(agent=_text(root, "agent", ""), snapshot=snapshot)


def _key(process: Process) -> tuple[int, int]:
    return process.identity.pid, process.identity.start_ms


def _process(row: object, place: str) -> Process:
    found = _object(row, place)
    inside = f"{place}."
    state = _text(found, "state", inside)
    if len(state) > 1:
        raise InvalidSnapshot(f"{inside}state: expected one letter, got {_shown(state)}")
    program = Program(*(_text(found, name, inside) for name in Program._fields))
    return Process(
        identity=Identity(
            _required(found, "pid", inside),
            _required(found, "start", inside),
            _whole(found, "parent", inside),
            program,
        ),
        state=state,
        cpu=_scaled(found, "cpu", inside, 10),
        rss=_whole(found, "rss", inside),
        read=_scaled(found, "read", inside, 1),
        write=_scaled(found, "write", inside, 1),
        threads=_whole(found, "threads", inside),
        fds=_whole(found, "fds", inside),
    )


def _totals(found: Mapping[str, object]) -> tuple[Whole, ...]:
    load = found.get("load", [])
    if not isinstance(load, list) or len(load) not in (0, len(_LOADS)):
        raise InvalidSnapshot(f"totals.load: expected a list of {len(_LOADS)} numbers, got {_shown(load)}")
    values = {**found, **dict(zip(_LOADS, load, strict=False))}
    return tuple(_scaled(values, name, "totals.", scale) for name, scale in TOTALS.items())


def _object(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InvalidSnapshot(f"{place}: expected an object, got {_shown(value)}")
    return value


def _required(found: Mapping[str, object], name: str, inside: str) -> int:
    value = _whole(found, name, inside)
    if value is None:
        raise InvalidSnapshot(f"{inside}{name}: it is missing")
    return value


def _whole(found: Mapping[str, object], name: str, inside: str) -> Whole:
    value = found.get(name)
    if value is None or (type(value) is int and 0 <= value <= MAX_WHOLE):
        return value
    raise InvalidSnapshot(
        f"{inside}{name}: expected a whole number from 0 to {MAX_WHOLE}, got {_shown(value)}"
    )


def _scaled(found: Mapping[str, object], name: str, inside: str, scale: int) -> Whole:
    value = found.get(name)
    if value is None:
        return None
    most = MAX_WHOLE if scale == 1 else MAX_PER_CENT
    if type(value) not in (int, float) or not 0 <= value <= most:  # type: ignore[operator]  # it is a number
        raise InvalidSnapshot(f"{inside}{name}: expected a number from 0 to {most}, got {_shown(value)}")
    return round(value * scale)  # type: ignore[operator]


def _text(found: Mapping[str, object], name: str, inside: str) -> str:
    value = found.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise InvalidSnapshot(
            f"{inside}{name}: expected a text of at most {MAX_TEXT} characters, got {_shown(value)}"
        )
    # JSON can say half a character, which nothing else can hold.
    return value if value.isascii() else value.encode(errors="replace").decode()


def _no_constant(name: str) -> NoReturn:
    raise InvalidSnapshot(f"the body is not JSON: {name} is no number there")


def _shown(value: object) -> str:
    try:
        text = json.dumps(value)
    except RecursionError:
        text = "…"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
