"""Makes the pictures of the documentation: `python -m tests.web.screenshots DIRECTORY`.

The fleet is that of the tests; `make screenshots` calls this.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote

from playwright.sync_api import Browser

from tests.web.browser import Scheme, running_browser, tab
from tests.web.fleet import CULPRIT_AGO_S, Fleet, running_fleet

SIZE: Final = (1360, 850)
QUERY: Final = 'sum by (instance) (rate(node_cpu_seconds_total{mode!="idle"}[2m]))'


def pictures(fleet: Fleet) -> dict[str, tuple[str, Scheme]]:
    """Name, address and colours of each."""
    moment = fleet.now - sum(CULPRIT_AGO_S) // 2
    around = f"from={moment - 1200}&to={moment + 1200}"
    return {
        "overview": ("/", "light"),
        "overview-dark": ("/", "dark"),
        "host": (f"/agents/db-1?{around}&at={moment}", "light"),
        "compare": ("/compare?agents=db-1,web-1,web-2", "light"),
        "alerts": ("/alerts", "light"),
        "explore": (f"/explore?expr={quote(QUERY)}", "light"),
        "status": ("/status", "light"),
    }


def main(directory: Path) -> None:
    """Make all of them, each in a profile of its own."""
    directory.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place, running_fleet(Path(place)) as fleet, running_browser() as browser:
        for name, (address, scheme) in pictures(fleet).items():
            take(browser, fleet, address, scheme, directory / f"{name}.png")


def take(browser: Browser, fleet: Fleet, address: str, scheme: Scheme, file: Path) -> None:
    """Make one."""
    with tab(browser, fleet.url, size=SIZE, scheme=scheme) as made:
        made.open(address)
        made.shoot(file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
