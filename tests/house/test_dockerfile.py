"""The Dockerfile's steps, run one by one without a container engine.

The RUN steps of the stages that install are run as they stand, with the image's directories moved below a
temporary one and an empty environment in place of the image's Python. What is not run here: the base image
itself, and the steps that make the user and the data directory.
"""

import json
import re
import shutil
import subprocess
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.house.environments import make_environment, offline, succeed
from tests.house.tree import PRODUCT, PYPROJECT, ROOT, run, tool
from tests.peers.required import go_without
from tests.peers.servers import free_port

HEALTHY_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of the Dockerfile: its steps in order, each an instruction and what follows it."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, instruction: str) -> str:
        return [rest for name, rest in self.steps if name == instruction][-1]

    def words(self, instruction: str) -> list[str]:
        """The command of an instruction in its JSON form."""
        words: list[str] = json.loads(self.last(instruction).removeprefix("CMD "))
        return words


def read_stages() -> dict[str, Stage]:
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    stages: dict[str, Stage] = {}
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            base, _, name = rest.partition(" AS ")
            stages[name] = Stage(base=base)
        elif instruction:
            stages[name].steps.append((instruction, rest))
    return stages


def build_context() -> list[str]:
    """What .dockerignore lets through to the builder."""
    return re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)


STAGES: Final = read_stages()
HAS_PAGES: Final = bool(shutil.which("npm")) and (ROOT / "gateway" / "web" / "node_modules").is_dir()
LEFT_OUT: Final = shutil.ignore_patterns("__pycache__", "node_modules", "built")


class Builder:
    """Runs stages; /src, /dist and each target's /opt are directories below its root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._source = root / "src"
        self._source.mkdir()
        self._python = make_environment(root / "python", with_pip=True)

    def run(self, name: str) -> Path:
        """Run a stage; returns the directory of programs that it makes for its image."""
        opt = self.root / name
        for instruction, rest in STAGES[name].steps:
            if instruction == "RUN":
                command = rest.replace("/opt/", f"{opt}/").replace("/dist", f"{self.root}/dist")
                command = command.replace("/src/", f"{self._source}/")
                path = f"{self._python}:/usr/bin:/bin"
                succeed("bash", "-euc", command, cwd=self._source, env=offline() | {"PATH": path})
            elif rest.startswith("--from=pages "):
                _, built, target = rest.split()
                if (self.root / built.removeprefix("/")).is_dir():
                    shutil.copytree(self.root / built.removeprefix("/"), self._source / target)
            elif instruction == "COPY" and not rest.startswith("--from"):
                source, target = rest.split()
                for copied in build_context() if source == "." else [source]:
                    self._copy(copied, copied if source == "." else target)
        return opt / "fleetgauge" / "bin"

    def build_pages(self) -> None:
        """Run the stage of the pages; its packages are those that `make setup` took from the registry."""
        web = self.root / "web"
        for instruction, rest in STAGES["pages"].steps:
            if instruction == "RUN" and rest.startswith("npm ci "):
                (web / "node_modules").symlink_to(ROOT / "gateway" / "web" / "node_modules")
            elif instruction == "RUN":
                succeed("bash", "-euc", rest, cwd=web, env=offline())
            elif instruction == "COPY":
                *sources, _ = rest.split()
                web.mkdir(exist_ok=True)
                for source in sources:
                    self._into(ROOT / source, web if (ROOT / source).is_dir() else web / Path(source).name)

    def _copy(self, source: str, target: str) -> None:
        self._into(ROOT / source, self._source / target.removeprefix("/src/"))

    def _into(self, source: Path, destination: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, destination, dirs_exist_ok=True, ignore=LEFT_OUT)
        else:
            shutil.copy(source, destination)


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    builder = Builder(tmp_path_factory.mktemp("image"))
    if HAS_PAGES:
        builder.build_pages()
    builder.run("build")
    return builder


def test_the_agent_image_serves_and_is_healthy(builder: Builder, tmp_path: Path) -> None:
    programs = builder.run("agent-build")
    assert run(programs / "python", "-c", "import numpy", env=offline()).returncode == 1, (
        "the agent stays light"
    )
    assert_serves(programs, "agent", "127.0.0.1:9256", tmp_path)


def test_the_gateway_image_serves_and_is_healthy(builder: Builder, tmp_path: Path) -> None:
    assert_serves(builder.run("gateway-build"), "gateway", "0.0.0.0:9095", tmp_path)


def test_the_gateway_image_has_the_pages(builder: Builder) -> None:
    if not HAS_PAGES:
        go_without("the web pages are not built; with Node.js at hand, `make setup` builds them")
    [wheel] = (builder.root / "dist").glob("*.whl")
    assert "gateway/web/built/index.html" in zipfile.ZipFile(wheel).namelist()


def test_what_is_built_here_stays_out_of_the_image() -> None:
    left_out = (ROOT / ".dockerignore").read_text().splitlines()
    assert {"gateway/web/built", "gateway/web/node_modules", "**/__pycache__"} <= set(left_out)


def assert_serves(programs: Path, target: str, address: str, directory: Path) -> None:
    """Start a stage's command on a free port of loopback, until its own check says that it is healthy."""
    stage = STAGES[target]
    entry = programs / stage.words("ENTRYPOINT")[0]
    port, usual = str(free_port()), address.rpartition(":")[2]
    command = [word.replace(address, f"127.0.0.1:{port}") for word in stage.words("CMD")]
    program, *arguments = [word.replace(usual, port) for word in stage.words("HEALTHCHECK")]
    check: tuple[str | Path, ...] = (programs / program, *arguments)
    assert run(*check, env=offline()).returncode == 1, "nothing serves yet"
    with subprocess.Popen([entry, *command], cwd=directory, env=offline()) as server:
        try:
            deadline = time.monotonic() + HEALTHY_SECONDS
            while run(*check, env=offline()).returncode != 0:
                assert server.poll() is None, f"the {target} ended by itself"
                assert time.monotonic() < deadline, f"the {target} is not healthy"
        finally:
            server.terminate()


def test_the_gateway_image_does_not_serve_everyone_by_default(tmp_path: Path) -> None:
    started = run(tool("fleetgauge"), *STAGES["gateway"].words("CMD"), cwd=tmp_path, env=offline())
    assert started.returncode == 2
    assert "--allow-anonymous" in started.stderr


@pytest.mark.parametrize(("target", "port"), [("agent", "9256"), ("gateway", "9095")])
def test_an_image_has_a_user_of_its_own_and_says_how_it_is(target: str, port: str) -> None:
    stage = STAGES[target]
    assert STAGES[stage.base].base == STAGES["build"].base
    assert stage.last("USER") == "10001:10001"
    assert stage.last("EXPOSE") == port
    assert stage.words("HEALTHCHECK")[0] in {"fleetgauge", "python"}, "a slim image has no curl"


def test_the_gateway_is_what_is_built_by_default() -> None:
    assert list(STAGES)[-1] == "gateway"


def test_the_builder_sees_what_the_wheel_is_built_from() -> None:
    project = PYPROJECT["project"]
    files = {*PRODUCT, *project["license-files"], project["readme"], "pyproject.toml", "requirements"}
    assert set(build_context()) == files
