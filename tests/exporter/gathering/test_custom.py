"""Users' collectors: what is found, what is refused, and that nothing of theirs harms the agent."""

import os
import sys
import textwrap
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter.families import Family, Point
from exporter.gathering.collector import Collector, Outcome
from exporter.gathering.custom import MAX_FILE_BYTES, MAX_FILES, Loader, NotLoaded, installed
from exporter.gathering.families import families_of
from exporter.gathering.runner import Runner
from tests.exporter.gathering.parts import everything, gauge, threads, until
from tests.house.tree import ROOT, run

GOOD = """
from exporter.families import Family, Point

class Queue:
    def collect(self):
        yield Family(name="queue_files", kind="gauge", help="Files.", points=[Point(3)])
"""


@dataclass
class Place:
    """A directory of collectors, and the loader that reads it."""

    path: Path
    loader: Loader

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        file = self.path / name
        file.write_text(textwrap.dedent(text))
        file.chmod(mode)
        return file

    def load(self, *taken: str) -> dict[str, Collector]:
        return {each.name: each for each in self.loader.load(str(self.path), taken=taken)}

    def outcomes(self) -> dict[str, Outcome]:
        runner = Runner(list(self.load().values()), stopwatch=time.monotonic)
        return {outcome.collector: outcome for outcome in runner.gather(everything)}

    def errors(self) -> dict[str, str]:
        return {name: outcome.error for name, outcome in self.outcomes().items()}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    path = tmp_path / "collectors.d"
    path.mkdir(mode=0o755)
    return Place(path, Loader(time.monotonic, 0.5, entry_points=list))


def test_nothing_is_loaded_where_nothing_is_named() -> None:
    assert Loader(time.monotonic, 5, entry_points=list).load("", taken=()) == []


def test_a_class_with_collect_is_a_collector_named_like_its_file(place: Place) -> None:
    file = place.write("queue.py", GOOD)
    [queue] = place.load().values()
    assert (queue.name, queue.timeout_s, queue.interval_s, queue.version) == ("queue", 0.5, 0, "")
    assert queue.source == str(file)
    assert place.outcomes()["queue"].families == [
        Family(name="queue_files", kind="gauge", help="Files.", points=(Point(3),))
    ]


def test_attributes_say_how_it_runs(place: Place) -> None:
    place.write(
        "many.py",
        """
        class Base:
            def collect(self): return []
        class First(Base):
            name, interval, timeout, version = "first", "1m30s", 2, "1.0"
        class Second(Base):
            name, interval = "second", 0.5
        class Off(Base):
            enabled = False
            def __init__(self): raise ValueError("I am off")
        class _Hidden(Base): pass
        class Other: pass
        """,
    )
    found = place.load()
    assert list(found) == ["many", "first", "second"]
    first, second = found["first"], found["second"]
    assert (first.interval_s, first.timeout_s, first.version) == (90, 2, "1.0")
    assert (second.interval_s, second.timeout_s) == (0.5, 0.5)


def test_a_list_says_which_they_are(place: Place) -> None:
    place.write(
        "listed.py",
        """
        class Disk:
            def __init__(self, name="disk"): self.name = name
            def collect(self): return []
        COLLECTORS = [Disk("a"), Disk("b"), Disk]
        """,
    )
    assert list(place.load()) == ["a", "b", "disk"]


def test_imported_classes_and_hidden_files_are_no_collectors(place: Place) -> None:
    place.write("importing.py", "from prometheus_client import Gauge, CollectorRegistry\n" + GOOD)
    place.write("_helper.py", "raise ValueError")
    place.write(".#importing.py", "raise ValueError")
    place.write("notes.txt", "raise ValueError")
    assert list(place.load()) == ["importing"]


