"""What the agent takes from this package costs it neither numpy nor google-re2."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["errors", "exemplar", "histogram", "labels", "metadata", "stale", "text"])
def test_the_module_is_light(module: str) -> None:
    program = f"import sys, timeseries.{module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {"numpy", "re2"}.isdisjoint(loaded.stdout.split())
    assert f"timeseries.{module}" in loaded.stdout.split()
