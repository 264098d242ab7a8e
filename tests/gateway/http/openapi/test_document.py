"""The description says what is there, in a form that others read, and needs nothing of other sites."""

import json
import re
from collections.abc import Iterator
from typing import Any

import falcon
import pytest
from falcon.testing import TestClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.app import Gateway
from gateway.http.openapi.document import differences, document, operations_in
from gateway.http.openapi.table import OPERATIONS
from gateway.http.openapi.words import DONE, Operation, Parameter
from tests.gateway.whole import whole

HOW = (
    "Describe it in a module of gateway/http/openapi: a row of its OPERATIONS, by path and methods "
    '("GET", "POST, PUT"; HEAD is as GET), with summary, tag, parameters and answers. '
    "A new module is added to table.py."
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with whole(tmp_path_factory.mktemp("openapi")) as found:
        yield found


@pytest.fixture(scope="module")
def found(gateway: Gateway) -> dict[str, Any]:
    answer = TestClient(gateway.entrance).simulate_get("/openapi.json")
    assert answer.headers["content-type"] == "application/openapi+json"
    content: dict[str, Any] = answer.json
    return content


def test_what_is_described_is_what_is_there(gateway: Gateway) -> None:
    problems = differences(gateway.routes, OPERATIONS)
    assert not problems, "\n".join([*problems, HOW])


def test_the_document_is_openapi(found: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(found).validate()


def test_the_document_has_every_method_of_every_route(gateway: Gateway, found: dict[str, Any]) -> None:
    client = TestClient(gateway.entrance)
    for path in gateway.routes:
        allowed = client.simulate_options(re.sub(r"{\w+}", "x", path)).headers["allow"].split(", ")
        assert {method.upper() for method in found["paths"][path]} == set(allowed) - {"OPTIONS"}
    assert len({operation["operationId"] for _, _, operation in operations_in(found)}) == len(
        list(operations_in(found))
    )


def test_every_part_of_a_path_is_described() -> None:
    for path, methods in OPERATIONS.items():
        for operation in methods.values():
            named = [each.name for each in operation.parameters if each.in_path]
            assert named == re.findall(r"{(\w+)", path), path


class Resource:
    """A route with two methods."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None: ...

    on_head = on_get
    on_put = on_get


def test_a_difference_is_found() -> None:
    operation = Operation(
        summary="S", tag="t", parameters=(Parameter(name="a", text="A"),), answers={200: DONE}
    )
    assert differences({"/a": Resource()}, {"/a": {"GET, PUT": operation}}) == []
    assert differences({"/a": Resource()}, {"/a": {"GET": operation}}) == ["PUT /a is not described"]
    assert differences({"/a": Resource()}, {"/a": {"GET, PUT, POST": operation}}) == [
        "POST /a is described, but is no route"
    ]
    assert differences({}, {"/b": {"GET": operation}}) == ["GET /b is described, but is no route"]
    undescribed = document({"/a": Resource()}, {}, version="1")
    OpenAPIV31SpecValidator(undescribed).validate()
    assert set(undescribed["paths"]["/a"]) == {"get", "head", "put"}


def test_the_page_needs_nothing_of_others_and_runs_nothing(gateway: Gateway, found: dict[str, Any]) -> None:
    answer = TestClient(gateway.entrance).simulate_get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "<script" not in answer.text
    assert not re.search(r"(?:src|href)=\"(?!#|/openapi\.json\")", answer.text)
    for path, method, _ in operations_in(found):
        assert (f">{method} {path}</h3>" in answer.text) == (method != "HEAD")
    assert len(answer.content) < 100_000


def test_the_page_writes_texts_as_texts() -> None:
    from gateway.http.openapi.page import page

    evil = Operation(summary="<script>", tag="<b>", parameters=(Parameter(name='"><i>', text="&"),))
    text = page(document({"/a": Resource()}, {"/a": {"GET": evil}}, version="<1>")).decode()
    for piece in ("<script>", "<b>", "<i>", "<1>", "& "):
        assert piece not in text
    assert json.loads(json.dumps(document({}, {}, version="1")))["openapi"] == "3.1.0"