def test_dataclasses_and_prometheus_clients_own_metrics_work(place: Place) -> None:
    place.write(
        "native.py",
        """
        from __future__ import annotations
        from dataclasses import dataclass
        from prometheus_client import CollectorRegistry, Counter
        registry = CollectorRegistry()
        jobs = Counter("jobs", "Jobs.", ["queue"], registry=registry)
        jobs.labels("mail").inc(2)
        @dataclass
        class Plain:
            name: str = "plain"
            def collect(self): return []
        COLLECTORS = [registry, Plain()]
        """,
    )
    outcomes = place.outcomes()
    assert outcomes["native"].families == [
        Family(name="jobs_total", kind="counter", help="Jobs.", points=(Point(2, (("queue", "mail"),)),))
    ]
    assert not outcomes["plain"].error


CLASS = "class X:\n    def collect(self): return []\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def (", "NotLoaded: SyntaxError: invalid syntax (bad.py, line 1)"),
        ("import no_such_module", "NotLoaded: ModuleNotFoundError: No module named 'no_such_module'"),
        ("1 / 0", "NotLoaded: ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(3)", "NotLoaded: SystemExit: 3"),
        ("while True: pass", "NotLoaded: timed out after 0.5 s"),
        # A ValueError before Python 3.11.4.
        ("\0", "source code string cannot contain null bytes"),
        ("# coding: no-such-coding\n", "NotLoaded: SyntaxError: unknown encoding: no-such-coding"),
        ("(" * 10_000, "NotLoaded: SyntaxError: too many nested parentheses"),
        ("", "NotLoaded: ValueError: it has neither a class with collect() nor a list COLLECTORS"),
        ("COLLECTORS = 1", "NotLoaded: TypeError: COLLECTORS must be a list"),
        ("COLLECTORS = [object()]", "NotLoaded: TypeError: object has no collect()"),
        (CLASS + "    def __init__(self, a): pass", "NotLoaded: TypeError: X.__init__() missing 1 required"),
        (CLASS + "    name = 'a b'", "NotLoaded: ValueError: name must be up to 64 letters"),
        (CLASS + "    name = 7", "NotLoaded: ValueError: name must be"),
        (CLASS + "    enabled = 'no'", "NotLoaded: TypeError: enabled must be True or False, not 'no'"),
        (CLASS + "    interval = '5 minutes'", "NotLoaded: ValueError: interval must be a duration"),
        (CLASS + "    interval = -1", "NotLoaded: ValueError: interval must not be -1"),
        (CLASS + "    interval = float('nan')", "NotLoaded: ValueError: interval must not be nan"),
        (CLASS + "    timeout = True", "NotLoaded: TypeError: timeout must be a number"),
        (CLASS + "    timeout = 0", "NotLoaded: ValueError: timeout must be more than 0 and at most 60 s"),
        (CLASS + "    timeout = '61s'", "NotLoaded: ValueError: timeout must be more than 0 and at most 60"),
        ("class X:\n def collect(self): raise KeyError('x')", "KeyError: 'x'"),
        ("class X:\n def collect(self): exit(1)", "SystemExit: 1"),
        ("class X:\n def collect(self):\n  while True: pass", "timed out after 0.5 s"),
        ("class X:\n def collect(self): return None", "TypeError: 'NoneType' object is not iterable"),
        ("class X:\n def collect(self): return ['x 1']", "TypeError: collect() gave a str"),
        ("class X:\n collect = None", "NotLoaded: ValueError: it has neither"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_under_its_name(place: Place, text: str, message: str) -> None:
    place.write("bad.py", text)
    place.write("good.py", GOOD)
    errors = place.errors()
    assert message in errors["bad"]
    assert list(errors) == ["bad", "good"]
    assert not errors["good"]
    until(lambda: threads() == threads("loading") == 0)


def test_a_timeout_of_a_minute_is_allowed(place: Place) -> None:
    place.write("slow.py", CLASS + "    timeout = '1m'")
    assert place.load()["slow"].timeout_s == 60


def test_a_name_is_had_once(place: Place) -> None:
    place.write("a.py", GOOD)
    place.write("b.py", GOOD + "    name = 'a'\n")
    place.write("cpu.py", GOOD)
    found = place.load("cpu", "meminfo")
    assert list(found) == ["a", "a_2", "cpu_2"]
    with pytest.raises(NotLoaded, match="another collector is called cpu; give this one another `name`"):
        found["cpu_2"].gather()


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_what_others_can_write_is_refused(place: Place, mode: int) -> None:
    file = place.write("loose.py", GOOD, mode)
    assert place.errors()["loose"] == (
        f"NotLoaded: PermissionError: {file} can be written by others: do chmod go-w on it"
    )
    file.chmod(0o644)
    assert place.errors() == {"loose": ""}
    place.path.chmod(0o777)
    [(name, error)] = place.errors().items()
    assert name == "collectors_dir"
    assert "can be written by others" in error


def test_a_link_into_a_directory_that_others_can_write_is_refused(place: Place, tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "x.py").write_text(GOOD)
    (place.path / "x.py").symlink_to(loose / "x.py")
    assert place.errors() == {"x": ""}
    loose.chmod(0o777)
    assert "can be written by others" in place.errors()["x"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_another_user_is_refused(place: Place) -> None:
    file = place.write("foreign.py", GOOD)
    os.chown(file, 12345, 12345)
    assert "belongs to user 12345" in place.errors()["foreign"]
    os.chown(place.path, 12345, 12345)
    assert "belongs to user 12345" in place.errors()["collectors_dir"]


def test_a_file_of_proc_that_waits_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """/proc/kmsg is a regular file, and has nothing to read at times: as a pipe that passed for one."""
    os.mkfifo(place.path / "kmsg.py")
    monkeypatch.setattr("stat.S_ISREG", lambda _: True)
    with (place.path / "kmsg.py").open("r+b", buffering=0):
        assert "kmsg.py is no regular file" in place.errors()["kmsg"]


def test_what_is_no_file_of_code_is_refused(place: Place) -> None:
    os.mkfifo(place.path / "pipe.py")
    (place.path / "folder.py").mkdir()
    (place.path / "gone.py").symlink_to("nowhere.py")
    place.write("large.py", "#" * (MAX_FILE_BYTES + 1))
    place.write("almost.py", GOOD + "#" * (MAX_FILE_BYTES - len(GOOD)))
    errors = place.errors()
    assert "pipe.py is no regular file" in errors["pipe"]
    assert "Is a directory" in errors["folder"] or "no regular file" in errors["folder"]
    assert "No such file" in errors["gone"]
    assert f"larger than {MAX_FILE_BYTES}" in errors["large"]
    assert not errors["almost"]


def test_a_directory_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    loader = Loader(time.monotonic, 5, entry_points=list)
    for name, message in (("gone", "No such file"), ("file", "Not a directory")):
        [broken] = loader.load(str(tmp_path / name), taken=())
        with pytest.raises(NotLoaded, match=message):
            broken.gather()


@pytest.mark.parametrize("more", [0, 1])
def test_a_directory_has_a_limit(place: Place, more: int) -> None:
    for number in range(MAX_FILES + more):
        place.write(f"c{number}.py", "class X:\n    def collect(self): return []\n")
    assert len(place.load()) == (1 if more else MAX_FILES)


def test_reload_loads_what_changed_and_keeps_the_rest(place: Place) -> None:
    counting = """
    from exporter.families import Family, Point
    class Counting:
        def __init__(self): self.runs = 0
        def collect(self):
            self.runs += 1
            return [Family(name="runs", kind="gauge", help="", points=[Point(self.runs)])]
    """
    place.write("kept.py", counting)
    place.write("changed.py", counting)
    place.write("broken.py", "import soon_there")
    place.write("gone.py", GOOD)
    runner = Runner([], stopwatch=time.monotonic)

    def values() -> dict[str, float]:
        runner.replace(list(place.load().values()))
        return {
            outcome.collector: outcome.families[0].points[0].value
            for outcome in runner.gather(everything)
            if not outcome.error
        }

    assert values() == {"kept": 1, "changed": 1, "gone": 3}
    place.write("changed.py", counting.replace("+= 1", "+= 5"))
    (place.path / "gone.py").unlink()
    place.write("added.py", GOOD)
    sys.modules["soon_there"] = threading
    try:
        place.write("broken.py", "import soon_there" + textwrap.dedent(GOOD))
        assert values() == {"kept": 2, "changed": 5, "added": 3, "broken": 3}
        assert values() == {"kept": 3, "changed": 10, "added": 3, "broken": 3}
    finally:
        del sys.modules["soon_there"]
    assert runner.failing() == {}


def test_what_failed_to_load_is_tried_again(place: Place) -> None:
    place.write("late.py", "import sys\nif not hasattr(sys, 'late_is_there'): raise ValueError\n" + GOOD)
    assert place.errors()["late"] == "NotLoaded: ValueError"
    sys.late_is_there = True  # type: ignore[attr-defined]
    try:
        assert place.errors() == {"late": ""}
    finally:
        del sys.late_is_there  # type: ignore[attr-defined]


def test_files_that_hang_are_waited_for_together(place: Place) -> None:
    for number in range(5):
        place.write(f"hangs{number}.py", "import time; time.sleep(1.5)")
    place.write("good.py", GOOD)
    began = time.monotonic()
    errors = place.load()
    assert time.monotonic() - began < 1.3
    assert len(errors) == 6
    until(lambda: threads("loading") == 0)


def test_packages_bring_collectors_by_entry_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "acme-2.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 2.5\n")
    (info / "entry_points.txt").write_text(
        "[fleetgauge.collectors]\nacme = acme_collector:Acme\nmissing = acme_collector:Missing\n"
    )
    (tmp_path / "acme_collector.py").write_text(GOOD.replace("Queue", "Acme"))
    assert installed() == []
    monkeypatch.syspath_prepend(str(tmp_path))
    loader = Loader(time.monotonic, 5)
    acme, missing = loader.load("", taken=())
    assert (acme.name, acme.version, acme.source) == ("acme", "2.5", "entry point acme: acme_collector:Acme")
    assert [family.name for family in acme.gather()] == ["queue_files"]
    with pytest.raises(NotLoaded, match=r"^AttributeError"):
        missing.gather()
    assert loader.load("", taken=())[0] is acme
    sys.modules.pop("acme_collector", None)


def test_loading_takes_no_large_modules(tmp_path: Path) -> None:
    program = f"""if True:
        import sys, time
        from exporter.gathering.custom import Loader
        assert Loader(time.monotonic, 5).load({str(tmp_path)!r}, taken=()) == []
        print(sorted({{"importlib.metadata", "prometheus_client", "email", "ssl"}} & set(sys.modules)))
    """
    tmp_path.chmod(0o755)
    assert run(sys.executable, "-c", program, cwd=ROOT).stdout == "[]\n"


def test_two_users_collectors_may_share_a_name_of_a_metric(place: Place) -> None:
    for name in ("a", "b"):
        place.write(f"{name}.py", GOOD.replace("Point(3)", f"Point(3, (('from', '{name}'),))"))
    page = families_of(place.outcomes().values())
    [queue] = [family for family in page if family.name == "queue_files"]
    assert [point.labels for point in queue.points] == [(("from", "a"),), (("from", "b"),)]


def test_only_one_thread_calls_a_collector_at_a_time(place: Place) -> None:
    running: list[int] = []

    def gather() -> Iterable[Family]:
        assert not running
        running.append(1)
        time.sleep(0.01)
        running.pop()
        return [gauge("x")]

    runner = Runner([Collector(name="x", gather=gather, source="x.py")], stopwatch=time.monotonic)
    callers = [threading.Thread(target=runner.gather, args=(everything,)) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not runner.failing()
