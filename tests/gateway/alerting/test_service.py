"""What is said at the start of who is told of alerts, and of templates that can't be used."""

import signal
from pathlib import Path

from tests.gateway.programs import running

FILE = """\
route: {receiver: a}
receivers:
  - name: a
    webhook_configs: [{url: 'http://127.0.0.1:1/'}, {url: 'http://127.0.0.1:2/'}]
  - name: nobody
templates: ['*.tmpl']
"""


def start(*arguments: str) -> str:
    """Start a gateway, end it, and return what it says."""
    surrounded = {"FLEETGAUGE_LISTEN": "127.0.0.1:0", "FLEETGAUGE_LOG_FORMAT": "logfmt"}
    with running("gateway", *arguments, **surrounded) as gateway:
        said = gateway.said
        gateway.process.send_signal(signal.SIGTERM)
        return said + gateway.rest()


def test_a_start_says_how_many_are_told(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(FILE)
    said = start("--alertmanager-config", str(file), "--alertmanager", "http://127.0.0.1:1")
    assert f"event=alerts.configured file={file} receivers=2 ways=2 alertmanagers=1" in said
    assert 'level=warning event=alerts.no_templates pattern="*.tmpl"' in said
    assert "alerts.nobody_is_told" not in said


def test_a_start_without_receivers_says_that_nobody_is_told() -> None:
    said = start()
    assert 'event=alerts.configured file="" receivers=0 ways=0 alertmanagers=0' in said
    assert "event=alerts.nobody_is_told" in said
