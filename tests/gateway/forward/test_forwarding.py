"""The gateway passes on what it acknowledged: to every destination, whatever ends or hangs meanwhile."""

import time
from pathlib import Path

import pytest
import requests

from tests.delivery.receiver import Reply, receiving
from tests.gateway.forward.posting import (
    Seen,
    body_of,
    now_ms,
    post,
    samples_of,
    seen,
    series,
    wait_until,
)
from tests.gateway.programs import running

# A destination that is away, for as long as a test wants.
AWAY = [Reply(status=503)] * 100_000
REQUESTS = 60


def written(url: str, first: int, number: int, *, version: int = 1) -> Seen:
    """Write requests; return what was acknowledged."""
    acknowledged: Seen = set()
    start_ms = now_ms() - 600_000
    for each in range(first, first + number):
        request = series(each, time_ms=start_ms + each)
        assert post(url, body_of(request, version), version).status_code == 204
        acknowledged |= samples_of(request)
    return acknowledged


def test_what_was_acknowledged_arrives_in_order_though_destination_and_gateway_were_down(
    tmp_path: Path,
) -> None:
    with receiving(*AWAY) as receiver:
        arguments = (
            "gateway",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            str(tmp_path),
            "--forward",
            receiver.url,
        )
        with running(*arguments) as gateway:
            acknowledged = written(gateway.url, 0, REQUESTS)
            gateway.process.kill()
            gateway.process.wait(10)
        with running(*arguments) as gateway:
            acknowledged |= written(gateway.url, REQUESTS, REQUESTS, version=2)
            gateway.process.terminate()
            gateway.process.wait(10)
        receiver.script.clear()
        receiver.got.clear()
        with running(*arguments) as gateway:
            acknowledged |= written(gateway.url, 2 * REQUESTS, 1)
            wait_until(lambda: seen(receiver.got) >= acknowledged, "all samples arrive")
            assert seen(receiver.got) == acknowledged
            values = [next(iter(seen([got])))[2] for got in receiver.got]
            assert values == sorted(values)
            wait_until(lambda: waiting(gateway.url) == 0, "nothing waits")


def waiting(url: str) -> float:
    """How many samples wait, for all destinations together."""
    lines = requests.get(f"{url}/metrics", timeout=10).text.splitlines()
    return sum(
        float(line.split()[-1]) for line in lines if line.startswith("fleetgauge_forward_waiting_samples{")
    )


def test_a_destination_that_hangs_holds_up_neither_another_nor_the_senders() -> None:
    with (
        receiving(*[Reply(drip_s=60)] * 1000) as hanging,
        receiving() as prompt,
        running(
            "gateway", "--listen", "127.0.0.1:0", "--forward", hanging.url, "--forward", prompt.url
        ) as gateway,
    ):
        started = time.monotonic()
        acknowledged = written(gateway.url, 0, REQUESTS)
        wait_until(lambda: seen(prompt.got) == acknowledged, "the other has all")
        assert time.monotonic() - started < 10
        assert requests.get(f"{gateway.url}/-/healthy", timeout=5).status_code == 200
        gateway.process.terminate()
        assert gateway.process.wait(5) == 0


@pytest.mark.parametrize("version", [1, 2])
def test_a_request_without_a_fault_is_passed_on_byte_for_byte(version: int) -> None:
    with (
        receiving() as receiver,
        running("gateway", "--listen", "127.0.0.1:0", "--forward", receiver.url) as gateway,
    ):
        body = body_of(series(1, time_ms=now_ms()), version)
        assert post(gateway.url, body, version).status_code == 204
        wait_until(lambda: bool(receiver.got), "it arrives")
        assert receiver.bodies == [body]


def test_what_was_rejected_is_not_passed_on() -> None:
    with (
        receiving() as receiver,
        running("gateway", "--listen", "127.0.0.1:0", "--forward", receiver.url) as gateway,
    ):
        good = series(1, time_ms=now_ms())
        late = series(2, time_ms=now_ms() + 3_600_000, late="yes")
        assert post(gateway.url, body_of(late)).status_code == 400
        assert post(gateway.url, body_of([*late, *good])).status_code == 400
        wait_until(lambda: bool(receiver.got), "it arrives")
        assert seen(receiver.got) == samples_of(good)


