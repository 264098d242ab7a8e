"""`python -m tests.promqltest [-v] [--store] FILE-OR-DIRECTORY…`: run Prometheus' test scripts."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from tests.promqltest.runner import run
from tests.promqltest.script import parse_script
from tests.promqltest.shelves import Memory, Stored


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all, print what failed and how many, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.promqltest", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, help="scripts, or directories of *.test")
    parser.add_argument("-v", "--verbose", action="store_true", help="name every eval")
    parser.add_argument("--store", action="store_true", help="read from the gateway's store")
    options = parser.parse_args(arguments)
    passed = failed = 0
    for file in scripts(options.paths):
        with closing(Stored() if options.store else Memory()) as shelf:
            for verdict in run(parse_script(read(file)), shelf):
                passed += verdict.problem is None
                failed += verdict.problem is not None
                if verdict.problem is not None or options.verbose:
                    _say(f"{file}:{verdict.line}: {verdict.query}: {verdict.problem or 'ok'}")
    _say(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def _say(text: str) -> None:
    """Print, whatever bytes a script has."""
    sys.stdout.write(text.encode(errors="backslashreplace").decode() + "\n")


def scripts(paths: Iterable[Path]) -> list[Path]:
    """Return the files, and the scripts in the directories."""
    return [file for path in paths for file in (sorted(path.glob("*.test")) if path.is_dir() else [path])]


def read(file: Path) -> str:
    """Return the text of a script; bytes that are no UTF-8 stay what they are."""
    return file.read_text(errors="surrogateescape")


if __name__ == "__main__":
    sys.exit(main())
