"""Alertmanager's configuration file with the templates it names."""

import os
from pathlib import Path

import pytest

from gateway.alerting import configuring
from gateway.alerting.configuring import read_configured
from runtime.errors import SettingsError


def file_in(directory: Path) -> Path:
    file = directory / "am.yml"
    file.write_text("route: {receiver: a}\nreceivers: [{name: a}]\ntemplates: ['*.tmpl']\n")
    return file


def test_a_configuration_that_is_a_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        read_configured(tmp_path)


def test_templates_that_are_no_files_are_told_and_nothing_waits_for_them(tmp_path: Path) -> None:
    for make in (os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")):
        place = tmp_path / "a.tmpl"
        make(place)
        with pytest.raises(SettingsError, match=r"a\.tmpl: cannot be read: it is no regular file"):
            read_configured(file_in(tmp_path))
        place.rmdir() if place.is_dir() else place.unlink()


def test_all_templates_together_may_have_so_many_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configuring, "MAX_TEMPLATE_BYTES", 20)
    for name in ("a", "b"):
        (tmp_path / f"{name}.tmpl").write_text("x" * 10)
    read_configured(file_in(tmp_path))
    (tmp_path / "c.tmpl").write_text("x")
    with pytest.raises(SettingsError, match=r"c\.tmpl: with it there are more than 20 bytes of templates"):
        read_configured(file_in(tmp_path))


def test_a_template_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.tmpl").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=r"a\.tmpl: cannot be read: it is not UTF-8"):
        read_configured(file_in(tmp_path))
