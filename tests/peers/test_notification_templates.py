"""Templates of notifications against Alertmanager: what amtool makes of each, letter for letter."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from alertrules.alert import Alert
from alertrules.errors import TemplateError
from alertrules.notification import Notification
from alertrules.templates.alertmanager import make_templates
from tests.peers.required import find_program
from timeseries.labels import Labels

NOW_MS: Final = 1_700_000_000_123
OWN: Final = """
{{ define "own.title" }}<{{ .Status }}>{{ template "own.inner" .Alerts }}{{ end }}
{{ define "own.inner" }}{{ len . }}{{ end }}
"""
CORPUS: Final = Path(__file__).parents[1] / "alertrules" / "templates"
TEXTS: Final = (CORPUS / "notified.txt").read_text().splitlines()
HTML: Final = (CORPUS / "html.txt").read_text().splitlines()

NOTIFICATION: Final = Notification(
    receiver="team-a",
    group_key="{}:{}",
    group_labels=Labels({"alertname": "Disk full", "site": "<x>"}),
    alerts=(
        Alert(
            labels=Labels({"alertname": "Disk full", "site": "<x>", "instance": "h:1", "severity": "page"}),
            annotations=Labels({"summary": 'a "b" & <c>', "runbook_url": "https://r/é?x=1&y=2"}),
            starts_ms=NOW_MS - 3_661_500,
            generator_url="http://g/graph?g0.expr=up&g0.tab=1",
        ),
        Alert(
            labels=Labels({"alertname": "Disk full", "site": "<x>", "instance": "h:2", "severity": "page"}),
            annotations=Labels({"summary": 'a "b" & <c>'}),
            starts_ms=NOW_MS - 60_000,
            ends_ms=NOW_MS - 1_000,
        ),
    ),
    now_ms=NOW_MS,
    external_url="http://am/base",
)


def as_json(notification: Notification) -> dict[str, Any]:
    """The data in the shape that amtool reads."""
    shared = set(notification.alerts[0].labels).intersection(*(alert.labels for alert in notification.alerts))
    noted = set(notification.alerts[0].annotations).intersection(
        *(alert.annotations for alert in notification.alerts)
    )
    return {
        "receiver": notification.receiver,
        "status": notification.status,
        "alerts": [
            {
                "status": alert.status(NOW_MS),
                "labels": dict(alert.labels),
                "annotations": dict(alert.annotations),
                "startsAt": rfc3339(alert.starts_ms),
                "endsAt": rfc3339(alert.ends_ms) if alert.ends_ms else "0001-01-01T00:00:00Z",
                "generatorURL": alert.generator_url,
                "fingerprint": alert.fingerprint,
            }
            for alert in notification.alerts
        ],
        "groupLabels": dict(notification.group_labels),
        "commonLabels": dict(shared),
        "commonAnnotations": dict(noted),
        "externalURL": notification.external_url,
    }


def rfc3339(ms: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).isoformat().replace("+00:00", "Z")


def amtool(directory: Path, text: str, kind: str) -> str:
    command = [find_program("amtool") or "", "template", "render", "--template.glob=own.tmpl"]
    command += [f"--template.text={text}", "--template.data=data.json", f"--template.type={kind}"]
    ran = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, check=False)
    # amtool gives its data as a value, Alertmanager as a pointer.
    error = ran.stderr.strip().removeprefix("amtool: error: ")
    error = error.replace("in type template.Data", "in type *template.Data")
    return ran.stdout if not ran.returncode else f"ERROR {error}"


def expanded(text: str, kind: str) -> str:
    templates = make_templates([("own.tmpl", OWN)])
    try:
        expand = templates.expand_html if kind == "html" else templates.expand
        return expand(text, NOTIFICATION)
    except TemplateError as error:
        return f"ERROR {error}"


@pytest.mark.peer("alertmanager")
@pytest.mark.parametrize(("kind", "texts"), [("text", TEXTS), ("html", HTML)], ids=["text", "html"])
def test_templates_come_to_what_alertmanager_makes_of_them(
    tmp_path: Path, kind: str, texts: list[str]
) -> None:
    (tmp_path / "own.tmpl").write_text(OWN)
    (tmp_path / "data.json").write_text(json.dumps(as_json(NOTIFICATION)))
    with ThreadPoolExecutor(max_workers=2) as pool:
        real = list(pool.map(lambda text: amtool(tmp_path, text, kind), texts))
    differing = [
        f"{text}\n  ours {expanded(text, kind)!r}\n  real {found!r}"
        for text, found in zip(texts, real, strict=True)
        if expanded(text, kind) != found
    ]
    assert not differing, f"{len(differing)} of {len(texts)}:\n" + "\n".join(differing)
