"""What people do on the pages: find a host, look back, compare, silence, ask."""

import re
import time
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Locator, expect

from tests.web.browser import Tab
from tests.web.fleet import CULPRIT, CULPRIT_AGO_S, HOSTS, SILENCED, Fleet

pytestmark = pytest.mark.peer("chromium")

BUSY: Final = "HostMemoryAlmostFull"


def parameters(tab: Tab) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(tab.address).query).items()}


def names(tab: Tab) -> list[str]:
    """The hosts of the overview, in their order."""
    return links(tab).all_text_contents()


def links(tab: Tab) -> Locator:
    return tab.page.get_by_role("table", name="Hosts").get_by_role("link", name=re.compile(r"^\w+-\d$"))


def culprit_time(fleet: Fleet) -> int:
    return fleet.now - sum(CULPRIT_AGO_S) // 2


def drag(tab: Tab, chart: Locator, start: float, end: float) -> None:
    """Drag over a chart, from one part of its width to another."""
    box = chart.locator(".u-over").bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    tab.page.mouse.move(box["x"] + start * box["width"], middle)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + end * box["width"], middle, steps=4)
    tab.page.mouse.up()


# --- overview ---


def test_the_overview_sorts_and_the_address_says_how(at: Tab) -> None:
    at.open("/")
    table = at.page.get_by_role("table", name="Hosts")
    assert names(at) == sorted(host.name for host in HOSTS)
    table.get_by_role("button", name="CPU").click()
    at.goes(lambda address: "sort=" in address)
    expect(links(at).first).to_have_text("batch-1")
    sorted_so = names(at)
    at.page.reload()
    expect(links(at).first).to_have_text("batch-1")
    assert names(at) == sorted_so


def test_the_overview_filters_by_text_label_and_status(at: Tab) -> None:
    at.open("/")
    box = at.page.get_by_role("searchbox")
    box.fill("WEB-")
    expect(links(at)).to_have_text(["web-1", "web-2"])
    box.fill("")
    at.page.get_by_role("combobox", name="Group").select_option("env=stage")
    expect(links(at)).to_have_text(["stage-1"])
    at.open("/?q=nothing-is-called-so")
    at.page.get_by_role("button", name=re.compile("all", re.IGNORECASE)).last.click()
    expect(links(at)).to_have_count(len(HOSTS))
    at.page.get_by_role("button", name="1 degraded").click()
    expect(links(at)).to_have_text(["batch-1"])


def test_a_row_leads_to_its_host(at: Tab) -> None:
    at.open("/")
    at.page.get_by_role("link", name="web-2", exact=True).click()
    at.goes("/agents/web-2")
    expect(at.page.get_by_role("heading", level=1)).to_contain_text("web-2")


# --- host ---


def test_dragging_over_a_chart_zooms_all_and_back_leads_out(at: Tab) -> None:
    at.open("/agents/db-1")
    chart = at.page.get_by_role("figure", name="CPU by mode")
    drag(at, chart, 0.25, 0.75)
    at.goes(lambda address: "from=" in address)
    zoomed = parameters(at)
    assert 1500 < float(zoomed["to"]) - float(zoomed["from"]) < 2100, "half of the hour"
    drag(at, chart, 0.25, 0.75)
    at.goes(lambda address: f"from={zoomed['from']}" not in address)
    at.page.go_back()
    at.goes(lambda address: f"from={zoomed['from']}" in address)
    at.page.go_back()
    at.goes("/agents/db-1")


def test_one_crosshair_goes_through_all_charts(at: Tab) -> None:
    at.open("/agents/db-1")
    first = at.page.get_by_role("figure", name="CPU by mode")
    first.locator(".u-over").hover()
    for name in ("Memory", "Load average"):
        values = at.page.get_by_role("figure", name=name, exact=True).locator(".u-legend .u-value")
        expect(values.nth(1)).to_have_text(re.compile(r"\d"))


def test_the_processes_of_a_moment_name_the_culprit(at: Tab, fleet: Fleet) -> None:
    moment = culprit_time(fleet)
    at.open(f"/agents/db-1?from={moment - 1200}&to={moment + 1200}&at={moment}")
    expect(at.page.get_by_text(CULPRIT).first).to_be_visible()
    rows = at.page.get_by_role("row", name=re.compile(rf"^{CULPRIT}\b"))
    expect(rows.first).to_be_attached()
    at.open(f"/agents/db-1?from={moment - 1200}&to={moment + 1200}&at={moment - 600}")
    expect(at.page.get_by_role("row", name=re.compile(r"^postgres\b")).first).to_be_attached()
    expect(rows).to_have_count(0)


