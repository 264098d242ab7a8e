"""The documentation names every command, option, setting, route, error and metric, and nothing else."""

import re
from pathlib import Path
from typing import Final, cast, get_args

import click
import pytest
import yaml

import fleetgauge
from delivery.readings import Readings as Forwarded
from delivery.spool import Reason
from exporter import own
from exporter.collectors import itself
from exporter.families import Family
from exporter.gathering.collector import Collector
from exporter.gathering.families import Counts, own_families
from exporter.http import answers, connections, reading
from exporter.http import routes as agent_routes
from exporter.http import server as agent_server
from exporter.http.site import Site
from exporter.sending.series import LeftOut
from gateway.alerting.counts import Attempts
from gateway.alerting.counts import Readings as Notified
from gateway.alerting.outbox import REASONS
from gateway.alerting.readings import AlertmanagerReadings
from gateway.compare.measures import MEASURES
from gateway.history import reading as snapshot_reading
from gateway.http import compare, patience, processes, server
from gateway.http.encoding import MIN_BYTES
from gateway.http.errors import ERROR_TYPES, QUERY_ERRORS
from gateway.http.openapi.document import methods_of
from gateway.http.parameters import MAX_FORM_BYTES
from gateway.http.query import MAX_LOOKBACK_MS, MAX_STEPS
from gateway.ingest.budget import BYTES_IN_FLIGHT, WAIT_SECONDS
from gateway.ingest.outcome import Outcome
from gateway.ingest.window import FUTURE_MS
from gateway.metrics import (
    CONFIG_GAUGES,
    HISTORY_GAUGES,
    INGEST_GAUGES,
    QUERY_GAUGES,
    STORE_COUNTERS,
    STORE_GAUGES,
    Metrics,
)
from gateway.metrics.rules import RULER_COUNTERS, GroupReadings
from gateway.query.remote import MAX_READ_SAMPLES
from gateway.query.service import OUTCOMES, Question, Ran
from gateway.registry import messages
from gateway.registry.machine import EVENTS
from gateway.registry.model import Status
from gateway.registry.series import HEARD, SKEW, STATUS, UP
from promql.values import Steps
from remotewrite import limits
from remotewrite.decode.batch import Rejection
from remotewrite.read.request import MAX_MATCHERS, MAX_QUERIES, MAX_READ_BYTES
from runtime.cli import SettingsCommand
from runtime.logs import Log
from runtime.settings import Section, load, settings_of
from tests.gateway.whole import whole
from tests.house.tree import ROOT

DOCS: Final = ROOT / "docs"
PAGES: Final = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "grafana").glob("*.md")])

# Variables that are not settings: where the file is, what click reads for completion, what the tests read.
OTHER_VARIABLES: Final = {
    "FLEETGAUGE_CONFIG",
    "FLEETGAUGE_COMPLETE",
    "FLEETGAUGE_REQUIRE_PEERS",
    "FLEETGAUGE_TEST_OUTAGE",
    "FLEETGAUGE_TEST_SEEDS",
}


def commands() -> dict[str, click.Command]:
    context = click.Context(fleetgauge.commands)
    found = {name: fleetgauge.commands.get_command(context, name) for name in fleetgauge.PROGRAMS}
    return {name: command for name, command in found.items() if command is not None}


def options(command: click.Command) -> set[str]:
    context = click.Context(command)
    parameters = command.get_params(context)
    if isinstance(command, click.Group):
        parameters += [each for one in command.commands.values() for each in one.get_params(context)]
    return {
        name
        for each in parameters
        if isinstance(each, click.Option)
        for name in (*each.opts, *each.secondary_opts)
    }


def shapes() -> dict[str, type[Section]]:
    """The settings of each command that has some."""
    return {name: found.shape for name, found in commands().items() if isinstance(found, SettingsCommand)}


def chapters(page: str, heading: str) -> dict[str, str]:
    """The texts below the headings of the second level that match, by the group in the match."""
    parts = re.split(r"^## (.*)$", (DOCS / page).read_text(), flags=re.MULTILINE)
    titled = zip(parts[1::2], parts[2::2], strict=True)
    return {found[1]: text for title, text in titled if (found := re.fullmatch(heading, title))}


