"""`fleetgauge check alertmanager` says OK, or all that is wrong, where, and with which exit code."""

from pathlib import Path

from click.testing import CliRunner, Result

from check.cli import check
from tests.alertrules.routing.corpus import PLAIN, child, way


def run(*files: Path) -> Result:
    return CliRunner().invoke(check, ["alertmanager", *map(str, files)])


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_good_file_is_said_to_be_so(tmp_path: Path) -> None:
    file = write(tmp_path / "good.yml", way("webhook", "url: http://a"))
    answer = run(file)
    assert answer.output == f"{file}: OK (receivers: 1, ways to them: 1, routes: 1, files of templates: 0)\n"
    assert answer.exit_code == 0


def test_what_is_wrong_is_said_of_each_file(tmp_path: Path) -> None:
    good = write(tmp_path / "good.yml", PLAIN)
    bad = write(tmp_path / "bad.yml", child("receiver: y"))
    broken = write(tmp_path / "broken.yml", "a: [\n")
    answer = run(bad, good, broken, tmp_path / "none.yml")
    lines = answer.output.splitlines()
    assert lines[0] == f'{bad}, line 1: receiver: there is no receiver "y"; there are x.'
    assert lines[1].startswith(f"{good}: OK")
    assert lines[2].startswith(f"{broken}, line 2: this is not valid YAML")
    assert "none.yml" in lines[3]
    assert answer.exit_code == 1


def test_what_the_gateway_would_not_use_is_said_too(tmp_path: Path) -> None:
    jira = write(tmp_path / "jira.yml", way("jira", "project: p, issue_type: t, api_url: 'http://a'"))
    unknown = write(tmp_path / "unknown.yml", way("apprise", "url: nothing-such://a"))
    answer = run(jira, unknown)
    assert f"{jira}: receiver x: jira[0]: there is no such kind of receiver here" in answer.output
    assert f"{unknown}: receiver x: apprise[0]: the url is none that Apprise knows" in answer.output
    assert answer.exit_code == 1


def test_templates_are_read_as_the_gateway_reads_them(tmp_path: Path) -> None:
    file = write(tmp_path / "named.yml", f"{PLAIN}templates: [texts/*.tmpl, none.tmpl]\n")
    texts = tmp_path / "texts"
    texts.mkdir()
    write(texts / "a.tmpl", '{{ define "a" }}x{{ end }}')
    assert run(file).output.endswith("files of templates: 1)\n")
    write(texts / "b.tmpl", "{{ if }}")
    answer = run(file)
    assert "b.tmpl" in answer.output
    assert answer.exit_code == 1


def test_a_way_that_cannot_be_used_is_told_with_its_receiver(tmp_path: Path) -> None:
    file = write(tmp_path / "bad.yml", way("apprise", "url: 'nonsense://x'"))
    answer = run(file)
    assert answer.output.startswith(f"{file}: receiver ")
    assert "none that Apprise knows" in answer.output
    assert answer.exit_code == 1