def test_a_click_on_a_chart_chooses_the_moment(at: Tab, fleet: Fleet) -> None:
    moment = culprit_time(fleet)
    at.open(f"/agents/db-1?from={moment - 600}&to={moment + 600}")
    at.page.get_by_role("figure", name="CPU by mode").locator(".u-over").click()
    at.goes(lambda address: "at=" in address)
    assert abs(float(parameters(at)["at"]) - moment) < 60
    expect(at.page.get_by_role("row", name=re.compile(rf"^{CULPRIT}\b")).first).to_be_attached()


# --- compare ---


def test_hosts_are_compared_on_one_axis_with_their_figures(at: Tab) -> None:
    at.open("/compare?agents=db-1,web-1")
    table = at.page.get_by_role("table", name="Statistics")
    expect(table.get_by_role("row", name=re.compile("^db-1"))).to_contain_text("97 %")
    at.page.get_by_role("button", name="Remove web-1").click()
    expect(table.get_by_role("row", name=re.compile("^web-1"))).to_have_count(0)
    assert parameters(at)["agents"] == "db-1"


# --- alerts ---


def test_what_fires_is_listed_and_what_is_silenced_says_so(at: Tab) -> None:
    at.open("/alerts")
    expect(at.page.get_by_role("region", name=BUSY)).to_contain_text("db-1 has used 91 % of its memory")
    at.page.get_by_role("button", name="Silenced 1").click()
    expect(at.page.get_by_role("main")).to_contain_text(f"A disk of {SILENCED} is 62 % full")
    expect(at.page.get_by_role("main")).not_to_contain_text("of its memory")


def test_an_alert_is_silenced_in_two_clicks(at: Tab, fleet: Fleet) -> None:
    at.open("/alerts")
    at.page.get_by_role("button", name=f"Silence: {BUSY}").first.click()
    at.settle()
    at.page.get_by_role("dialog").get_by_role("button", name=re.compile("2h")).click()
    made: list[str] = []
    deadline = time.monotonic() + 10
    while not made and time.monotonic() < deadline:
        at.page.wait_for_timeout(50)
        made = [
            one["id"]
            for one in fleet.get("/api/v2/silences")
            if one["status"]["state"] == "active" and SILENCED not in str(one["matchers"])
        ]
    [silence] = made
    try:
        expect(at.page.get_by_role("button", name="Silenced 2")).to_be_visible()
    finally:
        fleet.send("DELETE", f"/api/v2/silence/{silence}", None)


# --- explore ---


def test_a_query_is_drawn_and_stands_in_the_address(at: Tab) -> None:
    at.open("/explore")
    at.page.get_by_role("textbox", name="Query A").fill("max by (role) (node_load1)")
    at.page.get_by_role("button", name="Run").click()
    at.goes(lambda address: quote("node_load1") in address)
    expect(at.page.get_by_role("figure").first).to_be_visible()
    at.page.get_by_role("button", name="Table").click()
    expect(at.page.get_by_role("main")).to_contain_text("batch")


def test_a_query_that_is_wrong_is_told_in_the_gateways_words(at: Tab) -> None:
    at.allow("400")
    at.open("/explore?expr=" + quote("sum(node_load1"))
    expect(at.page.get_by_role("alert").first).to_contain_text(re.compile(r"unclosed|unexpected|parse"))


# --- status ---


def test_the_status_names_what_is_kept_and_by_whom(at: Tab) -> None:
    at.open("/status")
    expect(at.page.get_by_role("link", name="node_cpu_seconds_total")).to_be_visible()
    at.page.get_by_role("link", name="Agents", exact=True).click()
    at.goes(lambda address: "tab=agents" in address)
    for host in HOSTS:
        expect(at.page.get_by_role("main")).to_contain_text(host.name)


def test_each_part_of_the_status_is_for_everyone(at: Tab) -> None:
    parts = ("agents", "rules", "receivers", "tokens", "users", "audit", "settings")
    assert {part: barred for part in parts if (barred := barriers(at, f"/status?tab={part}"))} == {}


def test_each_part_of_the_alerts_is_for_everyone(at: Tab) -> None:
    parts = ("pending", "silences", "history", "notifications", "rules")
    assert {part: barred for part in parts if (barred := barriers(at, f"/alerts?tab={part}"))} == {}


def barriers(tab: Tab, path: str) -> list[str]:
    tab.open(path)
    return tab.barriers()
