"""Process snapshots through real programs: none acknowledged is lost, and a real agent's are read."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import requests

from exporter.reporting.messages import registration
from gateway.history.upkeep import Policy, Tidying
from remotewrite.compression import compress_zstd
from tests.exporter.gateways import FACTS
from tests.gateway.history.snapshots import opened, sent
from tests.gateway.programs import running

KILLS = 3
AGENTS = 3
HOUR_MS = 3_600_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def register(url: str, agent: int) -> None:
    facts = replace(FACTS, name=f"web-{agent}")
    body = registration(facts, agent_id=f"agent-000{agent}", interval_s=10)
    assert requests.post(f"{url}/api/v1/agents/register", body, timeout=5).status_code == 200


def test_a_gateway_killed_under_load_has_every_snapshot_it_acknowledged(tmp_path: Path) -> None:
    # Hours that have ended, so that the upkeep joins them meanwhile.
    start_ms = now_ms() // HOUR_MS * HOUR_MS - 5 * HOUR_MS
    acknowledged: dict[int, list[int]] = {agent: [] for agent in range(AGENTS)}

    def write(agent: int, url: str) -> None:
        with requests.Session() as session:
            while True:
                time_ms = start_ms + len(acknowledged[agent]) * 15_000
                rows = [{"pid": agent, "start": 7, "rss": time_ms, "command": f"--at={time_ms}"}]
                body = compress_zstd(sent(time_ms, rows, agent=f"agent-000{agent}"))
                try:
                    answer = session.post(
                        f"{url}/api/v1/agents/agent-000{agent}/processes",
                        body,
                        headers={"Content-Encoding": "zstd"},
                        timeout=10,
                    )
                except requests.RequestException:
                    return
                assert answer.status_code == 200, answer.text
                acknowledged[agent].append(time_ms)

    for _ in range(KILLS):
        with running("gateway", "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path)) as gateway:
            for agent in acknowledged:
                register(gateway.url, agent)
            threads = [threading.Thread(target=write, args=(agent, gateway.url)) for agent in acknowledged]
            for thread in threads:
                thread.start()
            time.sleep(0.5)
            gateway.process.kill()
            gateway.process.wait(10)
            for thread in threads:
                thread.join(20)
        with opened(tmp_path) as (archive, pieces, told):
            Tidying(archive, pieces, Policy(retention_ms=1 << 50)).join_all(start_ms + 24 * HOUR_MS)
            for agent, times in acknowledged.items():
                found = [
                    snapshot
                    for chunk in archive.chunks(f"agent-000{agent}", 0, 1 << 60)
                    for snapshot in chunk.snapshots()
                ]
                assert {one.time_ms for one in found} >= set(times)
                for one in found:
                    [process] = one.processes
                    assert process.rss == one.time_ms
                    assert process.identity.program.command == f"--at={one.time_ms}"
            assert not told
    assert sum(map(len, acknowledged.values())) > KILLS * AGENTS


def test_a_real_agents_snapshots_are_kept_and_answered(tmp_path: Path) -> None:
    with running("gateway", "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path / "data")) as gateway:
        state = ("--state-dir", str(tmp_path / "state"), "--name", "web-1", "--listen", "127.0.0.1:0")
        watch = ("--snapshot.interval", "1s", "--snapshot.watch", "fleetgauge,python*")
        base = f"{gateway.url}/api/v1/agents/web-1/processes"
        with running("agent", "--gateway", gateway.url, *state, *watch):
            until = time.monotonic() + 15
            times: list[float] = []
            while len(times) < 3 and time.monotonic() < until:
                time.sleep(0.2)
                answer = requests.get(f"{base}/times", timeout=5)
                times = answer.json()["data"]["times"] if answer.ok else []
        assert len(times) >= 3
        data = requests.get(base, params={"sort": "rss"}, timeout=5).json()["data"]
        assert (data["agent"], data["time"] >= times[-1]) == ("web-1", True)
        assert data["totals"]["memory"] > 0
        row = data["processes"][0]
        assert row["rss"] == max(one["rss"] for one in data["processes"])
        given = {"pid": row["pid"], "start": row["start"]}
        history = requests.get(f"{base}/history", params=given, timeout=5).json()["data"]
        assert row["rss"] in [point["rss"] for point in history["points"]]
        span = {"from": times[0], "to": times[-1]}
        changed = requests.get(f"{base}/changes", params=span, timeout=5).json()["data"]
        assert set(changed) > {"appeared", "gone", "grew", "shrank"}
        stats = requests.get(f"{gateway.url}/api/v1/agents/web-1/stats", timeout=5).json()["data"]
        assert stats["metrics"]["memory"]["statistics"]["count"] > 0
