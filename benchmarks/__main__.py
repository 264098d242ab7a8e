"""`python -m benchmarks [NAME…]`: all benchmarks, or those whose names contain a NAME."""

import sys
from importlib import import_module
from typing import Final

from benchmarks.harness import print_table

MODULES: Final = (
    "agent",
    "answers",
    "backtest",
    "blocks",
    "collectors",
    "decode",
    "disk",
    "encode",
    "fleet",
    "forward",
    "history",
    "imports",
    "index",
    "load",
    "memory",
    "overview",
    "packs",
    "parsing",
    "processes",
    "promql",
    "queries",
    "receive",
    "registry",
    "restart",
    "rules",
    "waits",
)

if __name__ == "__main__":
    wanted = sys.argv[1:] or [""]
    every = (one for name in MODULES for one in import_module(f"benchmarks.{name}").benchmarks())
    print_table(one for one in every if any(part in one.name for part in wanted))
