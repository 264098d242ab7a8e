"""The running agent beside Debian's exporters on this machine, checked by promtool, scraped by Prometheus."""

import math
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from tests.exporter import pages
from tests.exporter.http.serving import eventually
from tests.exporter.programs import Agent, agent
from tests.peers.required import find_program
from tests.peers.servers import Servers
from tests.peers.test_node_exporter import RESTLESS, label_names

OTHERS: Final = {
    "go_": "of the Go runtime; the agent has none",
    "promhttp_": "of the Go library that serves their page",
    "process_": "of each exporter's own process; the agent shows those of its own",
    "node_exporter_build_info": "fleetgauge_agent_build_info stands for it",
    "process_exporter_build_info": "fleetgauge_agent_build_info stands for it",
    "namedprocess_scrape_procread_errors": "",
}
"""What they show and the agent does not, by the beginning of the name, and why."""

KEPT: Final = {
    'namedprocess_scrape_errors counter metrics should have "_total" suffix',
    'namedprocess_scrape_partial_errors counter metrics should have "_total" suffix',
    'namedprocess_scrape_procread_errors counter metrics should have "_total" suffix',
}
"""promtool's complaints about names that are as process-exporter has them."""

