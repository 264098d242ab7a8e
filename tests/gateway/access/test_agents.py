"""What an agent's token may write: series of its own names, the others are refused one by one."""

import time
from collections.abc import Iterator

import pytest

from gateway.access.desk import Order
from gateway.access.roles import Role
from gateway.ingest.admission import Admission, Tables
from remotewrite.errors import SeriesRejected
from tests.gateway.access.gateways import Headers, House, house
from tests.gateway.http.writing import V1, V2, body_of, series_of
from timeseries.labels import Labels


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("agents")) as closed:
        yield closed


@pytest.fixture(scope="module")
def admin(closed: House) -> Headers:
    return closed.token(Order(role=Role.ADMIN))


def write(closed: House, who: Headers, *instances: str, name: str, version: str = V1) -> tuple[int, str]:
    now = int(time.time() * 1000)
    some = [series_of(name, now, **({"instance": each} if each else {})) for each in instances]
    headers = {**who, "Content-Type": version, "Content-Encoding": "snappy"}
    answer = closed.ask("POST", "/api/v1/write", headers, body=body_of(*some, version=version))
    return answer.status_code, answer.text


def instances(closed: House, admin: Headers, name: str) -> list[str]:
    answer = closed.ask("GET", "/api/v1/series", admin, query_string=f"match[]={name}")
    return sorted(each.get("instance", "") for each in answer.json["data"])


@pytest.mark.parametrize(("name", "version"), [("one", V1), ("two", V2)])
def test_the_series_of_other_instances_are_refused_and_the_rest_is_kept(
    closed: House, admin: Headers, name: str, version: str
) -> None:
    agent = closed.token(Order(agents=["prod-?", "edge"]))
    for _ in range(3):  # also once they are known
        status, text = write(
            closed, agent, "prod-1", "test-1", "edge", "", "prod-12", name=name, version=version
        )
        assert status == 400
        assert "Rejected 3 samples, the first: series {" in text
        assert 'instance=\\"test-1\\"' in text
        assert "its instance is none that this token may write for" in text
        assert "The rest was kept: 2 samples" in text
    assert instances(closed, admin, name) == ["edge", "prod-1"]


def test_what_another_sender_made_known_is_refused_all_the_same(closed: House, admin: Headers) -> None:
    assert write(closed, admin, "test-1", "prod-1", name="known")[0] == 204
    agent, other = closed.token(Order(agents=["prod-*"])), closed.token(Order(agents=["test-*"]))
    for _ in range(3):
        status, text = write(closed, agent, "test-1", "prod-1", name="known")
        assert (status, "Rejected 1 sample:" in text) == (400, True)
        assert write(closed, other, "test-1", name="known")[0] == 204
        assert write(closed, other, "prod-1", name="known")[0] == 400


def test_a_series_that_is_refused_takes_no_place(closed: House, admin: Headers) -> None:
    agent = closed.token(Order(agents=["prod-*"]))
    before = closed.ask("GET", "/api/v1/status/tsdb", admin).json["data"]["headStats"]["numSeries"]
    assert write(closed, agent, *(f"evil-{number}" for number in range(50)), name="evil")[0] == 400
    after = closed.ask("GET", "/api/v1/status/tsdb", admin).json["data"]["headStats"]["numSeries"]
    assert (after, instances(closed, admin, "evil")) == (before, [])


def test_equal_rules_share_a_table_and_the_oldest_go_when_there_is_no_room() -> None:
    tables = Tables(lambda _: 0)
    first = tables.of(Admission(("a*",), lambda name: name.startswith("a")))
    assert tables.of(Admission(("a*",), lambda name: name.startswith("a"))) is first
    assert tables.of(Admission(("*",), lambda _: True)) is not first
    with pytest.raises(SeriesRejected, match="it has no instance"):
        first.register(Labels({"__name__": "x"}))
    assert first.register(Labels({"__name__": "x", "instance": "ab"})) == 0


def test_the_tables_of_many_rules_stay_within_the_capacity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.ingest.admission.MAX_TABLES", 3)
    tables = Tables(lambda _: 0, capacity=1000)
    made = [tables.of(Admission((str(number),), lambda _: True)) for number in range(5)]
    assert tables.of(Admission(("4",), lambda _: True)) is made[4]
    assert tables.of(Admission(("2",), lambda _: True)) is made[2]
    assert tables.of(Admission(("0",), lambda _: True)) is not made[0]
    made[4].v1.refs.learn(b"x" * 2000, 1)
    for _ in range(3):
        tables.of(Admission(("2",), lambda _: True))
    assert tables.of(Admission(("4",), lambda _: True)) is not made[4]
