"""`fleetgauge export` and `import`: what went through a file is the same; promtool reads it as we do."""

import re
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.storage.store import Store
from gateway.transfer.directory import ASIDE, StoredSeries, StoreFiller
from gateway.transfer.files import FORMATS
from gateway.transfer.openmetrics import OpenMetricsWriter
from remotewrite.decode.batch import Batch
from tests.gateway.programs import FLEETGAUGE, environment, run, running
from tests.gateway.storage.samples import ALL_TIME, EVERYTHING, batch, contents, open_store
from tests.gateway.transfer.test_formats import strict
from tests.peers.required import find_program
from tests.strategies import STALE_HISTOGRAM, bits
from timeseries.histogram import Buckets, Histogram, HistogramSample, Span
from timeseries.labels import Labels
from timeseries.metadata import Metadata, MetricType
from timeseries.stale import STALE_BITS

ALL = '{__name__!=""}'
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_790_000_000_000

HISTOGRAM = Histogram(
    integer=True, schema=0, count=3, sum=4.5, positive=Buckets(spans=(Span(0, 2),), counts=(1, 2))
)


def fill(directory: Path, start_ms: int = START_MS) -> None:
    """Samples of three days, of several kinds, in parts and in the log."""
    about = [Metadata(family="metric_0", type=MetricType.GAUGE, help="What it is.")]
    with open_store(directory, sync="off") as store:
        for number in range(72):
            at = start_ms + number * HOUR_MS
            rows = [(one, at + one, bits(number / 7 + one), at - 500 if one == 4 else 0) for one in range(8)]
            store.commit(batch(store, rows, about))
            if number == 50:
                store.flush()
        store.commit(batch(store, [(0, at + 60_000, STALE_BITS, 0)]))
        ref = store.register(Labels({"__name__": "seconds", "instance": "host-1"}))
        samples = [HistogramSample(start_ms, HISTOGRAM), HistogramSample(at, HISTOGRAM, start_ms)]
        samples.append(HistogramSample(at + 1, STALE_HISTOGRAM))
        none = batch(store, []).samples
        store.commit(Batch(samples=none, histograms=[(ref, one) for one in samples]))


def all_of(directory: Path) -> tuple[object, object, object]:
    """Everything in a directory: samples, histograms, metadata."""
    with open_store(directory) as store:
        refs = store.index.select(EVERYTHING)
        found = store.histograms.select(refs, *ALL_TIME)
        histograms = {store.index.labels(ref): repr(some) for ref, some in found.items()}
        return contents(store), histograms, store.metadata


@pytest.fixture
def data(tmp_path: Path) -> Path:
    fill(tmp_path / "data")
    return tmp_path / "data"


def export(data: Path, *more: str) -> str:
    answer = run("export", "--data-dir", str(data), *more)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.parametrize("name", ["all", "all.gz"])
