"""What fails only in a document as a whole is asked again where it stands, and everything is accounted for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from doubles.delivery import Depot, wrong_rows
from doubles.documents import FirstWordReader, accept_text
from doubles.jobs import Workplace

from docproc.domain.errors import TimedOutError
from docproc.domain.extraction import Extraction, ExtractionStatus
from docproc.domain.issues import Issue, IssueCode
from docproc.domain.reading import FieldHint, Reading, Route, Usage, Window
from docproc.domain.schema import ExtractionSchema, FieldKind, FieldSpec, Record, RuleFindings, Shape
from docproc.pipeline.grounded import GroundedReading
from docproc.services.bodies import get_body
from docproc.services.collect import collect
from docproc.services.do_task import do_task
from docproc.services.ports import Stores
from docproc.services.read import GROUNDED
from docproc.services.records import Job, JobOptions
from docproc.services.submit import submit
from docproc.services.work_records import Held
from docproc.services.workbench import Workbench
from docproc.storage.stores import errand_stores_over

pytestmark = pytest.mark.integration

ROW = FieldSpec(name="", shape=Shape.GROUP, children=(FieldSpec(name="amount", kind=FieldKind.INTEGER),))


def adds_up(record: Record) -> RuleFindings:
    told: Any = record
    rows = [int(row["amount"]) for row in told["rows"] if row["amount"]]
    if told["total"] is None or sum(rows) == int(told["total"]):
        return RuleFindings()
    paths = ("total", *(f"rows[{index}].amount" for index in range(len(told["rows"]))))
    return RuleFindings(issues=(Issue(code=IssueCode.LINES_MISMATCH, fields=paths, message="It does not add up."),))


SCHEMA = ExtractionSchema(
    name="bill",
    version=1,
    fields=(FieldSpec(name="total", kind=FieldKind.INTEGER), FieldSpec(name="rows", shape=Shape.LIST, item=ROW)),
    json_schema={},
    check_shape=lambda _: (),
    check_rules=adds_up,
    reference="bill",
)


class PageReader(FirstWordReader):
    """A row a page, the first word of it; the page that says `total` has the total. Misreads what a test names."""

    name = "page"
    window_pages = 1

    def __init__(self, misread: dict[str, list[str]] | None = None, *, fails: bool = False) -> None:
        super().__init__()
        self.misread = misread or {}
        self.fails = fails
        self.asked: list[tuple[tuple[int, ...], Sequence[Issue]]] = []

    def read(self, window: Window, schema: ExtractionSchema) -> Reading:
        del schema
        self.windows.append(window)
        return self._reading(window)

    def mend(self, window: Window, schema: ExtractionSchema, *, reading: Reading, findings: Sequence[Issue]) -> Reading:
        del schema, reading
        self.asked.append((window.numbers, findings))
        if self.fails:
            raise TimedOutError("late")
        return self._reading(window)

    def _reading(self, window: Window) -> Reading:
        words = [word.text for word in window.pages[0].words]
        said = self.misread.get(words[-1], [])
        value = said.pop(0) if said else words[-1]
        record: Record = (
            {"total": value, "rows": []} if words[0] == "total" else {"total": None, "rows": [{"amount": value}]}
        )
        return Reading(
            reader=self.name,
            reader_version="1",
            record=record,
            hints={"total": FieldHint(model=0.9), "rows[0].amount": FieldHint(model=0.9)},
            usage=Usage(prompt_tokens=10),
            routes=dict.fromkeys(window.numbers, Route.TEXT),
        )


def place_of(stores: Stores, folder: Path, reader: PageReader) -> Workplace:
    return Workplace(stores, folder, schema=SCHEMA, reader=reader)


def run(place: Workplace) -> tuple[Job, Extraction, list[GroundedReading]]:
    job = place.run(place.submit({"a.txt": "5 3\n4\ntotal 9 7"}))
    (item,) = collect(place.stores, job.id)
    stored = place.stores.readings.of_document(item.extraction.document_id)
    return job, item.extraction, [GROUNDED.validate_json(get_body(place.stores.blobs, one.body)) for one in stored]


def test_a_sum_over_pages_is_mended_on_the_page_that_is_wrong(stores: Stores, tmp_path: Path) -> None:
    reader = PageReader({"3": ["5"]})
    job, extraction, readings = run(place_of(stores, tmp_path, reader))

    assert extraction.record == {"total": "7", "rows": [{"amount": "3"}, {"amount": "4"}]}
    assert not [issue for issue in extraction.issues if issue.code is IssueCode.LINES_MISMATCH]
    assert (job.pages.read, job.pages.open, job.documents.done) == (3, 0, 1)
    assert [window.numbers for window in reader.windows] == [(1,), (2,), (3,)]
    assert readings[0].attempts == 2
    assert readings[0].earlier[0].values == {"rows[0].amount": "5"}
    assert readings[0].usage.prompt_tokens == 10


def test_what_cannot_be_mended_is_asked_twice_a_window_and_reviewed(stores: Stores, tmp_path: Path) -> None:
    reader = PageReader({"3": ["5"] * 9})
    job, extraction, readings = run(place_of(stores, tmp_path, reader))

    assert extraction.status == ExtractionStatus.NEEDS_REVIEW
    assert extraction.record is not None
    assert extraction.record["rows"][0] == {"amount": "5"}
    assert [reading.attempts for reading in readings] == [3, 3, 3]
    assert len(reader.asked) == 6
    assert (job.pages.read, job.pages.open) == (3, 0)


def test_a_reader_that_fails_at_mending_ends_it(stores: Stores, tmp_path: Path) -> None:
    reader = PageReader({"3": ["5"]}, fails=True)
    job, extraction, _ = run(place_of(stores, tmp_path, reader))

    assert extraction.status == ExtractionStatus.NEEDS_REVIEW
    assert len(reader.asked) == 3
    assert job.pages.failed == 0


def test_a_document_that_adds_up_is_read_once(stores: Stores, tmp_path: Path) -> None:
    reader = PageReader()
    _, extraction, readings = run(place_of(stores, tmp_path, reader))

    assert extraction.status == ExtractionStatus.SUCCEEDED
    assert reader.asked == []
    assert all(reading.attempts == 1 for reading in readings)


def test_a_reader_that_cannot_be_asked_again_is_not(stores: Stores, tmp_path: Path) -> None:
    class Plain(FirstWordReader):
        window_pages = 1
        inner = PageReader({"3": ["5"]})

        def read(self, window: Window, schema: ExtractionSchema) -> Reading:
            return replace(self.inner.read(window, schema), reader=self.name)

    place = Workplace(stores, tmp_path, schema=SCHEMA, reader=Plain())
    _, extraction, _ = run(place)
    assert extraction.status == ExtractionStatus.NEEDS_REVIEW


class InHand:
    """Nothing is renewed, for nothing takes long."""

    owner = "me"
    lease_s = 60.0

    @contextmanager
    def holding(self, held: Held | None) -> Iterator[Callable[[], None]]:  # noqa: ARG002 the port's signature
        yield lambda: None


def test_tasks_of_workers_send_windows_back_and_read_them_again(depot: Depot) -> None:
    reader = PageReader({"3": ["5"]})
    place = place_of(depot.stores, depot.folder, reader)
    new_job = replace(place.new_job(JobOptions(keep_originals=True)), queue="read.cpu")
    job = submit(depot.stores, new_job, place.write({"a.txt": "5 3\n4\ntotal 9 7"}), accept=accept_text)
    unused = cast("Any", None)
    bench = Workbench(
        stores=depot.stores,
        work=depot.work,
        in_hand=InHand(),
        context_of=lambda _: place.context(job),
        errands=errand_stores_over(depot.database),
        names=unused,
        census=unused,
        schema_of=lambda _: SCHEMA,
        sender=unused,
        pause=lambda _: None,
    )
    done: list[str] = []
    while tasks := [task for queue in ("prepare", "read.cpu", "assemble") for task in depot.enqueue(queue)]:
        for task in tasks:
            do_task(task, bench)
            done.append(task.step)

    (item,) = collect(depot.stores, job.id)
    assert done == ["prepare", "read", "read", "read", "assemble", "read", "read", "read", "assemble"]
    assert item.extraction.record == {"total": "7", "rows": [{"amount": "3"}, {"amount": "4"}]}
    assert depot.job(job).pages.read == 3
    assert wrong_rows(depot) == []
