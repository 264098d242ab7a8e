"""Scripts of Prometheus' test language: our own, and those of its engine where they are at hand."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from tests.house.tree import ROOT
from tests.promqltest.__main__ import read, scripts
from tests.promqltest.runner import run
from tests.promqltest.script import parse_script
from tests.promqltest.shelves import Memory, Shelf, Stored

OWN: Final = ROOT / "tests" / "promql" / "scripts"
PROMETHEUS: Final = ROOT.parent / "shared" / "promqltest"


@pytest.fixture(params=[Memory, Stored])
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """Both places for samples."""
    kind: Callable[[], Shelf] = request.param
    with closing(kind()) as made:
        yield made


def problems(file: Path, shelf: Shelf) -> list[str]:
    verdicts = list(run(parse_script(read(file)), shelf))
    assert verdicts
    return [
        f"{file.name}:{one.line}: {one.query}: {one.problem}" for one in verdicts if one.problem is not None
    ]


@pytest.mark.parametrize("file", scripts([OWN]), ids=lambda file: file.stem)
def test_our_scripts(file: Path, shelf: Shelf) -> None:
    assert not problems(file, shelf)


@pytest.mark.skipif(not PROMETHEUS.is_dir(), reason="Prometheus' scripts are not beside the repository")
@pytest.mark.parametrize("file", scripts([PROMETHEUS]), ids=lambda file: file.stem)
def test_the_scripts_of_prometheus(file: Path, shelf: Shelf) -> None:
    assert not problems(file, shelf)
