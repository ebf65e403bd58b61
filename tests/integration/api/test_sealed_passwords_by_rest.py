"""Encrypted documents over HTTP in front of workers, with a sealing key; and that no password is left anywhere."""

import base64
import logging
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx2
import pytest
import redis
from cryptography.fernet import Fernet
from doubles.command import write_pdf
from doubles.containers import zipped
from doubles.face import Place, answering, service, submit, until
from doubles.s3 import ENVIRONMENT
from sqlalchemy import MetaData, inspect, select

from docproc.api.wiring import open_face
from docproc.bootstrap import _desk_over
from docproc.services.blob_keys import BlobKind
from docproc.storage.database import Database
from docproc.storage.sealing import key_id

pytestmark = pytest.mark.integration
KEY = Fernet.generate_key().decode()
MARKER, OTHER_MARKER = "opensesame-91ac", "closesesame-91ac"
_PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def sealed_place(
    postgres_url: str, migrated_postgres: str, s3_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("sealed")
    with service(
        folder,
        server_url=postgres_url,
        template=migrated_postgres,
        blobs=s3_url.replace("/?", "/sealed/?"),
        environment=ENVIRONMENT,
        sealing_key=KEY,
    ) as place:
        yield place


@pytest.fixture
def sealed_client(sealed_place: Place) -> Iterator[httpx2.Client]:
    with sealed_place.client(sealed_place.key(sealed_place.tenant())) as client:
        yield client


def locked(place: Place, number: str, password: str = MARKER) -> bytes:
    return write_pdf(place.folder / f"{number}.pdf", f"Invoice number: {number}", password=password).read_bytes()


def documents(client: httpx2.Client, job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/v1/jobs/{job}/documents").json()["items"]
    return found


def test_an_encrypted_document_is_read_by_workers_and_its_pages_are_shown(
    sealed_place: Place, sealed_client: httpx2.Client
) -> None:
    job = submit(sealed_client, locked(sealed_place, "S-1"), password=MARKER)

    assert job["state"] == "succeeded", job
    (document,) = documents(sealed_client, job["id"])
    image = sealed_client.get(f"/v1/documents/{document['id']}/pages/1/image")
    assert (image.status_code, image.content[:4]) == (200, _PNG)


def test_a_retry_brings_the_right_password_and_both_documents_show_their_pages(
    sealed_place: Place, sealed_client: httpx2.Client
) -> None:
    files = [("files", (f"{number}.pdf", locked(sealed_place, number, word))) for number, word in _TWO]
    fields = {"schema": "key_value", "password": MARKER}
    job = sealed_client.post("/v1/jobs", params={"wait": 30}, data=fields, files=files).json()["id"]
    failed = [each for each in documents(sealed_client, job) if each["state"] == "failed"]
    assert [each["failure"]["code"] for each in failed] == ["password_required"]

    answer = sealed_client.post(f"/v1/jobs/{job}/retry", json={"password": OTHER_MARKER})

    assert answer.json()["received"] == 1
    until(lambda: sealed_client.get(f"/v1/jobs/{job}").json()["state"] == "succeeded")
    for each in documents(sealed_client, job):
        assert sealed_client.get(f"/v1/documents/{each['id']}/pages/1/image").content[:4] == _PNG


_TWO = (("S-2", MARKER), ("S-3", OTHER_MARKER))


def test_documents_in_an_archive_are_opened_too(sealed_place: Place, sealed_client: httpx2.Client) -> None:
    archive = zipped({"a.pdf": locked(sealed_place, "S-4"), "b.pdf": sealed_place.bill()})
    fields = {"schema": "key_value", "password": MARKER}
    answer = sealed_client.post(
        "/v1/jobs", params={"wait": 30}, data=fields, files=[("files", ("two.zip", archive, "application/zip"))]
    )

    assert (answer.json()["state"], answer.json()["documents"]["total"]) == ("succeeded", 2)


def test_a_job_that_was_given_no_password_takes_none_later(sealed_place: Place, sealed_client: httpx2.Client) -> None:
    job = submit(sealed_client, locked(sealed_place, "S-5"))
    answer = sealed_client.post(f"/v1/jobs/{job['id']}/retry", json={"password": MARKER})

    assert (job["state"], answer.status_code) == ("failed", 422)
    assert "takes no password" in answer.json()["detail"]


def test_a_replica_without_the_key_says_what_is_missing_and_harms_nothing(
    sealed_place: Place, sealed_client: httpx2.Client
) -> None:
    job = submit(sealed_client, locked(sealed_place, "S-8"), password=MARKER)
    (document,) = documents(sealed_client, job["id"])
    settings = sealed_place.desk.settings.model_copy(update={"sealing_key": None})
    database = Database.open(settings.database)
    headers = dict(sealed_client.headers)
    with (
        closing(database),
        open_face(_desk_over(database, settings), is_service=True) as face,
        answering(face) as address,
        httpx2.Client(base_url=address, headers=headers, timeout=60) as keyless,
    ):
        image = keyless.get(f"/v1/documents/{document['id']}/pages/1/image")
        retried = keyless.post(f"/v1/jobs/{job['id']}/retry", json={"password": MARKER})
        record = keyless.get(f"/v1/documents/{document['id']}/extraction")

    assert (image.status_code, image.json()["code"]) == (503, "sealed")
    assert key_id(KEY) in image.json()["detail"]
    assert (retried.status_code, retried.json()["code"]) == (422, "invalid_request")
    assert record.json()["status"] == "succeeded"


def test_a_password_is_left_nowhere(
    sealed_place: Place, sealed_client: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    job = submit(sealed_client, locked(sealed_place, "S-6"), password=OTHER_MARKER)["id"]
    assert sealed_client.post(f"/v1/jobs/{job}/retry", json={"password": MARKER}).json()["received"] == 1
    until(lambda: sealed_client.get(f"/v1/jobs/{job}").json()["state"] == "succeeded")
    export = sealed_client.post(f"/v1/jobs/{job}/exports", json={"format": "jsonl"}).json()["id"]
    until(lambda: sealed_client.get(f"/v1/exports/{export}").json()["state"] == "succeeded")
    answers = [
        sealed_client.get(path).content
        for path in (f"/v1/jobs/{job}", f"/v1/jobs/{job}/results", f"/v1/jobs/{job}/documents", "/v1/audit")
    ]
    answers.append(sealed_client.post(f"/v1/jobs/{job}/retry", json={"password": [MARKER]}).content)
    receipt = sealed_client.delete(f"/v1/jobs/{job}").content
    submit(sealed_client, locked(sealed_place, "S-7"), password=MARKER)

    everything = {
        "database": _rows(sealed_place),
        "blobs": _blobs(sealed_place),
        "broker": _broker(sealed_place),
        "log of the worker": (sealed_place.folder / "worker.log").read_bytes(),
        "log of the API": caplog.text.encode(),
        "answers": b"".join([*answers, receipt]),
    }
    for word in (MARKER, OTHER_MARKER):
        forms = (word.encode(), base64.b64encode(word.encode())[:-2], word.encode().hex().encode())
        for where, content in everything.items():
            assert content, where
            assert not [form for form in forms if form in content], where
    assert b"sealed_passwords" in everything["database"]


def _rows(place: Place) -> bytes:
    url = place.desk.settings.database_url
    assert url is not None
    database = Database.open(url.get_secret_value())
    tables = MetaData()
    tables.reflect(database.engine)
    assert len(inspect(database.engine).get_table_names()) == len(tables.tables)
    with database.long_read() as connection:
        rows = {name: [*map(str, connection.execute(select(table)))] for name, table in tables.tables.items()}
    database.close()
    assert rows["sealed_passwords"]
    return str(rows).encode()


def _blobs(place: Place) -> bytes:
    blobs = place.desk.stores.blobs
    tenants = place.desk.work.tenants.names()
    found = (key for tenant in tenants for kind in BlobKind for key in blobs.keys(f"{tenant}/{kind}/"))
    return b"".join(key.encode() + blobs.read(key) for key in found)


def _broker(place: Place) -> bytes:
    with redis.Redis.from_url(place.broker_url) as valkey:
        found = [valkey.dump(key) for key in valkey.scan_iter()]
    return b"keys:" + b"".join(content for content in found if content)
