"""Rows and blobs held against each other: what is whole, what is missing, what nobody names."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from doubles.jobs import Workplace
from doubles.postgres import empty_database
from sqlalchemy import insert, update

from docproc.domain.errand import ErrandState
from docproc.domain.ids import new_id
from docproc.services.blob_keys import BlobKind, document_key, image_key, original_key
from docproc.services.check_store import Finding, StoreCheck, Verdict
from docproc.services.records import LOCAL_TENANT, JobOptions
from docproc.storage.blob_names import SqlBlobNames
from docproc.storage.database import Database
from docproc.storage.service_tables import EXPORTS
from docproc.storage.stores import stores_over
from docproc.storage.tables import EXTRACTIONS

pytestmark = pytest.mark.integration

#: longer than a row holds: its reading and its extraction lie in blobs
LONG = "x" * 300_000


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Workplace:
    """A job whose documents left a blob of every kind."""
    place = Workplace(stores_over(database, tmp_path / "blobs"), tmp_path)
    fill(place, database)
    return place


def fill(place: Workplace, database: Database) -> None:
    job = place.run(place.submit({"a.txt": LONG, "b.txt": "short"}, JobOptions(keep_originals=True)))
    assert job.documents.succeeded == 2
    document = place.stores.documents.page_through(job.id)[0]
    key = document_key(LOCAL_TENANT, BlobKind.TABLE, document.id, 1, 0)
    place.stores.blobs.put(key, [b"{}\n"])
    with database.write() as connection:
        tables = [{"path": "lines", "rows": 1, "blob_key": key}]
        connection.execute(update(EXTRACTIONS).where(EXTRACTIONS.c.document_id == document.id).values(tables=tables))
    exported = export_row(job.id)
    place.stores.blobs.put(str(exported["blob_key"]), [b"PK"])
    with database.write() as connection:
        connection.execute(insert(EXPORTS).values(exported))
    place.stores.blobs.put(image_key(LOCAL_TENANT, document.original.sha256 or "", 1, "mark"), [b"png"])


def export_row(job_id: UUID) -> dict[str, object]:
    export_id = new_id()
    return {
        "id": export_id,
        "job_id": job_id,
        "tenant": LOCAL_TENANT,
        "format": "csv",
        "dialect": "rfc4180",
        "state": ErrandState.SUCCEEDED,
        "created_at": datetime.now(UTC),
        "due_at": datetime.now(UTC),
        "blob_key": document_key(LOCAL_TENANT, BlobKind.EXPORT, export_id, 1),
    }


def check(
    place: Workplace, database: Database, *, hours: float = -1, delete: bool = False
) -> tuple[StoreCheck, list[Finding]]:
    """By default as if every blob had been written long ago."""
    look = StoreCheck(
        stores=place.stores,
        names=SqlBlobNames(database),
        tenant=LOCAL_TENANT,
        before=datetime.now(UTC) - timedelta(hours=hours),
        delete_orphans=delete,
    )
    return look, list(look.findings())


def keys_of(place: Workplace) -> Iterator[str]:
    for kind in BlobKind:
        yield from place.stores.blobs.keys(f"{LOCAL_TENANT}/{kind}/")


def test_a_whole_store_has_nothing_to_tell(place: Workplace, database: Database) -> None:
    look, findings = check(place, database, delete=True)

    assert findings == []
    assert {key.split("/")[1] for key in keys_of(place)} == set(BlobKind), "every kind was looked at"
    assert look.tally.blobs == len(list(keys_of(place)))
    assert look.tally.deleted.blobs == 0


@pytest.mark.parametrize("kind", [kind for kind in BlobKind if kind is not BlobKind.IMAGE])
def test_a_blob_that_a_row_names_in_vain_is_missing(place: Workplace, database: Database, kind: BlobKind) -> None:
    gone = next(iter(place.stores.blobs.keys(f"{LOCAL_TENANT}/{kind}/")))
    place.stores.blobs.delete(gone)
    look, (finding,) = check(place, database)

    assert (finding.verdict, finding.kind, finding.key) == (Verdict.MISSING, kind, gone)
    assert finding.document_id is not None
    assert (look.tally.missing, look.tally.orphans) == (1, 0)


def test_blobs_that_no_row_names_are_orphans_also_beside_the_blobs_of_a_document(
    place: Workplace, database: Database
) -> None:
    document = place.stores.documents.page_through(place.stores.jobs.newest()[0].id)[0]
    orphans = {
        original_key(LOCAL_TENANT, "0" * 64),
        image_key(LOCAL_TENANT, "0" * 64, 1, "mark"),
        *(document_key(LOCAL_TENANT, kind, document.id, 9) for kind in (BlobKind.WORDS, BlobKind.READING)),
        document_key(LOCAL_TENANT, BlobKind.EXTRACTION, new_id(), 1),
        document_key(LOCAL_TENANT, BlobKind.TABLE, document.id, 1, 1),
    }
    for key in orphans:
        place.stores.blobs.put(key, [b"12345"])
    before = set(keys_of(place))

    assert {finding.key for finding in check(place, database, hours=1)[1]} == set(), "they are too young"
    assert {finding.key for finding in check(place, database)[1]} == orphans
    look, _ = check(place, database, delete=True)
    assert (look.tally.deleted.blobs, look.tally.deleted.byte_count) == (6, 30)
    assert set(keys_of(place)) == before - orphans
    assert check(place, database)[1] == []


def test_a_name_that_is_not_docprocs_is_left_alone(place: Workplace, database: Database, tmp_path: Path) -> None:
    strange = tmp_path / "blobs" / LOCAL_TENANT / "words" / "xx" / "~mine"
    strange.parent.mkdir()
    strange.write_text("mine")

    assert check(place, database, delete=True)[1] == []
    assert strange.exists()


def test_a_bucket_is_checked_alike(postgres_url: str, migrated_postgres: str, s3_url: str, tmp_path: Path) -> None:
    with empty_database(postgres_url, template=migrated_postgres) as url:
        database = Database.open(url)
        place = Workplace(stores_over(database, s3_url.replace("/?", "/check/?")), tmp_path)
        fill(place, database)
        place.stores.blobs.put(original_key(LOCAL_TENANT, "0" * 64), [b"12345"])
        gone = next(iter(place.stores.blobs.keys(f"{LOCAL_TENANT}/{BlobKind.WORDS}/")))
        place.stores.blobs.delete(gone)
        _, findings = check(place, database, delete=True)
        database.close()

    assert sorted(finding.key for finding in findings) == sorted([original_key(LOCAL_TENANT, "0" * 64), gone])
