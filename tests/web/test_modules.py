"""The modules of the pages that need no browser, tested by Node's own runner: gateway/web/tests."""

import re
import shutil

from tests.house.tree import ROOT, run
from tests.peers.required import go_without

WEB = ROOT / "gateway" / "web"


def test_modules_do_what_they_say() -> None:
    npm = shutil.which("npm")
    if npm is None or not (WEB / "node_modules").exists():
        go_without("the web pages are not built; with Node.js at hand, `make setup` builds them")
    done = run(npm, "--prefix", WEB, "test", "--silent")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\bpass [1-9]", done.stdout)
