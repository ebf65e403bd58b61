"""Jobs over HTTP: handed over, followed, their records fetched as often as asked; on one machine and on a service."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import httpx2
import pytest
from doubles.face import Place, submit, until
from doubles.waiting import PATIENCE_S

from docproc.services.key_records import Scope

pytestmark = pytest.mark.integration


def test_a_document_is_answered_with_its_record(place: Place, client: httpx2.Client) -> None:
    answer = submit(client, place.bill("R-77"), external_id="order-9", metadata='{"source": "mail"}')
    assert answer["state"] == "succeeded"
    assert answer["external_id"] == "order-9"
    (extraction,) = answer["extractions"]
    assert extraction["file"] == "bill.pdf"
    assert extraction["record"]
    assert answer["pages"] == {"total": 1, "read": 1, "blank": 0, "failed": 0, "canceled": 0, "open": 0}


def test_records_are_given_as_often_as_asked(place: Place, client: httpx2.Client) -> None:
    job = submit(client, place.bill())["id"]
    first, again = (client.get(f"/v1/jobs/{job}/results") for _ in range(2))
    assert first.headers["content-type"] == "application/jsonl"
    assert first.content == again.content
    assert json.loads(first.text)["job_id"] == job


def test_every_replica_answers_the_same(place: Place, client_for: Callable[..., httpx2.Client]) -> None:
    one, other = client_for(replica=0), client_for(replica=1)
    job = submit(one, place.bill(), wait=0)["id"]
    assert other.get(f"/v1/jobs/{job}").status_code == 200
    until(lambda: other.get(f"/v1/jobs/{job}").json()["finished_at"])
    for path in (f"/v1/jobs/{job}", f"/v1/jobs/{job}/documents", f"/v1/jobs/{job}/results"):
        assert one.get(path).content == other.get(path).content


def test_many_files_become_documents_with_what_was_told_of_them(place: Place, client: httpx2.Client) -> None:
    told = [{"file": "b.pdf", "external_id": "B", "metadata": {"n": 2}}, {"file": "a.pdf", "external_id": "A"}]
    answer = client.post(
        "/v1/jobs",
        params={"wait": 30},
        data={"schema": "key_value", "documents": json.dumps(told)},
        files=[("files", (name, place.bill(name), "application/pdf")) for name in ("a.pdf", "b.pdf", "c.pdf")],
    )
    assert answer.status_code == 201, answer.text
    found = client.get(f"/v1/jobs/{answer.json()['id']}/documents").json()["items"]
    assert [(each["file"], each["external_id"], each["metadata"]) for each in found] == [
        ("a.pdf", "A", {}),
        ("b.pdf", "B", {"n": 2}),
        ("c.pdf", None, {}),
    ]
    only_b = client.get(f"/v1/jobs/{answer.json()['id']}/documents", params={"external_id": "B"}).json()["items"]
    assert [each["file"] for each in only_b] == ["b.pdf"]


def test_the_same_key_is_the_same_job(place: Place, client: httpx2.Client) -> None:
    content = place.bill()

    def send(body: bytes) -> httpx2.Response:
        return client.post(
            "/v1/jobs",
            headers={"Idempotency-Key": "monday"},
            data={"schema": "key_value"},
            files=[("files", ("bill.pdf", body, "application/pdf"))],
        )

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(send, [content] * 4))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    job = answers[0].json()["id"]
    until(lambda: client.get(f"/v1/jobs/{job}").json()["finished_at"])
    assert client.get(f"/v1/jobs/{job}").json()["documents"]["total"] == 1
    other = send(place.bill("another"))
    assert other.status_code == 409
    assert other.json()["code"] == "conflict"


def test_an_inline_schema_is_read_by_whoever_works(place: Place, client: httpx2.Client) -> None:
    schema = {"title": "Bill", "type": "object", "properties": {"invoice_number": {"type": "string"}}}
    answer = submit(client, place.bill("Z-5"), schema=json.dumps(schema))
    assert answer["schema"] == "bill@1"
    assert answer["extractions"][0]["record"]["invoice_number"] == "Z-5"


_SAMPLES = Path(__file__).parents[3] / "samples" / "documents"


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        ("invoices/brightwater-english.pdf", "invoice"),
        ("contracts/brightwater-nda.pdf", "contract"),
    ],
)
def test_a_schema_is_chosen_of_candidates(client: httpx2.Client, file: str, schema: str) -> None:
    candidates = "invoice,receipt,purchase_order,bank_statement,contract"
    answer = submit(client, (_SAMPLES / file).read_bytes(), wait=0, schema="auto", candidates=candidates)
    assert answer["schema"] == f"{schema}@1"


def test_jobs_are_listed_by_cursor_and_filter(place: Place, client: httpx2.Client) -> None:
    jobs = [submit(client, place.bill(str(n)), wait=0, metadata=json.dumps({"n": str(n)}))["id"] for n in range(5)]
    found, cursor = [], None
    for _ in range(3):
        page = client.get("/v1/jobs", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        found += [job["id"] for job in page["items"]]
        cursor = page["next_cursor"]
    assert found == jobs[::-1]
    assert cursor is None
    only = client.get("/v1/jobs", params={"metadata": "n:3"}).json()["items"]
    assert [job["id"] for job in only] == [jobs[3]]
    until(lambda: len(client.get("/v1/jobs", params={"state": "succeeded"}).json()["items"]) == 5)
    assert client.get("/v1/jobs", params={"state": "failed"}).json()["items"] == []
    assert len(client.get("/v1/jobs", params={"schema": "key_value@1"}).json()["items"]) == 5
    assert client.get("/v1/jobs", params={"schema": "invoice"}).json()["items"] == []
    assert client.get("/v1/jobs", params={"since": "2100-01-01T00:00:00Z"}).json()["items"] == []


def test_a_page_is_shown_as_an_image(place: Place, client: httpx2.Client) -> None:
    answer = submit(client, place.bill(pages=2))
    document = answer["extractions"][0]["document_id"]
    pages = client.get(f"/v1/documents/{document}/pages").json()["items"]
    assert [page["number"] for page in pages] == [1, 2]
    image = client.get(f"/v1/documents/{document}/pages/2/image", params={"dpi": 72})
    assert image.headers["content-type"] == "image/png"
    assert image.content.startswith(b"\x89PNG")
    assert client.get(f"/v1/documents/{document}/pages/3/image").status_code == 404


def test_an_extraction_names_its_revision(place: Place, client: httpx2.Client) -> None:
    answer = submit(client, place.bill())
    document = answer["extractions"][0]["document_id"]
    extraction = client.get(f"/v1/documents/{document}/extraction")
    assert extraction.headers["etag"] == '"1"'
    assert extraction.json() == answer["extractions"][0]


def test_a_file_that_is_none_is_a_failed_document_with_its_code(client: httpx2.Client) -> None:
    answer = submit(client, b"this is no document at all")
    assert answer["state"] == "failed"
    detail = client.get(f"/v1/jobs/{answer['id']}").json()
    assert detail["failures"] == {"unsupported": 1}
    retried = client.post(f"/v1/jobs/{answer['id']}/retry").json()
    assert retried["received"] == 1
    until(lambda: client.get(f"/v1/jobs/{answer['id']}").json()["finished_at"])
    documents = client.get(f"/v1/jobs/{answer['id']}/documents").json()["items"]
    assert documents[0]["failure"]["code"] == "unreadable"


@pytest.mark.parametrize(
    ("export_format", "suffix", "media_type"),
    [
        ("jsonl", "jsonl", "application/jsonl"),
        ("json", "json.zip", "application/zip"),
        ("csv", "csv.zip", "application/zip"),
        ("xlsx", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("html", "html", "text/html; charset=utf-8"),
    ],
)
def test_an_export_is_made_and_downloaded(
    place: Place, client: httpx2.Client, export_format: str, suffix: str, media_type: str
) -> None:
    job = submit(client, place.bill())["id"]
    asked = client.post(f"/v1/jobs/{job}/exports", json={"format": export_format})
    assert asked.status_code == 202
    export = f"/v1/exports/{asked.json()['id']}"
    until(lambda: client.get(export).json()["state"] == "succeeded")
    first, again = (client.get(f"{export}/download") for _ in range(2))
    assert first.content == again.content
    assert len(first.content) == client.get(export).json()["byte_count"]
    assert first.headers["content-disposition"] == f'attachment; filename="records-{job}.{suffix}"'
    assert first.headers["content-type"] == media_type
    assert [each["id"] for each in client.get(f"/v1/jobs/{job}/exports").json()["items"]] == [asked.json()["id"]]


def _exported(client: httpx2.Client, job: str, export_format: str) -> bytes:
    asked = client.post(f"/v1/jobs/{job}/exports", json={"format": export_format})
    export = f"/v1/exports/{asked.json()['id']}"
    until(lambda: client.get(export).json()["state"] == "succeeded")
    return client.get(f"{export}/download").content


def test_an_export_has_every_table_every_document_and_every_page(client: httpx2.Client) -> None:
    bill = (_SAMPLES / "invoices" / "brightwater-english.pdf").read_bytes()
    answer = submit(client, bill, schema="invoice")
    with ZipFile(BytesIO(_exported(client, answer["id"], "csv"))) as archive:
        tables = {name: archive.read(name).decode().splitlines() for name in archive.namelist()}
    (extraction,) = answer["extractions"]
    assert len(tables["records.line_items.csv"]) == 1 + len(extraction["record"]["line_items"]) > 2
    assert len(tables["records.csv"]) == 2
    with ZipFile(BytesIO(_exported(client, answer["id"], "json"))) as archive:
        (name,) = archive.namelist()
        assert json.loads(archive.read(name)) == extraction
    report = _exported(client, answer["id"], "html").decode()
    assert extraction["record"]["invoice_number"] in report
    assert "data:image/png;base64," in report


def test_a_link_leads_to_an_export_without_a_key(place: Place, client: httpx2.Client) -> None:
    job = submit(client, place.bill())["id"]
    export = f"/v1/exports/{client.post(f'/v1/jobs/{job}/exports', json={'format': 'jsonl'}).json()['id']}"
    until(lambda: client.get(export).json()["state"] == "succeeded")
    link = client.post(f"{export}/link", params={"expires_s": 60})
    if place.is_service:
        assert httpx2.get(link.json()["url"], timeout=PATIENCE_S).content == client.get(f"{export}/download").content
    else:
        assert link.status_code == 422
        assert "folder" in link.json()["detail"]


def test_a_job_is_canceled_and_deleted_with_a_receipt(place: Place, client: httpx2.Client) -> None:
    job = submit(client, place.bill(), wait=0)["id"]
    assert client.post(f"/v1/jobs/{job}/cancel").status_code == 200
    until(lambda: not _open(client, job))
    receipt = client.delete(f"/v1/jobs/{job}")
    assert receipt.status_code == 200, receipt.text
    assert receipt.json()["documents"] == 1
    assert receipt.json()["rows"] >= 2
    for path in (f"/v1/jobs/{job}", f"/v1/jobs/{job}/results", f"/v1/jobs/{job}/events"):
        assert client.get(path).status_code == 404


def _open(client: httpx2.Client, job: str) -> int:
    counts = client.get(f"/v1/jobs/{job}").json()["documents"]
    return sum(int(counts[state]) for state in ("received", "preparing", "reading", "assembling"))


def test_a_key_is_for_its_scopes(place: Place, client_for: Callable[..., httpx2.Client]) -> None:
    submitter, reader = client_for(Scope.SUBMIT), client_for(Scope.READ)
    job = submit(submitter, place.bill(), wait=0)["id"]
    assert submitter.get(f"/v1/jobs/{job}/results").json()["code"] == "forbidden"
    assert reader.get(f"/v1/jobs/{job}").status_code == 200
    assert reader.get(f"/v1/jobs/{job}/events").status_code == 200
    assert reader.post(f"/v1/jobs/{job}/cancel").status_code == 403
    assert submitter.delete(f"/v1/jobs/{job}").status_code == 403


def test_who_submits_follows_and_reads_nothing(place: Place, client_for: Callable[..., httpx2.Client]) -> None:
    submitter, both, admin = client_for(Scope.SUBMIT), client_for(Scope.SUBMIT, Scope.READ), client_for()
    content = place.bill("SECRET-9")

    def send(client: httpx2.Client) -> httpx2.Response:
        client.headers["Idempotency-Key"] = "tuesday"
        return client.post("/v1/jobs?wait=30", data={"schema": "key_value"}, files=[("files", ("b.pdf", content))])

    def reads() -> list[str]:
        return [each["subject"] for each in admin.get("/v1/audit?action=record.read").json()["items"]]

    first, again = send(submitter), send(submitter)
    job = first.json()["id"]
    assert (first.status_code, again.status_code, again.json()["id"]) == (201, 200, job)
    assert first.json()["extractions"] is again.json()["extractions"] is None
    told = [submitter.get(f"/v1/jobs/{job}{path}").text for path in ("", "/events")]
    assert "job.succeeded" in told[1]
    assert not any("SECRET" in text for text in (first.text, again.text, *told))
    for path in ("", f"/{job}/documents", f"/{job}/results", f"/{job}/exports"):
        assert submitter.get(f"/v1/jobs{path}").status_code == 403
    assert reads() == []
    (extraction,) = send(both).json()["extractions"]
    assert "SECRET-9" in str(extraction)
    assert reads() == [extraction["document_id"]]


def test_an_encrypted_document_is_read_with_its_password_or_refused(place: Place, client: httpx2.Client) -> None:
    from doubles.command import write_pdf  # noqa: PLC0415

    locked = write_pdf(place.folder / "locked.pdf", "Invoice number: 9", password="open").read_bytes()  # noqa: S106 of a file made for this test
    fields = {"schema": "key_value", "password": "open"}
    answer = client.post("/v1/jobs", params={"wait": 30}, data=fields, files=[("files", ("l.pdf", locked))])
    if place.is_service:
        assert answer.status_code == 422
        assert "DOCPROC_SEALING_KEY" in answer.json()["detail"]
    else:
        assert answer.json()["state"] == "succeeded"


@pytest.mark.parametrize(
    ("fields", "place_of_problem"),
    [
        ({"schema": "nonesuch"}, "no schema of that name"),
        ({"schema": "schemas.invoice:Invoice"}, "no schema of that name"),
        ({"schema": "/etc/passwd"}, "no schema of that name"),
        ({"schema": '{"type": "array"}'}, ""),
        ({"schema": "auto", "candidates": "invoice"}, "two schemas"),
        ({"schema": "auto", "candidates": "invoice,nonesuch"}, "no schema of that name"),
        ({"schema": "invoice", "priority": "101"}, "priority"),
        ({"schema": "invoice", "pages": "3-1"}, "pages"),
        ({"schema": "invoice", "metadata": "[1]"}, "metadata"),
        ({"schema": "invoice", "metadata": '{"a": "\\u0000"}'}, "metadata"),
        ({"schema": "invoice", "metadata": '{"a": 1e999}'}, "metadata"),
        ({"schema": "invoice", "reader": "nobody"}, "no reader"),
        ({"schema": "invoice", "surprise": "1"}, "surprise"),
        ({}, "schema"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_place(
    place: Place, client: httpx2.Client, fields: dict[str, str], place_of_problem: str
) -> None:
    answer = client.post("/v1/jobs", data=fields, files=[("files", ("bill.pdf", place.bill()))])
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] in {"invalid_request", "invalid_schema"}
    assert place_of_problem in answer.json()["detail"]
    assert client.get("/v1/jobs").json()["items"] == []


def test_what_is_received_is_not_left_behind(place: Place, client: httpx2.Client) -> None:
    submit(client, place.bill())
    client.post("/v1/jobs", data={"schema": "nonesuch"}, files=[("files", ("bill.pdf", place.bill()))])
    incoming = place.desk.settings.data_dir / "incoming"
    until(lambda: not list(incoming.iterdir()))
