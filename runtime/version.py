"""The version of Fleetgauge: the one place that says it. Asking the installed package costs 7 MiB."""

from typing import Final

VERSION: Final = "0.1.0"
