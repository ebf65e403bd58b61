"""The service's face on each of its two footings; it is started once and each test has tenants of its own."""

from collections.abc import Callable, Iterator

import httpx2
import pytest

from docproc.services.key_records import Scope
from doubles.face import Place, alone, service
from doubles.s3 import ENVIRONMENT


@pytest.fixture(scope="session", params=["alone", "service"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("face")
    if request.param == "alone":
        with alone(folder) as found:
            yield found
        return
    server_url = request.getfixturevalue("postgres_url")
    template = request.getfixturevalue("migrated_postgres")
    blobs = request.getfixturevalue("s3_url")
    with service(folder, server_url=server_url, template=template, blobs=blobs, environment=ENVIRONMENT) as found:
        yield found


@pytest.fixture
def tenant(place: Place) -> str:
    return place.tenant()


@pytest.fixture
def client(place: Place, tenant: str) -> Iterator[httpx2.Client]:
    """Of a tenant of its own, for everything."""
    with place.client(place.key(tenant)) as client:
        yield client


@pytest.fixture
def client_for(place: Place, tenant: str) -> Iterator[Callable[..., httpx2.Client]]:
    """Clients of the same tenant for some scopes, at a replica."""
    from contextlib import ExitStack  # noqa: PLC0415

    with ExitStack() as ended:

        def make(*scopes: Scope, replica: int = 0) -> httpx2.Client:
            return ended.enter_context(place.client(place.key(tenant, *scopes), replica=replica))

        yield make