def rows(text: str) -> list[list[str]]:
    """The cells of all tables, without their headings and the back-quotes around names."""
    bodies = re.findall(r"^\|[-|]+\|\n((?:\|.*\|\n)*)", text, re.MULTILINE)
    lines = "".join(bodies).replace("`", "").splitlines()
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    return [[cell.strip().replace("\\|", "|") for cell in line] for line in cells]


def test_every_command_and_option_is_documented() -> None:
    documented = {
        name: set(re.findall(r"--[a-z.-]+", " ".join(row[0] for row in rows(text))))
        for name, text in chapters("commands.md", "(fleetgauge.*)").items()
    }
    existing = {f"fleetgauge {name}": options(command) for name, command in commands().items()}
    assert documented == existing | {"fleetgauge": options(fleetgauge.commands)}


def test_every_setting_is_documented_with_its_names_and_its_default() -> None:
    documented = {
        name: [row[:4] for row in rows(text)]
        for name, text in chapters("configuration.md", "Settings of `fleetgauge (.*)`").items()
    }
    assert documented == {
        name: [[each.key, each.flag, each.variable, each.default_text] for each in settings_of(shape)]
        for name, shape in shapes().items()
    }


def elements(shape: type[Section]) -> dict[str, type[Section]]:
    """What the lists of sections hold, also lists within lists, by the key of the list."""
    found: dict[str, type[Section]] = {}
    for each in settings_of(shape):
        if each.in_file_only:
            found |= elements(each.kind) | {each.path[-1]: each.kind}
    return found


def test_every_key_of_an_element_of_a_list_is_documented_with_its_default() -> None:
    documented = {
        name: [row[:2] for row in rows(text)]
        for name, text in chapters("configuration.md", "Elements of `(.*)`").items()
    }
    existing = {name: kind for shape in shapes().values() for name, kind in elements(shape).items()}
    assert documented == {
        name: [[each.key, each.default_text] for each in settings_of(kind)] for name, kind in existing.items()
    }


@pytest.mark.parametrize("name", shapes())
def test_an_example_shows_every_setting_with_its_default(name: str) -> None:
    file = ROOT / "examples" / f"{name}.yml"
    assert load(shapes()[name], file=file, environ={}, flags={}) == shapes()[name]()
    known = [each.key for each in settings_of(shapes()[name])]
    assert keys(yaml.safe_load(file.read_text()), known) == known


def keys(content: object, known: list[str], inside: str = "") -> list[str]:
    """The keys of a file. `cpu: true` is short for `cpu: {enabled: true}`."""
    if not isinstance(content, dict):
        return [inside + "enabled" if inside + "enabled" in known else inside.removesuffix(".")]
    return [key for name, value in content.items() for key in keys(value, known, f"{inside}{name}.")]


def test_every_route_is_documented_with_its_methods(tmp_path: Path) -> None:
    with whole(tmp_path) as gateway:
        existing = {
            f"{', '.join(sorted(methods_of(resource)))} {path}" for path, resource in gateway.routes.items()
        }
    assert set(chapters("http-api.md", "`([A-Z, ]+ /.*)`")) == existing


def test_every_page_of_the_agent_is_documented_with_its_methods() -> None:
    pages = agent_routes.Routes(cast("Site", None), name="", version="", log=Log("test"), new_id=str)
    existing = {f"{', '.join(methods)} {path}" for path, methods in pages.table.items()}
    assert set(chapters("agent-http.md", "`([A-Z, ]+ /.*)`")) == existing


def test_every_error_and_limit_of_the_agents_pages_is_documented() -> None:
    found = chapters("agent-http.md", "(Errors|Connections)")
    documented = {row[0]: row[1] for row in rows(found["Errors"])}
    assert documented == {str(status): error_type for status, error_type in answers.ERROR_TYPES.items()}
    text = (DOCS / "agent-http.md").read_text()
    for sentence in (
        f"larger than {reading.MAX_BODY_BYTES >> 10} KiB",
        f"larger than {reading.MAX_HEAD_BYTES >> 10} KiB, or more than {reading.MAX_HEADERS} headers",
        f"at most {reading.MAX_FIELDS} parameters",
        f"From {answers.MIN_BYTES >> 10} KiB on",
        f"Up to {agent_server.MAX_CONNECTIONS} are open",
        f"after {connections.IDLE_SECONDS:.0f} s of silence, {connections.HEAD_SECONDS:.0f} s into",
        f"within {connections.SEND_SECONDS:.0f} s",
    ):
        assert sentence in text


