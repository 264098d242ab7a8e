"""Units as systemctl prints them, and a systemctl that fails, hangs or is not there."""

from pathlib import Path
from typing import Final

import pytest

from exporter.collectors import systemd
from exporter.collectors.choosing import shown
from exporter.settings import Systemd
from tests.exporter import pages

CHOSEN: Final = shown(Systemd().unit_include.matches, Systemd().unit_exclude.matches)
MANAGER: Final = "Version=252.39-1~deb12u1\nSystemState=degraded\n"
UNITS: Final = """\
Type=notify
Id=nginx.service
LoadState=loaded
ActiveState=active

Type=simple
Id=backup=1.service
LoadState=loaded
ActiveState=failed

Id=gone.service
LoadState=not-found
ActiveState=inactive

NAccepted=7
NConnections=2
NRefused=1
Id=ssh.socket
LoadState=loaded
ActiveState=active

LastTriggerUSec=Fri 2026-11-20 06:25:01 UTC
Id=apt-daily.timer
LoadState=loaded
ActiveState=active

LastTriggerUSec=
Id=never.timer
LoadState=loaded
ActiveState=inactive

Id=-.mount
LoadState=loaded
ActiveState=active
"""
SCRIPT: Final = f"""#!/bin/sh
[ "$TZ" = UTC ] && [ "$1" = show ] || exit 9
case "$*" in *Version*) cat <<'END'
{MANAGER}END
;; *) cat <<'END'
{UNITS}END
esac
"""


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program = tmp_path / "systemctl"
    program.write_text(SCRIPT)
    program.chmod(0o755)
    return program


def test_units_are_named_as_node_exporter_names_them(systemctl: Path) -> None:
    page = pages.page(systemd.to_metrics(systemd.read(CHOSEN)))
    values = {
        (name, *(value for _, value in sorted(labels))): value
        for name, (_, points) in page.items()
        for labels, value in points.items()
        if value
    }
    assert values == {
        ("node_systemd_version", "252.39-1~deb12u1"): 252.39,
        ("node_systemd_units", "active"): 4,
        ("node_systemd_units", "failed"): 1,
        ("node_systemd_units", "inactive"): 2,
        ("node_systemd_unit_state", "nginx.service", "active", "notify"): 1,
        ("node_systemd_unit_state", "backup=1.service", "failed", "simple"): 1,
        ("node_systemd_unit_state", "ssh.socket", "active", ""): 1,
        ("node_systemd_unit_state", "apt-daily.timer", "active", ""): 1,
        ("node_systemd_unit_state", "never.timer", "inactive", ""): 1,
        ("node_systemd_socket_accepted_connections_total", "ssh.socket"): 7,
        ("node_systemd_socket_current_connections", "ssh.socket"): 2,
        ("node_systemd_socket_refused_connections_total", "ssh.socket"): 1,
        ("node_systemd_timer_last_trigger_seconds", "apt-daily.timer"): 1_795_155_901,
    }
    assert list(page["node_systemd_system_running"][1].values()) == [0]
    assert len(page["node_systemd_unit_state"][1]) == 5 * len(systemd.STATES)


def test_units_can_be_chosen(systemctl: Path) -> None:
    read = systemd.read(shown(lambda name: name.endswith(".mount"), lambda name: name == "x.mount"))
    assert [unit["Id"] for unit in read.units] == ["-.mount"]


def test_a_host_without_systemctl_is_told_by_its_error(
    systemctl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(systemctl.parent / "empty"))
    with pytest.raises(FileNotFoundError):
        systemd.read(CHOSEN)


def test_a_systemctl_that_fails_is_told_with_its_words(systemctl: Path) -> None:
    systemctl.write_text("#!/bin/sh\necho 'System has not been booted with systemd' >&2; exit 1\n")
    with pytest.raises(OSError, match="not been booted"):
        systemd.read(CHOSEN)


def test_a_systemctl_that_hangs_is_ended(systemctl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    systemctl.write_text("#!/bin/sh\nexec sleep 30\n")
    monkeypatch.setattr(systemd, "PATIENCE_SECONDS", 0.1)
    with pytest.raises(TimeoutError):
        systemd.read(CHOSEN)


@pytest.mark.parametrize("printed", ["", "x", "=\n\n=", "Id\n\nId=.socket\nNAccepted=x\nLoadState=loaded"])
def test_only_declared_errors_escape_what_it_prints(printed: str) -> None:
    try:
        systemd.to_metrics(systemd.read(lambda _: True, lambda _: printed))
    except ValueError:
        return