CONFIG = """
external_labels: {{cluster: eu}}
forwarding: {{shards: 3}}
remote_write:
  - {{url: "{all}", name: all}}
  - url: "{some}"
    name: some
    headers: {{X-Scope-OrgID: "7"}}
    write_relabel_configs:
      - {{source_labels: [place], regex: "1", action: drop}}
      - {{regex: place, action: labeldrop}}
"""


def test_labels_and_rules_are_those_of_each_destination_and_fewer_connections_lose_nothing(
    tmp_path: Path,
) -> None:
    with receiving(*AWAY) as some, receiving() as everything:
        config = tmp_path / "gateway.yml"
        config.write_text(CONFIG.format(all=everything.url, some=some.url))
        arguments = (
            "gateway",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            f"{tmp_path}/data",
            "--config",
            str(config),
        )
        now = now_ms()
        request = series(1, time_ms=now, count=3)
        with running(*arguments) as gateway:
            post(gateway.url, body_of(request))
            wait_until(lambda: len(seen(everything.got)) == 3, "all arrive")
            text = requests.get(f"{gateway.url}/metrics", timeout=10).text
            assert 'fleetgauge_forward_left_out_samples_total{destination="some",reason="rules"} 1.0' in text
        assert {labels.get("cluster") for labels, *_ in seen(everything.got)} == {"eu"}
        assert {labels.get("place") for labels, *_ in seen(everything.got)} == {"0", "1", "2"}
        some.script.clear()
        some.got.clear()
        # Neither is a queue of ours.
        for name in ("²", "1000000000"):
            (tmp_path / "data" / "forward" / "some" / name).mkdir()
        with running(*arguments, "--forwarding.shards", "1"):
            wait_until(lambda: bool(seen(some.got)), "what waited arrives")
        assert {str(labels) for labels, *_ in seen(some.got)} == {'load{cluster="eu"}'}
        assert some.got[0].headers["x-scope-orgid"] == "7"


def test_without_a_store_samples_are_passed_on_and_queries_are_for_others(tmp_path: Path) -> None:
    with receiving() as receiver:
        arguments = ("gateway", "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path), "--no-store")
        with running(*arguments, "--forward", receiver.url, "--limits.series", "2") as gateway:
            acknowledged = written(gateway.url, 0, 5)
            wait_until(
                lambda: seen(receiver.got) == acknowledged, "all arrive, more series than are remembered"
            )
            text = requests.get(f"{gateway.url}/metrics", timeout=10).text
            assert "fleetgauge_store_head_samples 0.0" in text
            answer = requests.get(f"{gateway.url}/api/v1/query?query=up", timeout=10)
            assert (answer.status_code, answer.json()["error"]) == (
                404,
                "This gateway keeps no samples, and has no query_url to ask.",
            )


def test_a_reload_changes_nothing_of_forwarding_and_says_what_takes_a_restart(tmp_path: Path) -> None:
    config = tmp_path / "gateway.yml"
    arguments = ("gateway", "--listen", "127.0.0.1:0", "--data-dir", f"{tmp_path}/data", "--no-store")
    with receiving() as receiver:
        config.write_text(f"forward: ['{receiver.url}']\n")
        with running(*arguments, "--config", str(config)) as gateway:
            config.write_text(
                f"remote_write: [{{url: '{receiver.url}', name: a}}]\nforwarding: {{shards: 2}}\n"
            )
            answer = requests.post(f"{gateway.url}/-/reload", timeout=10)
            assert (answer.status_code, answer.json()["error"].splitlines()) == (
                400,
                [
                    f"{name} has changed: that takes a restart. Nothing was changed."
                    for name in ("--forward", "--forwarding.shards", "remote_write")
                ],
            )
            config.write_text("store: false\n")
            answer = requests.post(f"{gateway.url}/-/reload", timeout=10)
            assert "store: with false there must be a destination" in answer.json()["error"]
            config.write_text(f"forward: ['{receiver.url}']\nlimits: {{series: 2}}\n")
            assert requests.post(f"{gateway.url}/-/reload", timeout=10).status_code == 200
            acknowledged = written(gateway.url, 0, 2)
            wait_until(lambda: seen(receiver.got) == acknowledged, "all arrive")