def test_every_error_is_documented() -> None:
    documented = {row[0]: row[1] for row in rows(chapters("http-api.md", "(Errors)")["Errors"])}
    assert documented == {str(status): error_type for status, error_type in ERROR_TYPES.items()}


def test_every_error_of_a_query_is_documented() -> None:
    documented = [
        row[:2] for row in rows(chapters("http-api.md", "(Errors of queries)")["Errors of queries"])
    ]
    assert documented == sorted([str(status), error_type] for status, error_type in QUERY_ERRORS.values())


def test_every_outcome_and_limit_of_a_query_is_documented() -> None:
    text = (DOCS / "metrics.md").read_text()
    assert {name for name in OUTCOMES.values() if f"`{name}`" not in text} == set()
    text = (DOCS / "http-api.md").read_text()
    assert f"exceeded maximum resolution of {MAX_STEPS:,} points" in text
    assert f"both included: {MAX_STEPS + 1:,} times at most" in text
    assert f"up to {MAX_LOOKBACK_MS // 86_400_000} d." in text
    assert f"An answer of {MIN_BYTES >> 10} KiB or more is compressed" in text
    assert f"in a form (`application/x-www-form-urlencoded`) of up to {MAX_FORM_BYTES >> 20} MiB" in text


FORWARDED: Final = Forwarded(
    name="",
    waiting_batches=0,
    waiting_samples=0,
    waiting_bytes=0,
    oldest_ms=0,
    sent_batches=0,
    sent_samples=0,
    refused_samples=0,
    failures=0,
    lost_samples={"": 0},
    left_out={"": 0},
    damaged_bytes=0,
    trouble="",
)


ALERTMANAGER: Final = AlertmanagerReadings(
    url="", waiting=0, sent=0, refused=0, failures=0, left_out=0, dropped=dict.fromkeys(REASONS, 0)
)


def test_every_metric_is_documented_with_its_type_and_labels() -> None:
    metrics = Metrics(version="", python="")
    metrics.watch(
        store=dict.fromkeys([*STORE_GAUGES, *STORE_COUNTERS], float),
        ingest=dict.fromkeys(INGEST_GAUGES, float),
        query=dict.fromkeys(QUERY_GAUGES, float),
        config=dict.fromkeys(CONFIG_GAUGES, float),
    )
    metrics.watch_agents(lambda: {Status.ONLINE: 0})
    metrics.agent_event("")
    metrics.agent_said("registration", "")
    metrics.agent_said("heartbeat", "")
    asked = Question(text="", steps=Steps(start_ms=0, end_ms=0, step_ms=1))
    metrics.ran(Ran(question=asked, kind="", outcome="", seconds=0, waited_s=0))
    metrics.watch_history(dict.fromkeys(HISTORY_GAUGES, float))
    metrics.snapshot_received("")
    metrics.snapshots_dropped("", 0)
    metrics.watch_forwarding(lambda: [FORWARDED])
    group = GroupReadings(key="", rules=0, interval_s=0, seconds=0, last_s=0)
    metrics.watch_rules(lambda: [group], dict.fromkeys(RULER_COUNTERS, float))
    metrics.watch_notifications(lambda: NOTIFIED)
    metrics.watch_alertmanagers(lambda: [ALERTMANAGER])
    metrics.watch_certificate(lambda: 0)
    metrics.cut("idle", True)
    metrics.kept_up("", 0, 0)
    metrics.answered(route="", method="", code=200, seconds=0)
    metrics.received(Outcome(status=400, version="", rejected=[Rejection(code="", reason="", times=1)]))
    text = metrics.text().decode()
    existing = {}
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE):
        labels = re.findall(rf"^{name}(?:_bucket)?{{(.*)}} ", text, re.MULTILINE)
        existing[name] = (kind, set(re.findall(r"(\w+)=", " ".join(labels))) - {"le"})
    documented = {
        row[0]: (row[1], set(filter(None, row[2].split(", "))))
        for row in rows((DOCS / "metrics.md").read_text())
    }
    assert documented == existing


