"""Builds the web pages into a wheel, where they are not built yet and npm is there."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Pages(BuildHookInterface):  # type: ignore[type-arg]  # hatchling says no type
    """Called by hatchling before it collects files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build them once; an editable install serves what `make setup` builds."""
        web = Path(self.root) / "gateway" / "web"
        if version == "editable" or (web / "built" / "index.html").exists():
            return
        npm = shutil.which("npm")
        if npm is None:
            sys.stderr.write("There is no npm here: this wheel has no web pages.\n")
            return
        for arguments in (("ci", "--ignore-scripts", "--silent"), ("run", "--silent", "build")):
            subprocess.run([npm, "--prefix", str(web), *arguments], check=True)  # noqa: S603
