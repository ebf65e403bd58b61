"""Archives and mails over HTTP: unpacked as on the command line, once, many at a time, with the request's password."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import httpx2
import pytest
from doubles.containers import attach, mail, zipped
from doubles.encrypted_zip import encrypted
from doubles.face import Place, until

pytestmark = pytest.mark.integration


def handed_over(
    client: httpx2.Client, name: str, content: bytes, *, key: str | None = None, **fields: str
) -> httpx2.Response:
    return client.post(
        "/v1/jobs",
        headers={} if key is None else {"Idempotency-Key": key},
        data={"schema": "key_value", **fields},
        files=[("files", (name, content))],
    )


def documents(client: httpx2.Client, answer: httpx2.Response) -> dict[str, dict[str, Any]]:
    assert answer.status_code in {200, 201}, answer.text
    job = f"/v1/jobs/{answer.json()['id']}"
    until(lambda: client.get(job).json()["finished_at"])
    return {each["file"]: each for each in client.get(f"{job}/documents").json()["items"]}


def test_each_file_of_an_archive_is_a_document_and_it_is_one_job_however_often_it_is_sent(
    place: Place, client: httpx2.Client
) -> None:
    inner = attach(mail(), "bill.pdf", place.bill("R-2"))
    archive = zipped({"x/one.pdf": place.bill("R-1"), "note.txt": b"hello", "mail.eml": inner.as_bytes()})
    first = handed_over(client, "batch.zip", archive, key="batch-1")
    again = handed_over(client, "batch.zip", archive, key="batch-1")

    assert (first.status_code, again.status_code, again.json()["id"]) == (201, 200, first.json()["id"])
    found = documents(client, first)
    assert {file: each["state"] for file, each in found.items()} == {
        "batch.zip/x/one.pdf": "succeeded",
        "batch.zip/note.txt": "failed",
        "batch.zip/mail.eml/body.html": "succeeded",
        "batch.zip/mail.eml/attachments/bill.pdf": "succeeded",
    }
    assert found["batch.zip/note.txt"]["failure"]["code"] == "unsupported"
    one = found["batch.zip/x/one.pdf"]
    assert one["container"] == {"file": "batch.zip", "sha256": sha256(archive).hexdigest(), "member": "x/one.pdf"}
    record = client.get(f"/v1/documents/{one['id']}/extraction").json()
    assert record["document"]["container"] == one["container"]


def test_archives_of_several_requests_are_unpacked_at_the_same_time(place: Place, client: httpx2.Client) -> None:
    archives = [zipped({f"{number}.pdf": place.bill(f"R-{number}")}) for number in range(6)]
    with ThreadPoolExecutor(len(archives)) as threads:
        answers = list(threads.map(lambda archive: handed_over(client, "a.zip", archive), archives))
    files = [list(documents(client, answer)) for answer in answers]
    assert files == [[f"a.zip/{number}.pdf"] for number in range(len(archives))]


def test_an_encrypted_archive_is_opened_with_the_password_of_its_own_request_alone(
    place: Place, client: httpx2.Client
) -> None:
    archive = encrypted("bill.pdf", place.bill(), b"secret")
    with_password = handed_over(client, "locked.zip", archive, password="secret")  # noqa: S106 of a file made here
    without = documents(client, handed_over(client, "locked.zip", archive))

    assert without["locked.zip/bill.pdf"]["failure"]["code"] == "password_required"
    if place.is_service:
        assert "DOCPROC_SEALING_KEY" in with_password.json()["detail"]
    else:
        assert documents(client, with_password)["locked.zip/bill.pdf"]["state"] == "succeeded"