NOTIFIED: Final = Notified(
    received={"": 0},
    refused=0,
    notifications={("", ""): 0},
    failed={("", "", ""): 0},
    attempts={("", ""): Attempts()},
    waiting={("", ""): 0},
    suppressed={"": 0},
    alerts={"": 0},
    groups=0,
    silences={"": 0},
    failures={"": 0},
)


def agents_own() -> list[Family]:
    """All that an agent may tell about itself."""
    receiver = own.Receiver(
        name="",
        waiting_bytes=0,
        waiting_samples=0,
        oldest_s=0,
        sent=0,
        refused=0,
        failures=0,
        lost=dict.fromkeys(LOST, 0),
    )
    user = Collector(name="mine", gather=list, source="mine.py")
    process = itself.Snapshot(
        cpu_seconds=0, started=0, virtual_bytes=0, resident_bytes=0, threads=0, open_files=0, max_files=0
    )
    return [
        *own.families(own.Own(version="", python="", registered=True, receivers=[receiver])),
        *own_families([user], {"mine": Counts()}),
        *itself.to_metrics(process),
    ]


# What can become of samples before they are sent.
LOST: Final = (*get_args(Reason), *get_args(LeftOut), "unencodable")


def test_every_metric_of_the_agent_is_documented_with_its_type_and_labels() -> None:
    existing = {
        family.name: (family.kind, {name for point in family.points for name, _ in point.labels})
        for family in agents_own()
    }
    text = (DOCS / "agent-metrics.md").read_text()
    documented = {
        row[0]: (row[1], set(filter(None, row[2].split(", ")))) for row in rows(text) if len(row) == 4
    }
    assert documented == existing
    assert {reason for reason in LOST if f"`{reason}`" not in text} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_names_nothing_that_does_not_exist(page: Path) -> None:
    text = page.read_text()
    variables = {each.variable for shape in shapes().values() for each in settings_of(shape)}
    named = set(re.findall(r"FLEETGAUGE_[A-Z][A-Z_]*", text)) - OTHER_VARIABLES
    if "adr" not in page.parts:
        assert named <= variables
    started = re.findall(r"^(?:\$ )?fleetgauge +([a-z]+)(.*)$", text, re.MULTILINE)
    for name, arguments in started:
        assert name in commands()
        assert set(re.findall(r"--[a-z.-]+", arguments)) <= options(commands()[name])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_link_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("folder", ["docs", "docs/adr"])
def test_every_page_is_in_the_index_of_its_folder(folder: str) -> None:
    index = (ROOT / folder / "README.md").read_text()
    pages = {page.name for page in (ROOT / folder).glob("*.md")} - {"README.md"}
    assert {page for page in pages if f"({page})" not in index} == set()


def test_every_limit_of_a_request_is_documented() -> None:
    text = (DOCS / "http-api.md").read_text()
    assert f"larger than {server.MAX_BODY_BYTES >> 20} MiB" in text
    assert f"larger than {server.MAX_HEADER_BYTES >> 10} KiB" in text
    assert f"Up to {server.MAX_CONNECTIONS} are open" in text
    assert f"after {patience.IDLE_SECONDS} s of silence" in text
    assert f"\nwithin {patience.HEADER_SECONDS:.0f} s of their beginning" in text
    assert f"may rest for {patience.TRANSFER_SECONDS:.0f} s in all" in text
    assert f"each {patience.TRANSFER_BYTES_PER_S >> 10} KiB that move" in text
    assert f"With more than {server.KEPT_CONNECTIONS}, each ends with its answer" in text
    assert f"A body over\n{server.BODY_BYTES_IN_MEMORY >> 20} MiB goes to a temporary file" in text


def test_everything_about_agents_is_documented() -> None:
    text = (DOCS / "http-api.md").read_text() + (DOCS / "agents.md").read_text()
    for name in (*EVENTS, UP, STATUS, HEARD, SKEW):
        assert f"`{name}`" in text
    for sentence in (
        f"of up to {messages.MAX_BODY_BYTES >> 10} KiB",
        f"{messages.MAX_LABELS} labels, {messages.MAX_LABEL_NAME} characters for a name and ",
        f"and {messages.MAX_LABEL_VALUE} for a value",
        f"{messages.MAX_COLLECTORS} collectors",
        f"up to {messages.MAX_GROUPS} names",
    ):
        assert sentence in text


