"""What the description says is what the API does: schemathesis asks what fits the description, and what does not."""

import json
from typing import Any

import httpx2
import pytest
import schemathesis
from doubles.face import Place, described_app, submit
from doubles.waiting import PATIENCE_S
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

pytestmark = pytest.mark.integration

#: of each operation; the long tests ask more
_QUICK = settings(
    max_examples=2, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
#: what is well-formed can still name a schema or a file that is not there
_NOT_HELD = [positive_data_acceptance]


@pytest.fixture(scope="session")
def description(place: Place) -> dict[str, Any]:
    with place.client(None) as client:
        found: dict[str, Any] = client.get("/openapi.json").json()
    return found


@pytest.fixture(scope="session")
def known_key(place: Place) -> str:
    """Of a tenant that has something to ask for."""
    token = place.key(place.tenant())
    with place.client(token) as client:
        submit(client, place.bill())
    return token


schema = schemathesis.openapi.from_dict(described_app().openapi())
schema.config.phases.coverage.enabled = False


@pytest.mark.parametrize("place", ["alone"], indirect=True)
@schema.parametrize()
@_QUICK
def test_every_answer_is_as_described(case: Any, place: Place, known_key: str) -> None:  # noqa: ANN401
    headers = {"Authorization": f"Bearer {known_key}"}
    case.call_and_validate(base_url=place.addresses[0], headers=headers, excluded_checks=_NOT_HELD, timeout=PATIENCE_S)


@pytest.mark.parametrize("place", ["alone"], indirect=True)
@schema.parametrize()
@_QUICK
def test_without_a_key_every_answer_is_as_described_too(case: Any, place: Place) -> None:  # noqa: ANN401
    answer = case.call(base_url=place.addresses[0], timeout=PATIENCE_S)
    case.validate_response(answer, checks=[not_a_server_error])
    assert answer.status_code in {400, 401, 404, 405, 422, 431} or not case.path.startswith("/v1")


def test_it_is_openapi_3_1_with_examples(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    assert "examples" in json.dumps(description["components"]["schemas"]["SubmissionAsk"])
    assert "HTTPValidationError" not in json.dumps(description)


def test_every_operation_says_what_problems_it_answers_with(description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/v1"):
                assert {"401", "403", "422", "429", "503"} <= set(operation["responses"]), (method, path)
                assert operation.get("summary"), (method, path)
                assert operation["security"], (method, path)


def test_the_page_loads_nothing_from_elsewhere(place: Place) -> None:
    with place.client(None) as client:
        page = client.get("/docs")
        assert "http" not in page.text.replace("<!doctype html>", "")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
            assert f"docs/assets/{asset}" in page.text
            assert client.get(f"/docs/assets/{asset}").status_code == 200
        assert client.get("/docs/start.js").status_code == 200


def test_a_method_that_is_none_is_told_those_there_are(client: httpx2.Client) -> None:
    answer = client.request("OPTIONS", "/v1/jobs")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
