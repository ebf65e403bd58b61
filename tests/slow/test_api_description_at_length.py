"""Schemathesis at length: every border of the description, on one machine and in front of workers."""

from typing import Any

import pytest
import schemathesis
from doubles.face import Place, described_app, submit
from doubles.places import place
from doubles.waiting import PATIENCE_S
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

pytestmark = [pytest.mark.slow, pytest.mark.integration]

__all__ = ["place"]
_LONG = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
schema = schemathesis.openapi.from_dict(described_app().openapi())


@pytest.fixture(scope="session")
def known_key(place: Place) -> str:
    """Of a tenant that has something to ask for."""
    token = place.key(place.tenant())
    with place.client(token) as client:
        submit(client, place.bill())
    return token


@schema.parametrize()
@_LONG
def test_every_answer_is_as_described_at_length(case: Any, place: Place, known_key: str) -> None:  # noqa: ANN401
    headers = {"Authorization": f"Bearer {known_key}"}
    case.call_and_validate(
        base_url=place.addresses[0], headers=headers, excluded_checks=[positive_data_acceptance], timeout=PATIENCE_S
    )


@schema.parametrize()
@_LONG
def test_without_a_key_nothing_breaks_at_length(case: Any, place: Place) -> None:  # noqa: ANN401
    case.validate_response(case.call(base_url=place.addresses[0], timeout=PATIENCE_S), checks=[not_a_server_error])
