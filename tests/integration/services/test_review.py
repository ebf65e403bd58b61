"""Review of records over both databases: what waits, corrections by two at the same time, exports after them."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from doubles.jobs import Workplace
from sqlalchemy import select

from docproc.domain.document import DocumentState, JobState
from docproc.domain.errors import ConflictError, NotFoundError, StaleError
from docproc.domain.extraction import Extraction, record_of
from docproc.domain.issues import IssueCode
from docproc.domain.schema import JsonValue
from docproc.services.collect import collect
from docproc.services.job_context import SystemClock
from docproc.services.records import Job
from docproc.services.review import ReviewRoom
from docproc.services.review_records import ReviewFilter
from docproc.services.upkeep_records import Deed
from docproc.storage.database import Database
from docproc.storage.reviews import SqlReviewStore
from docproc.storage.service_tables import AUDIT, EVENTS
from docproc.storage.stores import stores_over

pytestmark = pytest.mark.integration

ANY = ReviewFilter()
#: the second page cannot be read: a person is asked for
TORN = "R-1 one\n!unreadable"


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Workplace:
    return Workplace(stores_over(database, tmp_path / "blobs"), tmp_path)


@pytest.fixture
def room(place: Workplace, database: Database) -> ReviewRoom:
    return ReviewRoom(
        stores=place.stores,
        reviews=SqlReviewStore(database),
        schema_of=lambda _: place.schema,
        clock=SystemClock(),
    )


def done(place: Workplace, files: Mapping[str, str]) -> Job:
    return place.run(place.submit(files))


def set_number(room: ReviewRoom, document_id: UUID, number: JsonValue, *, expected: int, by: str = "ada") -> int:
    return room.correct(document_id, {"number": number}, tenant="local", expected=expected, by=by).revision


def exported(place: Workplace, job: Job) -> list[Extraction]:
    return [item.extraction for item in collect(place.stores, job.id)]


def test_what_asks_for_a_person_is_listed_page_by_page_and_to_its_tenant_alone(
    place: Workplace, room: ReviewRoom
) -> None:
    first = done(place, {"a.txt": TORN, "b.txt": "fine", "c.txt": TORN})
    second = done(place, {"d.txt": TORN})

    waiting = room.waiting("local", wanted=ANY)
    ids = [each.document.id for each in waiting]
    assert ids == sorted(ids)
    assert sorted(each.document.file for each in waiting) == ["a.txt", "c.txt", "d.txt"]
    assert {IssueCode.PAGE_FAILED} <= {issue.code for issue in waiting[0].extraction.issues}
    (head,) = room.waiting("local", wanted=ANY, limit=1)
    rest = room.waiting("local", wanted=ANY, after=head.document.id)
    assert [head.document.id, *(each.document.id for each in rest)] == ids
    for wanted, files in (
        (ReviewFilter(job_id=second.id), ["d.txt"]),
        (ReviewFilter(job_id=first.id, schema="note"), ["a.txt", "c.txt"]),
        (ReviewFilter(schema="note@1"), ["a.txt", "c.txt", "d.txt"]),
        (ReviewFilter(schema="note@2"), []),
        (ReviewFilter(external_id="x"), []),
    ):
        assert sorted(each.document.file for each in room.waiting("local", wanted=wanted)) == files
    assert list(room.waiting("other", wanted=ANY)) == []


def test_a_correction_is_exported_with_who_made_it_and_a_confirmation_ends_the_review(
    place: Workplace, room: ReviewRoom, database: Database
) -> None:
    job = done(place, {"a.txt": TORN})
    (found,) = room.waiting("local", wanted=ANY)
    document_id = found.document.id
    assert (found.revision, found.document.state) == (1, DocumentState.NEEDS_REVIEW)

    assert set_number(room, document_id, "R-10", expected=1) == 2
    (line,) = exported(place, job)
    assert line.record is not None
    assert line.record["number"] == "R-10"
    assert any(issue.message.startswith("Corrected by ada at ") for issue in line.issues)
    assert room.waiting("local", wanted=ANY)[0].revision == 2  # the page is missing still

    accepted = room.confirm(document_id, tenant="local", expected=2, by="bob")
    assert (accepted.revision, accepted.document.state) == (3, DocumentState.SUCCEEDED)
    assert list(room.waiting("local", wanted=ANY)) == []
    after = place.stores.jobs.get(job.id)
    assert (after.state, after.documents.succeeded, after.documents.needs_review) == (JobState.SUCCEEDED, 1, 0)
    told = [(each.field, each.old, each.new, each.by) for each in room.history(document_id, tenant="local")]
    assert told == [("number", "R-1", "R-10", "ada")]
    assert [(each.number, each.author) for each in room.revisions(document_id, tenant="local")] == [
        (1, None),
        (2, "ada"),
        (3, "bob"),
    ]
    with database.read() as connection:
        deeds = connection.execute(select(AUDIT.c.actor, AUDIT.c.action, AUDIT.c.subject)).all()
        kinds = list(connection.scalars(select(EVENTS.c.kind).order_by(EVENTS.c.number)))
    assert sorted(map(tuple, deeds)) == [
        ("ada", "record.correct", str(document_id)),
        ("bob", "record.confirm", str(document_id)),
    ]
    assert kinds == [
        "document.needs_review",
        "job.succeeded",
        "document.corrected",
        "document.confirmed",
        "document.succeeded",
    ]


def test_of_two_who_saw_the_same_revision_one_is_refused_and_nothing_of_theirs_is_kept(
    place: Workplace, room: ReviewRoom
) -> None:
    place.run(place.submit({"a.txt": TORN}))
    (found,) = room.waiting("local", wanted=ANY)
    huge = "x" * 300_000  # so long that it becomes a blob

    def attempt(name: str) -> str:
        try:
            set_number(room, found.document.id, f"{name}{huge}", expected=1, by=name)
        except StaleError:
            return "refused"
        return name

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(attempt, ["ada", "bob", "cid", "dan"]))
    (winner,) = (each for each in outcomes if each != "refused")
    assert outcomes.count("refused") == 3
    seen = room.show(found.document.id, tenant="local")
    assert seen.revision == 2
    assert seen.extraction.record is not None
    assert str(seen.extraction.record["number"]).startswith(winner)
    assert len(list(place.stores.blobs.keys("local/extraction/"))) == 1


def test_another_tenant_finds_no_record_to_see_or_change(place: Workplace, room: ReviewRoom) -> None:
    place.run(place.submit({"a.txt": TORN}))
    (found,) = room.waiting("local", wanted=ANY)
    document_id = found.document.id
    for deed in (
        lambda: room.show(document_id, tenant="other"),
        lambda: room.correct(document_id, {"number": "1"}, tenant="other", expected=1, by="eve"),
        lambda: room.confirm(document_id, tenant="other", expected=1, by="eve"),
        lambda: room.history(document_id, tenant="other"),
    ):
        with pytest.raises(NotFoundError, match="there is no document"):
            deed()
    stored = place.stores.extractions.latest([document_id])[document_id]
    deed = Deed(tenant="other", actor="eve", action="record.correct", subject="x")
    with pytest.raises(NotFoundError):
        room.reviews.revise(stored, of=replace(found.document, tenant="other"), kind="document.corrected", deed=deed)
    assert room.show(document_id, tenant="local").revision == 1


def test_what_has_no_record_or_is_read_again_cannot_be_corrected(place: Workplace, room: ReviewRoom) -> None:
    job = done(place, {"a.txt": TORN, "b.txt": "!refused"})
    failed = place.stores.documents.page_through(job.id, states=[DocumentState.FAILED])
    with pytest.raises(NotFoundError, match="there is no record"):
        room.show(failed[0].id, tenant="local")
    (found,) = room.waiting("local", wanted=ANY)
    assert set_number(room, found.document.id, "R-2", expected=1) == 2
    place.stores.jobs.retry(job.id)
    with pytest.raises(ConflictError, match="made anew"):
        set_number(room, found.document.id, "R-3", expected=2)
    place.run(place.stores.jobs.get(job.id))
    again = room.show(found.document.id, tenant="local")
    assert again.revision == 3
    assert again.extraction.review is None
    # what a person said of the record before it was read again is still known
    assert [each.new for each in room.history(found.document.id, tenant="local")] == ["R-2"]


def test_a_record_that_was_accepted_stays_so_when_it_is_corrected(place: Workplace, room: ReviewRoom) -> None:
    job = done(place, {"a.txt": "R-1"})
    (document,) = place.stores.documents.page_through(job.id)
    after = room.correct(document.id, {"number": None, "lines": []}, tenant="local", expected=1, by="ada")
    assert after.document.state is DocumentState.SUCCEEDED
    (line,) = exported(place, job)
    assert line.record == {"number": None, "lines": []}
    assert {IssueCode.NOTHING_FOUND, IssueCode.CORRECTED} <= {issue.code for issue in line.issues}


def test_a_row_of_a_long_table_is_corrected_in_a_blob_of_its_own(place: Workplace, room: ReviewRoom) -> None:
    job = done(place, {"a.txt": "\n".join(f"row{number}" for number in range(1002))})
    (document,) = place.stores.documents.page_through(job.id)
    assert [table.rows for table in room.show(document.id, tenant="local").tables] == [1002]
    changes: dict[str, JsonValue] = {"lines[1001].text": "last", "number": "R-1"}
    room.correct(document.id, changes, tenant="local", expected=1, by="ada")
    (item,) = collect(place.stores, job.id)
    rows = [record_of(row)["text"] for row in item.tables["lines"]()]
    assert (len(rows), rows[0], rows[1000], rows[1001]) == (1002, "row0", "row1000", "last")
    assert [each.old for each in room.history(document.id, tenant="local")] == ["row1001", "row0"]
    with pytest.raises(StaleError):
        room.correct(document.id, {"lines[0].text": "x"}, tenant="local", expected=1, by="bob")
    assert len(list(place.stores.blobs.keys("local/table/"))) == 2  # one for each revision
