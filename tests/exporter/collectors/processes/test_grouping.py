"""process-exporter's file: what it means, and what is said of a wrong one."""

from pathlib import Path

import pytest

from exporter.collectors.processes.grouping import load_grouping
from exporter.collectors.processes.templates import Subject
from runtime.errors import SettingsError

POSTGRES = Subject(
    comm="postgres",
    args=("/usr/bin/postgres", "-D", "/data/main"),
    pid=700,
    user="pg",
    started_s=1_795_188_971,
    cgroups=("/a", "/b"),
)


def name(text: str, folder: Path, subject: Subject = POSTGRES) -> str | None:
    (folder / "groups.yml").write_text("process_names:\n" + text)
    return load_grouping(folder / "groups.yml").name(subject)


@pytest.mark.parametrize(
    ("entry", "group"),
    [
        ("- comm: [sshd, postgres]", "postgres"),
        ("- comm: [sshd]", None),
        ("- exe: [postgres]", "postgres"),
        ("- exe: [/usr/bin/postgres]", "postgres"),
        ("- exe: [/opt/postgres]", None),
        ("- cmdline: ['-D .*', '^/usr']", "postgres"),
        ("- cmdline: ['-D .*', '^/opt']", None),
        ("- {comm: [postgres], exe: [sshd]}", None),
        ("- {name: first, comm: [postgres]}\n- {name: second, comm: [postgres]}", "first"),
        ("- {name: first, comm: [sshd]}\n- {name: second, comm: [postgres]}", "second"),
        ("- {name: '{{.Comm}}:{{ .PID }}', comm: [postgres]}", "postgres:700"),
        ("- {name: '{{.ExeFull}} {{.Username}}', comm: [postgres]}", "/usr/bin/postgres pg"),
        ("- {name: 'a {{- .Comm -}} b', comm: [postgres]}", "a {{- .Comm -}} b"),
        ("- {name: '{{.StartTime}}', comm: [postgres]}", "2026-11-20 15:36:11 +0000 UTC"),
        ("- {name: '{{.Cgroups}}', comm: [postgres]}", "[/a /b]"),
        ("- {name: '{{.Matches.db}}', cmdline: ['-D\\s+\\S*/(?P<db>\\S+)$']}", "main"),
        ("- {name: '', comm: [postgres]}", "postgres"),
        (" []", None),
    ],
)
def test_an_entry_names_what_fits_all_its_conditions(entry: str, group: str | None, tmp_path: Path) -> None:
    if group == "a {{- .Comm -}} b":
        group = "apostgresb"
    assert name(entry, tmp_path) == group


def test_without_arguments_the_short_name_stands_for_the_program(tmp_path: Path) -> None:
    bare = Subject(comm="kworker", args=(), pid=2, user="root", started_s=0, cgroups=())
    assert name("- {name: '{{.ExeBase}} {{.ExeFull}}', comm: [kworker]}", tmp_path, bare) == "kworker kworker"
    assert name("- exe: [kworker]", tmp_path, bare) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected keys with values: process_names"),
        ("{}", 'line 1: there is no key "process_names"'),
        ("process_names: 5", "line 1: process_names: expected a list"),
        ("process_names: []\nother: 1", "line 2: there is no such key: other. Allowed here: process_names"),
        ("process_names:\n- 5", "line 2: expected keys with values: name, comm, exe, cmdline"),
        ("process_names:\n- name: a", "line 2: this entry fits nothing: give it one of comm, exe, cmdline"),
        ("process_names:\n- comm: [a]\n  comm: [b]", "line 3: comm: this key is given twice"),
        ("process_names:\n- comm: a", "line 2: comm: expected a list of texts"),
        ("process_names:\n- comm: [5]", "line 2: comm: expected text; put it in quotes"),
        ("process_names:\n- name: 5\n  comm: [a]", "line 2: name: expected text"),
        (
            "process_names:\n- cmdline:\n  - a\n  - '*'",
            "line 4: cmdline: this is no regular expression: nothing to repeat at position 0",
        ),
        ("process_names:\n- name: '{{.X'\n  comm: [a]", "line 2: name: a {{ or }} stands alone"),
        (
            "process_names: [",
            "line 1: this is not valid YAML: expected the node content, but found '<stream end>'",
        ),
    ],
)
def test_a_wrong_file_is_told_with_its_line(text: str, message: str, tmp_path: Path) -> None:
    assert problems(text, tmp_path) == [f"{tmp_path}/groups.yml, {message}."]


@pytest.mark.parametrize("field", ["{{.Nope}}", "{{.Matches.b}}", "{{if .Comm}}", "{{Comm}}"])
def test_a_name_may_use_only_what_there_is(field: str, tmp_path: Path) -> None:
    text = f"process_names:\n- name: '{field}'\n  cmdline: ['(?P<a>x)']"
    [problem] = problems(text, tmp_path)
    assert f"there is no {field}. Allowed here: {{{{.Comm}}}}" in problem
    assert problem.endswith("{{.Matches.a}}.")


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    assert len(problems("process_names:\n- {comm: 1, exe: 2}\n- 3", tmp_path)) == 3


def problems(text: str, folder: Path) -> list[str]:
    (folder / "groups.yml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_grouping(folder / "groups.yml")
    return str(caught.value).splitlines()
