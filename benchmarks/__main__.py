"""`python -m benchmarks [NAME…]`: all benchmarks, or those whose names contain a NAME."""

import sys
from typing import Final

from benchmarks import (
    answers,
    blocks,
    decode,
    disk,
    encode,
    fleet,
    imports,
    index,
    memory,
    parsing,
    processes,
    promql,
    queries,
    receive,
    restart,
    waits,
)
from benchmarks.harness import print_table

MODULES: Final = (
    answers,
    blocks,
    decode,
    disk,
    encode,
    fleet,
    imports,
    index,
    memory,
    parsing,
    processes,
    promql,
    queries,
    receive,
    restart,
    waits,
)

if __name__ == "__main__":
    wanted = sys.argv[1:] or [""]
    every = (one for module in MODULES for one in module.benchmarks())
    print_table(one for one in every if any(part in one.name for part in wanted))
