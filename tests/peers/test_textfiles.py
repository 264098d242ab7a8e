"""Text files show what node_exporter shows of them, and the same ones are bad."""

import math
import random
import re
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from exporter.collectors import textfile
from exporter.families import Family
from tests.exporter.texts import BAD, GOOD
from tests.peers.servers import Servers

pytestmark = pytest.mark.peer("node-exporter")

MUTANTS: Final = 1500
# What node_exporter says of itself.
OTHERS: Final = ("node_scrape_collector_", "node_exporter_", "promhttp_")
_SAMPLE: Final = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_MEANT: Final = {"\\\\": "\\", "\\n": "\n", '\\"': '"'}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def meant(text: str) -> str:
    return re.sub(r"\\.", lambda found: _MEANT[found[0]], text)


def shown(servers: Servers, directory: Path) -> tuple[Samples, dict[str, str], dict[str, str]]:
    """Samples, helps and types that node_exporter makes of a directory of text files."""
    server = servers.node_exporter(
        "--web.disable-exporter-metrics",
        "--collector.disable-defaults",
        "--collector.textfile",
        f"--collector.textfile.directory={directory}",
    )
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=20) as answer:
        lines = answer.read().decode().split("\n")
    samples: Samples = {}
    helps, types = {}, {}
    for line in lines:
        if line.startswith("# HELP "):
            name, _, text = line[7:].partition(" ")
            helps[name] = meant(text)
        elif line.startswith("# TYPE "):
            name, _, types[name] = line[7:].partition(" ")
        elif sample := _SAMPLE.fullmatch(line):
            pairs = frozenset(
                (name, meant(value)) for name, value in _LABEL.findall(sample[2] or "") if value
            )
            samples[sample[1], pairs] = float(sample[3])
    ours = {name for name in types if not name.startswith(OTHERS)}
    return samples, {name: helps.get(name, "") for name in ours}, {name: types[name] for name in ours}


def collected(families: list[Family]) -> Samples:
    return {
        (family.name + point.suffix, frozenset(point.labels)): point.value
        for family in families
        for point in family.points
    }


def write(directory: Path, files: Mapping[str, str | bytes]) -> None:
    for name, text in files.items():
        (directory / f"{name}.prom").write_bytes(text if isinstance(text, bytes) else text.encode())


def test_good_and_bad_files_show_the_same(servers: Servers, tmp_path: Path) -> None:
    write(tmp_path, {**GOOD, **BAD})
    (tmp_path / "dangling.prom").symlink_to("nowhere")
    (tmp_path / "linked.prom").symlink_to("other.txt")
    (tmp_path / "other.txt").write_text("linked 1\n")
    families = textfile.to_metrics(textfile.read([str(tmp_path)]))
    samples, helps, types = shown(servers, tmp_path)
    ours = collected(families)
    theirs = {key: value for key, value in samples.items() if not key[0].startswith(OTHERS)}
    assert ours.keys() == theirs.keys()
    assert [
        key for key, value in theirs.items() if not (value == ours[key] or math.isnan(value + ours[key]))
    ] == []
    assert {family.name: family.kind for family in families} == types
    told = {name for name, text in helps.items() if not text.startswith("Metric read from")}
    assert {
        family.name: family.help
        for family in families
        if family.name in told and not family.name.startswith("node_textfile_")
    } == {name: helps[name] for name in told if not name.startswith("node_textfile_")}


def test_the_same_mutants_are_bad(servers: Servers, tmp_path: Path) -> None:
    chance = random.Random(7)
    texts = [text for text in GOOD.values() if text]
    pieces = [*'\\"{},= \t\n\r#1x', "# TYPE x gauge\n", "# HELP x y\n", "le"]
    for number in range(MUTANTS):
        text = chance.choice(texts)
        at, length = chance.randrange(len(text)), chance.choice((0, 0, 1, 3))
        mutant = text[:at] + chance.choice(["", *pieces]) + text[at + length :]
        # It overlooks backslashes there, alone.
        if not re.search(r"TYPE.*\\", mutant):
            (tmp_path / f"{number}.prom").write_text(mutant, newline="")
    samples, _, _ = shown(servers, tmp_path)
    theirs = {dict(labels)["file"] for name, labels in samples if name == "node_textfile_mtime_seconds"}
    read = textfile.read([str(tmp_path)])
    assert {path: read.wrong.get(path) for path in theirs ^ read.written.keys()} == {}
    assert len(theirs) > MUTANTS / 10
    assert len(read.wrong) > MUTANTS / 10
