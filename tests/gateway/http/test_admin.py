"""Deleting series over HTTP, as Prometheus' clients do it."""

from pathlib import Path
from urllib.parse import urlencode

import pytest
from falcon.testing import Result, TestClient

from gateway.storage.errors import StorageUnavailable
from gateway.storage.tombstones import MAX_TOMBSTONES
from tests.gateway.http.looking_after import looking_after
from tests.gateway.storage.samples import batch, contents, counting, series
from tests.strategies import NOW_MS

DELETE = "/api/v1/admin/tsdb/delete_series"
CLEAN = "/api/v1/admin/tsdb/clean_tombstones"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def ask(client: TestClient, *pairs: tuple[str, str], method: str = "POST", form: bool = False) -> Result:
    """Ask for a deletion, with parameters in the URL or in a form."""
    text = urlencode(pairs)
    if form:
        return client.simulate_request(method, DELETE, body=text, headers=FORM)
    return client.simulate_request(method, DELETE, query_string=text)


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("form", [False, True])
def test_series_are_deleted_in_a_range(tmp_path: Path, method: str, form: bool) -> None:
    with looking_after(tmp_path) as (client, store):
        store.commit(batch(store, counting(NOW_MS, 5, every=1000, many=3)))
        answer = ask(
            client,
            ("match[]", '{instance="host-0"}'),
            ("match[]", "metric_1"),
            ("start", str((NOW_MS + 1000) / 1000)),
            ("end", "2026-09-21T14:13:23Z"),
            method=method,
            form=form,
        )
        assert (answer.status_code, answer.content) == (204, b"")
        left = {labels: [time - NOW_MS for time, *_ in rows] for labels, rows in contents(store).items()}
        assert left == {
            series(0): [0, 4000],
            series(1): [0, 4000],
            series(2): [0, 1000, 2000, 3000, 4000],
        }


def test_without_times_all_of_a_series_is_deleted_and_cleaning_takes_it_off_the_disk(tmp_path: Path) -> None:
    with looking_after(tmp_path) as (client, store):
        store.commit(batch(store, counting(NOW_MS, 5, many=3)))
        store.flush()
        assert ask(client, ("match[]", "metric_2")).status_code == 204
        assert set(contents(store)) == {series(0), series(1)}
        assert store.state.parts[0].samples == 15
        for method in ("POST", "PUT"):
            answer = client.simulate_request(method, CLEAN)
            assert (answer.status_code, answer.content) == (204, b"")
        assert store.state.parts[0].samples == 10
        assert store.state.tombstones == ()


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ([], "no match[] parameter provided."),
        ([("start", "1")], "no match[] parameter provided."),
        (
            [("match[]", "up{")],
            'invalid parameter "match[]": 1:4: parse error: unexpected end of input inside braces.',
        ),
        (
            [("match[]", "up"), ("match[]", "{}")],
            'invalid parameter "match[]": 1:1: parse error: vector selector must contain at least one',
        ),
        ([("match[]", "up"), ("start", "soon")], 'Parameter "start": "soon" is no time. Write Unix seconds'),
        ([("match[]", "up"), ("end", "NaN")], 'Parameter "end": "NaN" is no time.'),
        ([("match[]", "up"), ("start", "2"), ("end", "1.999")], "end must not be before start."),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_deleted(
    tmp_path: Path, pairs: list[tuple[str, str]], sentence: str
) -> None:
    with looking_after(tmp_path) as (client, store):
        store.commit(batch(store, counting(NOW_MS, 1)))
        answer = ask(client, *pairs)
        assert answer.status_code == 400
        assert (answer.json["status"], answer.json["errorType"]) == ("error", "bad_data")
        assert answer.json["error"].startswith(sentence)
        assert store.state.tombstones == ()
        assert len(contents(store)) == 10


@pytest.mark.parametrize("path", [DELETE, CLEAN])
def test_nothing_is_deleted_unless_the_setting_says_so(tmp_path: Path, path: str) -> None:
    with looking_after(tmp_path, admin=False) as (client, store):
        store.commit(batch(store, counting(NOW_MS, 1)))
        answer = client.simulate_post(path, query_string="match[]=metric_0")
        assert answer.status_code == 503
        assert answer.json == {
            "status": "error",
            "errorType": "unavailable",
            "error": "admin APIs disabled: start the gateway with --enable-admin-api.",
        }
        assert len(contents(store)) == 10


@pytest.mark.parametrize("path", [DELETE, CLEAN])
def test_looking_deletes_nothing(tmp_path: Path, path: str) -> None:
    with looking_after(tmp_path) as (client, store):
        store.commit(batch(store, counting(NOW_MS, 1)))
        assert client.simulate_get(path, query_string="match[]=metric_0").status_code == 405
        assert len(contents(store)) == 10


def test_too_many_deletions_are_told_and_what_to_do(tmp_path: Path) -> None:
    with looking_after(tmp_path) as (client, store):
        store.commit(batch(store, counting(NOW_MS, 1)))
        store.flush()
        pairs = [("match[]", "metric_0"), ("end", "1")]
        for _ in range(MAX_TOMBSTONES):
            assert ask(client, *pairs).status_code == 204
        answer = ask(client, *pairs)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "POST /api/v1/admin/tsdb/clean_tombstones" in answer.json["error"]
        assert client.simulate_post(CLEAN).status_code == 204
        assert ask(client, *pairs).status_code == 204


@pytest.mark.parametrize("path", [DELETE, CLEAN])
def test_a_full_disk_is_told_and_worth_another_try(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with looking_after(tmp_path) as (client, store):
        store.commit(batch(store, counting(NOW_MS, 1)))
        store.delete([[]], NOW_MS, NOW_MS)

        def fail(*_: object) -> None:
            raise StorageUnavailable("no room")

        with monkeypatch.context() as failing:
            failing.setattr(store._database, "transaction", fail)
            answer = client.simulate_post(path, query_string="match[]=metric_0")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json["errorType"] == "unavailable"
        assert answer.json["error"].endswith("no room.")