def test_every_limit_of_remote_write_is_documented() -> None:
    text = chapters("http-api.md", "`(POST /api/v1/write)`")["POST /api/v1/write"]
    for sentence in (
        f"{limits.MAX_DECODED_BYTES >> 20} MiB, compressed as well as decoded",
        f"{limits.MAX_SERIES:,} series, {limits.MAX_SAMPLES:,} samples, ",
        f"{limits.MAX_HISTOGRAMS:,} histograms, {limits.MAX_EXEMPLARS:,} exemplars, ",
        f"{limits.MAX_SYMBOLS:,} symbols",
        f"of one exemplar | {limits.MAX_EXEMPLAR_BYTES >> 10} KiB",
        f"{limits.MAX_LABELS} labels; {limits.MAX_LABEL_NAME_BYTES >> 10} KiB for a name, ",
        f"{limits.MAX_LABEL_VALUE_BYTES >> 10} KiB for a value",
        f"{limits.MAX_BUCKETS:,} buckets",
        f"{limits.MAX_HELP_BYTES >> 10} KiB for the help",
        f"{FUTURE_MS // 60_000} minutes ahead",
        f"{BYTES_IN_FLIGHT >> 20} MiB decoded; more wait for their turn",
        f"503 after {WAIT_SECONDS:.0f} to {2 * WAIT_SECONDS:.0f} s",
    ):
        assert sentence in text


def test_every_limit_and_outcome_of_process_history_is_documented() -> None:
    text = chapters("http-api.md", "`(GET, POST /api/v1/agents/{id}/processes)`")
    [text_of_processes] = text.values()
    body, decoded = snapshot_reading.MAX_BODY_BYTES >> 10, snapshot_reading.MAX_DECODED_BYTES >> 20
    for sentence in (
        f"| body | {body} KiB; {decoded} MiB decoded |",
        f"| processes | {snapshot_reading.MAX_PROCESSES:,} |",
        f"| texts | {snapshot_reading.MAX_TEXT:,} characters each |",
    ):
        assert sentence in text_of_processes
    page = (DOCS / "http-api.md").read_text()
    assert f"`limit` (at most {processes.MAX_TIMES:,})" in page
    metrics = (DOCS / "metrics.md").read_text()
    assert {name for name in processes.OUTCOMES if f"`{name}`" not in metrics} == set()


def test_every_measure_and_limit_of_a_comparison_is_documented() -> None:
    [text] = chapters("http-api.md", "`(GET /api/v1/agents/compare)`").values()
    documented = {row[0]: row[1] for row in rows(text) if row[0] in MEASURES}
    assert documented == {name: measure.unit for name, measure in MEASURES.items()}
    assert f"up to {compare.MAX_AGENTS} " in text
    assert f"{compare.MAX_VALUES:,} values" in text


def test_every_limit_of_remote_read_is_documented() -> None:
    text = chapters("http-api.md", "`(POST /api/v1/read)`")["POST /api/v1/read"]
    assert f"| {MAX_READ_SAMPLES:,}; beyond" in text
    assert f"exceeded sample limit ({MAX_READ_SAMPLES})" in text
    assert f"| {MAX_READ_BYTES >> 20} MiB, compressed as well as decoded; {MAX_QUERIES} queries |" in text
    assert f"| {MAX_MATCHERS} matchers |" in text


def test_every_reason_of_a_rejection_is_documented() -> None:
    """The reasons that the sources name: the first text of each SeriesRejected, and ingest's three."""
    sources = [*(ROOT / "gateway/ingest").glob("*.py"), *(ROOT / "remotewrite/decode").glob("*.py")]
    text = "".join(source.read_text() for source in sources)
    named = set(
        re.findall(
            r'(?:SeriesRejected|_rejected)\("(\w+)"|^(?:TOO_\w+|NOT_ADMITTED): Final = "(\w+)"',
            text,
            re.MULTILINE,
        )
    )
    existing = {word for pair in named for word in pair if word} | {"series_limit"}
    chapter = chapters("http-api.md", "`(POST /api/v1/write)`")["POST /api/v1/write"]
    table = chapter[chapter.index("| reason |") : chapter.index("\nTimes may be")]
    documented = {name for row in rows(table) for name in row[0].split(", ")}
    assert documented == existing