def test_the_remote_write_format_keeps_everything_and_twice_is_once(
    data: Path, tmp_path: Path, name: str
) -> None:
    file, other = tmp_path / name, tmp_path / "other"
    export(data, "--match", ALL, "--format", "remote-write", "--output", str(file))
    for _ in range(2):
        answer = run("import", str(file), "--data-dir", str(other))
        assert (answer.returncode, answer.stderr) == (0, "580 samples of 9 series were read.\n")
        assert all_of(other) == all_of(data)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(["data", name, "other"])
    with open_store(other) as store:
        # Retention drops whole parts: none may hold on to old samples for the sake of new ones.
        assert {part.max_time // DAY_MS - part.min_time // DAY_MS for part in store.state.parts} == {0}
        assert not (other / ASIDE).exists()


def test_where_there_are_both_the_histogram_is_the_sample(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.commit(batch(store, [(0, START_MS, 1, 0), (0, START_MS + 1, 2, 0)]))
        none = batch(store, []).samples
        store.commit(Batch(samples=none, histograms=[(0, HistogramSample(START_MS, HISTOGRAM))]))
        [bundle] = StoredSeries(store).bundles([EVERYTHING], *ALL_TIME)
    assert (bundle.times.tolist(), len(bundle.histograms)) == ([START_MS + 1], 1)


def test_csv_keeps_all_samples(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    answer = run("export", "--data-dir", str(data), "--match", ALL, "--format", "csv", "--output", str(file))
    assert answer.stderr == "3 native histograms were left out: the format csv has none.\n"
    assert run("import", str(file), "--data-dir", str(tmp_path / "other")).returncode == 0
    assert all_of(tmp_path / "other")[0] == all_of(data)[0]


def test_only_what_is_asked_for_is_exported(data: Path) -> None:
    text = export(data, "--match", 'metric_1{instance="host-1"}', "--match", "metric_2", "--start", "-2h")
    found = [line.split()[0] for line in text.splitlines() if not line.startswith("#")]
    assert (
        found
        == ['metric_1{instance="host-1"}'] * 2
        + ['metric_2{instance="host-2"}'] * 2
        + ['metric_2{instance="host-5"}'] * 2
    )
    until = export(data, "--match", "metric_1", "--end", str(START_MS / 1000 + 1))
    assert until.count("\nmetric_1") == 3


def test_a_running_gateway_gives_and_takes_what_a_directory_does(tmp_path: Path) -> None:
    now_ms = time.time_ns() // 1_000_000
    fill(tmp_path / "data", now_ms - 3 * DAY_MS)
    ours, file, again = tmp_path / "ours", tmp_path / "file", tmp_path / "again"
    start = str(now_ms / 1000 - 4 * 86400)
    export(tmp_path / "data", "--match", ALL, "--format", "remote-write", "--output", str(file))
    with running("gateway", "--listen", "127.0.0.1:0", "--data-dir", str(ours)) as gateway:
        assert run("import", str(file), "--url", gateway.url).returncode == 0
        answer = run(
            *("export", "--url", gateway.url, "--match", ALL, "--start", start),
            *("--format", "remote-write", "--output", str(again)),
        )
        assert answer.returncode == 0
        # The same directory is in use.
        answer = run("import", str(file), "--data-dir", str(ours))
        assert (answer.returncode, "stop it, or name it with --url" in answer.stderr) == (1, True)
    assert all_of(ours) == all_of(tmp_path / "data")
    assert run("import", str(again), "--data-dir", str(tmp_path / "third")).returncode == 0
    samples, histograms, _ = all_of(tmp_path / "third")
    wanted, some, _ = all_of(ours)
    # Remote read has no start times.
    assert samples == {own: [(*row[:2], 0) for row in rows] for own, rows in wanted.items()}  # type: ignore[attr-defined]
    assert str(histograms).replace(", start_ms=0", "") == re.sub(", start_ms=[0-9]+", "", str(some))


def test_an_import_that_was_killed_is_simply_run_again(data: Path, tmp_path: Path) -> None:
    file, other = tmp_path / "file", tmp_path / "other"
    export(data, "--match", ALL, "--format", "remote-write", "--output", str(file))
    begun = 0
    for wait in (0.0, 0.01, 0.03):
        with subprocess.Popen(
            [FLEETGAUGE, "import", file, "--data-dir", other], env=environment(), stderr=subprocess.DEVNULL
        ) as process:
            while process.poll() is None and not (other / ASIDE).exists():
                time.sleep(0.001)
            time.sleep(wait)
            begun += process.poll() is None
            process.kill()
    assert begun
    assert run("import", str(file), "--data-dir", str(other)).returncode == 0
    assert all_of(other) == all_of(data)


def test_a_bad_line_ends_an_import_or_is_left_out(tmp_path: Path) -> None:
    file, data = tmp_path / "text", tmp_path / "data"
    file.write_text('# TYPE up gauge\nup{job="a"} 1 1790000000\nup{job="b"} 1\nup 2 1790000000.5\n# EOF\n')
    answer = run("import", str(file), "--data-dir", str(data))
    assert answer.returncode == 1
    assert 'line 3: "up{job=\\"b\\"} 1" has no time. With --skip-bad' in answer.stderr
    assert all_of(data)[0] == {}
    answer = run("import", str(file), "--data-dir", str(data), "--skip-bad")
    assert answer.returncode == 0
    assert answer.stderr.splitlines()[1:] == ["2 samples of 2 series were read. 1 lines were bad."]
    assert len(all_of(data)[0]) == 2  # type: ignore[arg-type]


def test_a_later_import_takes_the_place_of_a_sample(tmp_path: Path) -> None:
    for value in ("1", "2"):
        text = f"up {value} 1790000000\n# EOF\n"
        (tmp_path / "text").write_text(text)
        assert run("import", str(tmp_path / "text"), "--data-dir", str(tmp_path / "data")).returncode == 0
    assert "\nup 2 1790000000.000\n" in export(tmp_path / "data", "--match", "up")


def test_what_makes_no_sense_is_said(tmp_path: Path) -> None:
    for code, sentence, arguments in (
        (2, "which series?", ("export",)),
        (2, "--match: ", ("export", "--match", "up{")),
        (2, "--url needs --start", ("export", "--match", "up", "--url", "http://127.0.0.1:1")),
        (2, "is no URL", ("export", "--match", "up", "--start", "-1h", "--url", "nowhere")),
        (1, "there are no data in ", ("export", "--match", "up", "--data-dir", str(tmp_path))),
        (1, "can't be", ("export", "--match", "up", "--start", "1", "--url", "http://127.0.0.1:1")),
        (1, "No such file", ("import", str(tmp_path / "none"), "--data-dir", str(tmp_path))),
    ):
        answer = run(*arguments)
        assert (answer.returncode, sentence in answer.stderr) == (code, True), answer.stderr


number = st.tuples(
    st.integers(0, 5),
    st.integers(START_MS - 3 * DAY_MS, START_MS),
    st.integers(0, (1 << 64) - 1),
    st.just(0) | st.integers(1, START_MS),
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(number, max_size=40), form=st.sampled_from(["csv", "remote-write"]))
def test_any_samples_go_from_store_to_store(
    rows: list[tuple[int, int, int, int]], form: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("stores")
    with (
        open_store(directory / "a", sync="off") as one,
        open_store(directory / "b", sync="off") as other,
    ):
        for row in rows:
            one.commit(batch(one, [row]))
        source = StoredSeries(one)
        writer = FORMATS[form][0](source.metadata)
        raw = b"".join([*map(writer.write, source.bundles([EVERYTHING], *ALL_TIME)), writer.end()])
        sink = StoreFiller(other, directory / "b")
        for bundle in FORMATS[form][1]([raw], strict):
            sink.take(bundle)
        sink.finish(lambda *_: None)
        assert contents(other) == contents(one)


@pytest.mark.peer("prometheus")
def test_promtool_makes_the_same_of_our_openmetrics(tmp_path: Path) -> None:
    """Its blocks, dumped, are what we exported, bit for bit; stale markers apart."""
    chance = np.random.default_rng(7)
    with open_store(tmp_path / "data", sync="off") as store:
        for _ in range(40):
            rows = [
                (one, START_MS + int(at), int(mark), 0)
                for one, at, mark in zip(
                    chance.integers(0, 5, 50),
                    chance.integers(0, 3 * DAY_MS, 50),
                    chance.integers(0, 0x7FE0000000000000, 50),
                    strict=True,
                )
            ]
            store.commit(batch(store, rows))
        store.commit(batch(store, [(0, START_MS, bits(float("inf")), 0), (1, START_MS, bits(-0.0), 0)]))
        wanted = {
            (str(own), time_ms, mark)
            for own, points in contents(store).items()
            for time_ms, mark, _ in points
        }
        write(store, tmp_path / "text")
    promtool = find_program("promtool")
    assert promtool is not None
    blocks = str(tmp_path / "blocks")
    make = [promtool, "tsdb", "create-blocks-from", "openmetrics", str(tmp_path / "text"), blocks]
    subprocess.run(make, check=True, capture_output=True, timeout=60)
    (tmp_path / "blocks" / "wal").mkdir()  # or it is no database to promtool
    dump = subprocess.run(
        [promtool, "tsdb", "dump", blocks], check=True, capture_output=True, text=True, timeout=60
    )
    found = set()
    for line in dump.stdout.splitlines():
        name, value, at = line.rsplit(" ", 2)
        found.add((str(dumped(name)), int(at), bits(float(value))))
    assert found == wanted


def write(store: Store, file: Path) -> None:
    source = StoredSeries(store)
    writer = OpenMetricsWriter(source.metadata)
    some = [*map(writer.write, source.bundles([EVERYTHING], *ALL_TIME)), writer.end()]
    file.write_bytes(b"".join(some))


def dumped(name: str) -> Labels:
    """Read a series as promtool dumps it: `{__name__="up", job="node"}`."""
    return Labels(re.findall(r'(\w+)="([^"]*)"', name))
